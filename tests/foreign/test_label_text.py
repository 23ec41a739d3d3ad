"""The same list in any encoding, line end, separator, quoting and scale gives the same records; no file breaks it."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.annotations import Annotation, LabelFile, read_labels
from napari_hicstruct.annotations.readers.scores import Better, fractional_ranks, scores_of
from napari_hicstruct.errors import LabelError
from tests.foreign.label_files import CASES, NOT_LABELS

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16-be with mark": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-32-be": lambda text: text.encode("utf-32-be"),
    "cp1252": lambda text: text.encode("cp1252"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "blocks": lambda text: b"".join(gzip.compress(part.encode()) for part in (text[:50], text[50:], "")),
}
LINE_ENDS = ("\n", "\r\n", "\r", "\r\r\n", "mixed")
SCALES: dict[str, tuple[st.SearchStrategy[float], bool]] = {
    "shares": (st.integers(0, 1000).map(lambda k: k / 1000), True),
    "counts": (st.integers(0, 900).map(float), False),
    "browser": (st.integers(0, 1000).map(float), False),
    "log": (st.integers(0, 30_000).map(lambda k: k / 100), False),
    "correlations": (st.integers(-1000, 1000).map(lambda k: k / 1000), False),
}


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[float]]:
    """Loops of 10 kb anchors, and their scores on one scale."""
    size = draw(st.integers(3, 12))
    starts = draw(st.lists(st.integers(1, 200), min_size=size, max_size=size, unique=True))
    spans = draw(st.lists(st.integers(4, 90), min_size=size, max_size=size))
    scale, _ = SCALES[draw(st.sampled_from(sorted(SCALES)))]
    scores = draw(st.lists(scale, min_size=size, max_size=size))
    return [(10_000 * x, 10_000 * (x + d)) for x, d in zip(starts, spans, strict=True)], scores


def right_scores(scores: list[float]) -> list[float]:
    """Slow and obvious: as they are in [0, 1], else the mean rank over the number."""
    nothing = [math.nan] * len(scores)
    if all(0 <= score <= 1 for score in scores):
        return nothing if set(scores) in ({0.0}, {1.0}) else scores
    if len(set(scores)) == 1:
        return nothing
    return [
        (sum(other < score for other in scores) + (sum(other == score for other in scores) + 1) / 2) / len(scores)
        for score in scores
    ]


def table(places: list[tuple[int, int]], scores: list[float], way: str, header: bool) -> str:
    """The list in one way of writing; the name holds letters that encodings differ in."""
    separators = {"tab": "\t", "spaces": "   ", "semicolon": ";", "comma": ",", "bar": "|"}
    base, _, style = way.partition("+")
    sep = separators[base]

    def text(cell: str) -> str:
        return f'"{cell}"' if style in ("quotes", "row names", "thousands") else cell

    def position(value: int) -> str:
        return text(f"{value:,}") if style == "thousands" else str(value)

    def number(value: float) -> str:
        return f"{value:g}".replace(".", ",") if style == "decimals" else f"{value:g}"

    names = ("chrom1", "start1", "end1", "chrom2", "start2", "end2", "name", "score")
    rows = [sep.join(map(text, names))] if header else []
    for k, ((x, y), score) in enumerate(zip(places, scores, strict=True), start=1):
        cells = [
            *(text("chr1"), position(x), position(x + 10_000)),
            *(text("chr1"), position(y), position(y + 10_000), text(f"pé{k}"), number(score)),
        ]
        rows.append(sep.join([text(str(k)), *cells] if style == "row names" else cells))
    return "\n".join(rows) + "\n"


WAYS = (
    *("tab", "spaces", "semicolon", "comma", "bar"),
    *("tab+quotes", "spaces+quotes", "comma+quotes", "semicolon+quotes"),
    *("spaces+row names", "tab+row names", "comma+row names"),
    *("semicolon+decimals", "tab+decimals"),
    *("comma+thousands", "tab+thousands", "semicolon+thousands"),
)


@given(
    data=lists(),
    way=st.sampled_from(WAYS),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    end=st.sampled_from(LINE_ENDS),
    header=st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_one_list_in_every_way_of_writing(
    tmp_path_factory: pytest.TempPathFactory,
    data: tuple[list[tuple[int, int]], list[float]],
    way: str,
    encoding: str,
    end: str,
    header: bool,
) -> None:
    places, scores = data
    text = table(places, scores, way, header)
    if end == "mixed":
        text = "".join(line + ("\r", "\r\n", "\n")[k % 3] for k, line in enumerate(text.splitlines()))
    else:
        text = text.replace("\n", end)
    path = tmp_path_factory.mktemp("ways") / "list.txt"
    path.write_bytes(ENCODINGS[encoding](text))
    found = read_labels(path)
    assert found.problems == []
    assert [(r.anchor1.start, r.anchor2.start) for r in found.records] == places
    assert [r.name for r in found.records] == [f"pé{k}" for k in range(1, len(places) + 1)]
    assert [r.score for r in found.records] == pytest.approx(
        right_scores([float(f"{s:g}") for s in scores]), nan_ok=True
    )


@given(st.dictionaries(st.integers(), st.floats(allow_nan=False), min_size=2), st.booleans())
def test_ranks_keep_the_order_of_the_values(values: dict[int, float], lower: bool) -> None:
    ranks = fractional_ranks(values, lower_is_better=lower)
    assert all(0 < rank <= 1 for rank in ranks.values())
    assert sum(ranks.values()) == pytest.approx((len(values) + 1) / 2)
    for a, value in values.items():
        for b, other in values.items():
            assert (ranks[a] < ranks[b]) == (value > other if lower else value < other)


@given(st.dictionaries(st.integers(), st.floats(), min_size=1), st.sampled_from(Better), st.booleans())
def test_scores_lie_in_their_range_whatever_comes(values: dict[int, float], better: Better, percent: bool) -> None:
    scores = scores_of(values, better, percent=percent).by_line
    assert all(0 <= score <= 1 for score in scores.values())
    assert not {line for line in scores if math.isnan(values[line])}


# --- no file breaks it ------------------------------------------------------------------------------------------------
_TEXTS = [case.text.replace("|", "\t") for case in CASES] + [one[1].replace("|", "\t") for one in NOT_LABELS]
_HUGE = ("1e300", "-1e300", "nan", "inf", "-inf", "9" * 30, "0x10", "1_000", "", ".", "NA", "٣", "1e-400", "²", "½")
_BYTES = (b"\x00", b"\xff", b"\xfe\xff", b"\x1a", b"\r", b"\t\t", b'"', b"'", b"#", b"\xe2\x80\xa8", b"\xc2\xa0", b",")


def _changed(rows: list[list[str]], draw: random.Random) -> list[list[str]]:
    """One change of a cell, a row, a column or the order."""
    row = draw.choice(rows)
    place = draw.randrange(len(row))
    column = [draw.choice(_HUGE) for _ in rows]
    with_column = [[*cells[:place], value, *cells[place + 1 :]] for cells, value in zip(rows, column, strict=True)]
    without_column = [[*cells[:place], *cells[place + 1 :]] or [""] for cells in rows]
    replaced = [*row[:place], draw.choice(_HUGE), *row[place + 1 :]]
    doubled = [*row[:place], row[place], *row[place:]]
    dropped = [*row[:place], *row[place + 1 :]] or [""]
    shuffled = draw.sample(row, len(row))
    by_row = [[one if cells is row else cells for cells in rows] for one in (replaced, doubled, dropped, shuffled)]
    cut = rows[draw.randrange(len(rows)) :]
    return draw.choice([*by_row, with_column, without_column, draw.sample(rows, len(rows)), cut])


def _mutated(text: str, seed: int) -> bytes:
    """Some of: cells dropped, doubled, shuffled, overblown; separators changed; bytes put in; cut short."""
    draw = random.Random(seed)
    rows = [line.split("\t") for line in text.split("\n")]
    for _ in range(draw.randint(1, 4)):
        rows = _changed(rows, draw)
    separator = draw.choice(["\t", "\t", "\t", " ", ";", ",", "|", "/", "::"])
    end = draw.choice(["\n", "\n", "\r\n", "\r"])
    encoding = draw.choice(["utf-8", "utf-8", "utf-8", "utf-16", "utf-16-le", "utf-32"])
    data = end.join(separator.join(cells) for cells in rows).encode(encoding)
    for _ in range(draw.choice([0, 0, 1, 3])):
        place = draw.randint(0, len(data))
        data = data[:place] + draw.choice(_BYTES) + data[place:]
    if draw.random() < 0.2:
        data = data[: draw.randint(0, len(data))]
    return gzip.compress(data)[: draw.choice([None, None, -5])] if draw.random() < 0.1 else data


def _fits(record: Annotation) -> bool:
    spans = (record.anchor1, record.anchor2)
    return all(0 <= span.start < span.end <= 10**10 + 10**6 and span.chrom for span in spans)


@given(text=st.sampled_from(_TEXTS), seed=st.integers(0, 2**32), chromsizes=st.booleans(), column=st.integers(0, 9))
@settings(deadline=None, max_examples=1_200)
def test_a_spoilt_file_gives_records_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str, seed: int, chromsizes: bool, column: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "spoilt.bedpe"
    path.write_bytes(_mutated(text, seed))
    sizes = {"chr1": 2_000_000} if chromsizes else None
    said = ""
    try:
        found = read_labels(path, chromsizes=sizes, score_column=column or None)
    except LabelError as error:
        found, said = LabelFile([], [], "", {}), str(error)
    assert "\n" not in said
    assert all(map(_fits, found.records))
    assert all(math.isnan(r.score) or 0 <= r.score <= 1 for r in found.records)
    assert all("\n" not in str(problem) for problem in found.problems)


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_records_or_one_line(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "bytes.bed"
    path.write_bytes(data)
    said = ""
    try:
        found = read_labels(path)
    except LabelError as error:
        found, said = LabelFile([], [], "", {}), str(error)
    assert "\n" not in said
    assert all(map(_fits, found.records))
