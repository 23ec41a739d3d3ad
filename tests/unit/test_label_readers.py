"""Label files of every program, as they are found in the wild."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Annotation, Direction, Kind, read_labels
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write ``text`` (``|`` stands for a tab) under a name."""

    def make(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text.replace("|", "\t"))
        return path

    return make


def _place(record: Annotation) -> tuple[str, int, int, int, int]:
    return (record.chrom, record.anchor1.start, record.anchor1.end, record.anchor2.start, record.anchor2.end)


_P = "chr1|100000|110000|chr1|300000|310000"
_LOOP = ("chr1", 100_000, 110_000, 300_000, 310_000)
_D = "chr1|100000|300000"
_DOMAIN = ("chr1", 100_000, 300_000, 100_000, 300_000)
_HICCUPS = (
    "#chr1|x1|x2|chr2|y1|y2|name|score|strand1|strand2|color|observed|expectedBL|expectedDonut|expectedH|expectedV|"
    "fdrBL|fdrDonut|fdrH|fdrV|numCollapsed|centroid1|centroid2|radius\n# juicer_tools version 1.22.01\n"
    f"{_P}|.|.|.|.|0,255,255|80|20|21|22|23|0.01|0.02|1e-5|0.005|4|105000|305000|12000\n"
)
_DOTS = (
    "chrom1|start1|end1|chrom2|start2|end2|count|la_exp.donut.value|la_exp.vertical.value|la_exp.donut.qval|region|"
    f"cstart1|cstart2|c_label|c_size\n{_P}|80|20.5|19.3|0.1|chr1|105000|305000|0|3\n"
)
_INSULATION = (
    "chrom|start|end|region|is_bad_bin|log2_insulation_score_100000|n_valid_pixels_100000|boundary_strength_100000|"
    "is_boundary_100000\nchr1|100000|110000|chr1|False|-0.4|92|0.7|True\nchr1|110000|120000|chr1|False|0.2|92||False\n"
    "chr1|120000|130000|chr1|False|0.1|92|0.05|False\n"
)

# file name, text, format, kind, place of the first record, fields to look at
CASES = [
    (
        "a.bedpe",
        f"chrom1|start1|end1|chrom2|start2|end2|soft_score|n_calls|n_tools|supporters\n{_P}|0.9|3|2|mustache,peakachu\n",
        "soft loops",
        Kind.LOOP,
        _LOOP,
        {"soft_score": 0.9, "n_calls": 3, "n_tools": 2, "supporters": ("mustache", "peakachu"), "resolution": 10_000},
    ),
    (
        "loops.tsv",
        f"chrom1|start1|end1|chrom2|start2|end2|bin1|bin2|kernel_id|iteration|score|pvalue|qvalue\n"
        f"{_P}|10|30|0|0|0.62|1e-5|1e-4\n",
        "chromosight",
        Kind.LOOP,
        _LOOP,
        {"score": 0.62, "source": "chromosight"},
    ),
    (
        "borders.tsv",
        "chrom1|start1|end1|chrom2|start2|end2|bin1|bin2|kernel_id|iteration|score|pvalue|qvalue\n"
        "chr1|100000|110000|chr1|100000|110000|10|10|0|0|0.5|0|0\n",
        "chromosight",
        Kind.BOUNDARY,
        ("chr1", 100_000, 110_000, 100_000, 110_000),
        {"score": 0.5},
    ),
    (
        "m.tsv",
        f"BIN1_CHR|BIN1_START|BIN1_END|BIN2_CHROMOSOME|BIN2_START|BIN2_END|FDR|DETECTION_SCALE\n{_P}|0.25|1.6\n",
        "mustache",
        Kind.LOOP,
        _LOOP,
        {"score": 0.75, "extra": {"FDR": "0.25", "DETECTION_SCALE": "1.6"}},
    ),
    ("merged_loops.bedpe", _HICCUPS, "HiCCUPS", Kind.LOOP, _LOOP, {"score": 0.98, "source": "HiCCUPS"}),
    (
        "mine.bedpe",
        f"#chr1|x1|x2|chr2|y1|y2|name|score|strand1|strand2|color\n{_P}|one|0.5|.|.|0,0,255\n",
        "Juicebox 2D annotation",
        Kind.LOOP,
        _LOOP,
        {"name": "one", "score": 0.5, "extra": {"color": "0,0,255"}},
    ),
    ("x.peakachu.bedpe", f"{_P}|0.93|17.2\n", "Peakachu", Kind.LOOP, _LOOP, {"score": 0.93}),
    ("dots.tsv", _DOTS, "cooltools dots", Kind.LOOP, _LOOP, {"score": 0.9}),
    ("i.tsv", _INSULATION, "cooltools insulation", Kind.BOUNDARY, ("chr1", 100_000, 110_000, 100_000, 110_000), {}),
    (
        "blocks.bedpe",
        f"#chr1|x1|x2|chr2|y1|y2|name|score|strand1|strand2|color|uVarScore|lVarScore|upSign|loSign\n"
        f"{_D}|{_D}|.|0.55|.|.|255,255,0|0.3|0.3|0.4|0.4\n",
        "Arrowhead",
        Kind.TAD,
        _DOMAIN,
        {"score": 0.55, "source": "Arrowhead", "level": 1},
    ),
    ("hitad.txt", f"{_D}|0\nchr1|100000|200000|1\n", "HiTAD", Kind.TAD, _DOMAIN, {"level": 1}),
    ("t.bed", f"chr1|0|100000|gap\n{_D}|domain\nchr1|300000|310000|boundary\n", "TopDom", Kind.TAD, _DOMAIN, {}),
    (
        "t.domain",
        "chr|from.id|from.coord|to.id|to.coord|tag|size\nchr1|1|100000|20|300000|domain|200000\n",
        "TopDom",
        Kind.TAD,
        _DOMAIN,
        {"source": "TopDom"},
    ),
    (
        "stripes.bedpe",
        "chrom1|start1|end1|chrom2|start2|end2|top_persistence|inner_mean|rel_change\n"
        "chr1|100000|700000|chr1|100000|120000|0.1|3|4\n",
        "StripePy",
        Kind.STRIPE,
        ("chr1", 100_000, 120_000, 100_000, 700_000),
        {"direction": Direction.DOWN},
    ),
    ("plain.bedpe", f"{_P}|one|0.5\n", "BEDPE", Kind.LOOP, _LOOP, {"name": "one", "score": 0.5}),
    ("named.bedpe", f"{_P}|one|350\n", "BEDPE", Kind.LOOP, _LOOP, {"name": "one"}),
    ("d.bed", f"{_D}|d1|0.5|+\n", "BED", Kind.TAD, _DOMAIN, {"name": "d1", "score": 0.5, "source": "d.bed"}),
    ("boundaries.bed", f"{_D}\n", "boundary BED", Kind.BOUNDARY, _DOMAIN, {}),
]


@pytest.mark.parametrize(("name", "text", "format_", "kind", "place", "fields"), CASES, ids=[c[0] for c in CASES])
def test_each_program(
    write: Write, name: str, text: str, format_: str, kind: Kind, place: tuple[object, ...], fields: dict[str, object]
) -> None:
    found = read_labels(write(name, text))
    assert (found.format, found.problems) == (format_, [])
    first = found.records[0]
    assert (first.kind, _place(first)) == (kind, place)
    assert {key: getattr(first, key) for key in fields} == fields
    if format_ in ("cooltools insulation", "TopDom"):
        assert len(found.records) == 1  # neither gaps nor bins without a boundary


_STRIPENN = "chr|pos1|pos2|chr2|pos3|pos4|length|width|Mean|maxpixel|pvalue|Stripiness\n"


def test_stripenn_is_one_based_and_directed(write: Write) -> None:
    down = "chr1|390001|440000|chr1|390001|1500000|1110000|50000|99.4|99.0%|0.02|8.7\n"
    up = "chr1|570001|640000|chr1|60001|640000|580000|70000|226.1|99.0%|0.003|8.4\n"
    for name, text in (("s.tsv", _STRIPENN + down + up), ("bare.tsv", down + up)):
        first, second = read_labels(write(name, text)).records
        assert _place(first) == ("chr1", 390_000, 440_000, 390_000, 1_500_000)
        assert (first.direction, second.direction) == (Direction.DOWN, Direction.UP)
        assert first.extra["maxpixel"] == "99.0%"


def test_bad_stripenn_lines_are_named(write: Write) -> None:
    good = "chr1|390001|440000|chr1|390001|1500000|1110000|50000|99.4|99.0%|0.02|8.7\n"
    text = _STRIPENN + good + good.replace("390001|440000", "0|440000", 1) + good.replace("99.0%", "high") + good + good
    problems = read_labels(write("s.tsv", text)).problems
    assert [(p.line, p.reason) for p in problems] == [
        (3, "pos1 0 lies before the chromosome"),
        (4, "maxpixel 'high' is not a number"),
    ]


def test_nested_tads_get_levels_and_parents(write: Write) -> None:
    text = "chr1|0|900|chr1|0|900\nchr1|100|500|chr1|100|500\nchr1|500|900|chr1|500|900\nchr1|100|300|chr1|100|300\n"
    text += "chr2|100|300|chr2|100|300\nchr1|900|1200|chr1|900|1200\n"
    records = read_labels(write("tads.bed", text)).records
    assert [r.level for r in records] == [1, 2, 2, 3, 1, 1]
    uid = [r.uid for r in records]
    assert [r.parent for r in records] == ["", uid[0], uid[0], uid[1], "", ""]
    assert [r.anchor1.start for r in records] == [0, 100, 500, 100, 100, 900]  # file order


def test_any_spacing_header_comment_packing_and_line_end(write: Write, tmp_path: Path) -> None:
    plain = "chr1|100|200\nchr1|300|500\n"
    expected = [("chr1", 100, 200), ("chr1", 300, 500)]
    variants = {
        "spaces.bed": plain.replace("|", "   "),
        "crlf.bed": plain.replace("\n", "\r\n"),
        "commented.bed": "# made by hand\n\ntrack name=x\n" + plain + "# end",
        "header.bed": "chrom|start|end\n" + plain,
        "hash.bed": "#chrom|start|end\n" + plain,
        "r.bed": "chr|from.coord|to.coord\nchr1|1e+02|200.0\nchr1|300|5e2\n",
        "bom.bed": "\ufeff" + plain,
    }
    for name, text in variants.items():
        found = read_labels(write(name, text))
        assert [(r.chrom, r.span.start, r.span.end) for r in found.records] == expected, name
        assert found.problems == []
    packed = tmp_path / "packed.bed.gz"
    packed.write_bytes(gzip.compress(plain.replace("|", "\t").encode()))
    assert len(read_labels(packed).records) == 2


def test_malformed_lines_are_numbered_and_the_rest_comes_in(write: Write) -> None:
    bad = {
        3: ("chr1|x|20000|chr1|1|2", "start1 'x' is not a whole number"),
        4: ("chr1|100|200", "has 3 columns, 'chrom2' is missing"),
        5: ("chr1|200|100|chr1|1|2", "end1 100 is not behind start1 200"),
        6: ("chr1|-5|2|chr1|1|2", "start1 -5 lies before the chromosome"),
    }
    text = "# loops\n" + _P + "\n" + "".join(line + "\n" for line, _ in bad.values()) + (_P + "\n") * 5
    text += "chr1|1|2|chr2|1|2\n" * 9  # right, but between chromosomes: counted apart, never bad
    found = read_labels(write("l.bedpe", text))
    assert (len(found.records), found.trans) == (6, 9)
    assert {p.line: p.reason for p in found.problems} == {number: reason for number, (_, reason) in bad.items()}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bad.bed", "chr1|1|2\nchr1|x|2\nchr1|5|4\nchr1|y|1\nchr1|1|2\nchr1|z|z\n", r"4 of 6 lines .* line 2: start"),
        ("empty.bed", "  \n", "is empty"),
        ("comments.bed", "# nothing\n# here\n", "holds no labels"),
        ("prose.bed", "It was a dark night\nand nobody called loops\n", "no label format that is known"),
        ("binary.bed", "\x00\x01\x02", "not a text file"),
    ],
)
def test_files_that_are_refused(write: Write, name: str, text: str, words: str) -> None:
    with pytest.raises(LabelError, match=words) as caught:
        read_labels(write(name, text))
    assert name in str(caught.value)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.bed.gz"
    path.write_bytes(gzip.compress(b"chr1\t1\t2\n" * 1000)[:-20])
    with pytest.raises(LabelError, match="damaged or cut short"):
        read_labels(path)
    with pytest.raises(LabelError, match=r"none\.bed: cannot be read"):
        read_labels(tmp_path / "none.bed")


def test_names_and_lengths_follow_the_map(write: Write) -> None:
    sizes = {"21": 1_000_000, "MT": 16_000}
    text = "chr21|100|200\nchr5|1|2\nchr21|900000|1040000\nchr21|2000000|2000500\nchrM|5|10\nchr5|3|4\n21|7|9\n"
    found = read_labels(write("d.bed", text), chromsizes=sizes)
    assert [r.span for r in found.records] == [
        Interval("21", 100, 200),
        Interval("21", 900_000, 1_000_000),  # the last bin, written whole
        Interval("MT", 5, 10),
        Interval("21", 7, 9),
    ]
    assert found.unmatched == {"chr5": 2}
    assert [(p.line, p.reason) for p in found.problems] == [
        (4, "chr21:2,000,000-2,000,500 lies beyond the end of 21 (1,000,000 bp)")
    ]
    with pytest.raises(LabelError, match=r"no chromosome of the map: it has chr7, the map has .*same assembly"):
        read_labels(write("o.bed", "chr7|1|2\n"), chromsizes=sizes)
    with pytest.raises(LabelError, match=r"2 of 3 labels lie beyond .* another assembly"):
        read_labels(write("l.bed", "21|1|2\n21|2000000|2100000\n21|3000000|3100000\n"), chromsizes=sizes)


def test_wished_kind_decides_what_the_format_leaves_open(write: Write) -> None:
    assert read_labels(write("d.bed", f"{_D}\n"), kind=Kind.BOUNDARY).records[0].kind is Kind.BOUNDARY
    pair = write("p.bedpe", "chr1|100000|700000|chr1|100000|120000\n")
    stripe = read_labels(pair, kind=Kind.STRIPE).records[0]
    assert (stripe.kind, stripe.anchor1, stripe.direction) == (
        Kind.STRIPE,
        Interval("chr1", 100_000, 120_000),
        Direction.DOWN,
    )
    topdom = write("t.bed", f"{_D}|domain\nchr1|300000|310000|boundary\n")
    assert Interval("chr1", 300_000, 310_000) in [r.span for r in read_labels(topdom, kind=Kind.BOUNDARY).records]
    with pytest.raises(LabelError, match=r"holds tads \(HiTAD\), not loops"):
        read_labels(write("h.txt", f"{_D}|0\n"), kind=Kind.LOOP)
