"""Intervals that are no domains: chromatin states and compartments, points, bins, what was found in intervals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from napari_hicstruct.annotations.readers.bioconductor import half_second, second_place, span_columns
from napari_hicstruct.annotations.readers.numbers import value_of
from napari_hicstruct.annotations.readers.table import Table, is_number
from napari_hicstruct.annotations.readers.tracks import Other
from napari_hicstruct.genome import format_bp
from napari_hicstruct.wording import how_many

MIN_SEGMENTS = 10
"""So many lines are needed before classes of unknown names are taken for a segmentation."""
MIN_LINES_PER_CLASS = 3
MAX_CLASSES = 60
MIN_ALTERNATING = 0.97
"""Neighbours of one class are joined in a segmentation; domains of a kind lie side by side."""
MIN_ALTERNATING_KNOWN = 0.7
MIN_TILED = 0.7
MIN_DENSE_COLUMNS = 8
"""Numbers as names are states only in a BED with thick ends and colours; elsewhere they are levels or counts."""
MIN_ONE_SIZE = 20
"""So many intervals, all of one size, are bins, boundaries or peaks."""
MIN_SHORT = 5
"""So many intervals of 1 bp are points; fewer may be somebody's trial."""
MAX_MARK_BP = 100_000
MAX_MARKED = 0.25
"""Boundaries are short, and of one size or far apart: they cover less of what lies between first and last than this."""

_CHOOSE = "Choose the list of TADs or boundaries."
_COMPARTMENT = re.compile(r"^([AB]|[AB][._]?[1-4]|compartment[ _.-]?[AB]|[AB][ _.-]?compartment|NA|\.|-)$", re.I)
_STATE = re.compile(
    r"^([EUS]?\d{1,2}[_.-]?)?(tss|tx|enh|znf|het|repr|quies|biv|prom|active|weak|strong|poised|insulator|repetitive|"
    r"polycomb|low)\w*([/_ -]\w+)*$|^E\d{1,2}$|^\d{1,2}_[A-Za-z]",
    re.I,
)
_NAMED = ("compartment", "subcompartment", "state", "chromatin_state", "segment", "name", "label", "class", "type")
_SAID = re.compile(r"compartment|chromhmm|seg_?way|chrom(atin)?[ _.-]?states?|segmentation", re.I)
_ABOUT_DOMAINS = re.compile(r"(?<![a-z])(sub)?tads?(?![a-z])|domains?(?![a-z])", re.I)
_DOMAIN_NAME = re.compile(r"tad|domain|level|^l\d$", re.I)
_COUNT = re.compile(r"(?<=[A-Za-z])[ _.-]?\d+$")
_POINTS = "If they are boundaries: hicstruct import --kind boundary."
_MARKS = "If they are boundaries or TADs all the same: hicstruct import --kind boundary (or tad)."

Segment = tuple[str, float, float, str]


def segmentation(table: Table) -> Other | None:
    """Chromatin states or compartments: few classes of names, each line of another than the one before."""
    found = _segments(table)
    if found is None:
        return None
    names = [segment[3] for segment in found]
    pairs = [(a, b) for a, b in pairwise(found) if a[0] == b[0]]
    given = [cell for cell in names if cell not in ("NA", ".", "-", "")]
    about_domains = _ABOUT_DOMAINS.search(table.name) is not None
    enough = len(found) >= MIN_SEGMENTS
    if len(set(given)) > 1 and len(set(given)) < len(given) and _are_known(given):
        least = MIN_ALTERNATING if about_domains else MIN_ALTERNATING_KNOWN
        if _alternating(pairs, names_of=str) >= least and (enough or not about_domains):
            return _said(found, sorted(set(given)))
    classes = _classes(names)
    if classes is None or not enough or about_domains:
        return None
    if any(map(_DOMAIN_NAME.search, classes)):
        return None
    if all(map(is_number, classes.values())) and table.width < MIN_DENSE_COLUMNS:
        return None
    if _alternating(pairs, names_of=classes.__getitem__) < MIN_ALTERNATING or _tiled(pairs) < MIN_TILED:
        return None
    return _said(found, sorted(set(classes.values())))


def odd_intervals(table: Table) -> Other | None:
    """What no list of domains consists of: a second interval in each line, points, intervals of one size."""
    second, half = second_place(table), half_second(table)
    if second is not None:
        number = table.number_of(second[1])
        hint = "Keep chrom start end alone (TADs), or write pairs as chrom1 start1 end1 chrom2 start2 end2 (loops)."
        return Other(f"has a second interval in columns {number} to {number + 2}", hint)
    if half is not None:
        number = table.number_of(half)
        what = f"has a second chromosome in column {number}, but not its start and its end"
        return Other(what, "Write pairs as chrom1 start1 end1 chrom2 start2 end2 (loops).")
    if _SAID.search(" ".join((*table.preamble, table.name))) and not _ABOUT_DOMAINS.search(table.name):
        return Other("is a segmentation (compartments or chromatin states)", _CHOOSE)
    sizes = [end - start for _, start, end in _spans(table)]
    points = sum(0 <= size <= int(len(sizes) >= MIN_SHORT) for size in sizes)
    if points * 10 > len(sizes) * 9 and points * 2 > len(table.rows):
        lines = "1 line" if len(sizes) == 1 else f"{points:,} of {how_many(len(sizes), 'line')}"
        return Other(f"gives points (start = end, or 1 bp) in {lines}", _CHOOSE, again=_POINTS)
    usual, number = Counter(sizes).most_common(1)[0] if sizes else (0.0, 0)
    if len(sizes) >= MIN_ONE_SIZE and number * 20 >= len(sizes) * 19:
        what = f"holds intervals of one size ({number:,} of {format_bp(usual)}: bins, boundaries or peaks)"
        return Other(what, _CHOOSE, again=_MARKS)
    return None


def are_marks(table: Table) -> bool:
    """True if a list's intervals are boundaries themselves, not domains whose ends are."""
    spans = _spans(table)
    sizes = sorted(end - start for _, start, end in spans)
    if not sizes or sizes[len(sizes) // 2] > MAX_MARK_BP:
        return False
    if Counter(sizes).most_common(1)[0][1] * 20 >= len(sizes) * 19:
        return True
    reach: dict[str, tuple[float, float]] = {}
    for chrom, start, end in spans:
        first, last = reach.get(chrom, (start, end))
        reach[chrom] = min(first, start), max(last, end)
    return sum(sizes) < MAX_MARKED * sum(last - first for first, last in reach.values())


def _said(found: Sequence[Segment], classes: Sequence[str]) -> Other:
    shown = ", ".join(classes[:3]) + (", …" if len(classes) > 3 else "")
    of_what = f"{how_many(len(found), 'interval')} of {how_many(len(classes), 'class', 'classes')}: {shown}"
    return Other(f"is a segmentation (compartments or chromatin states; {of_what})", _CHOOSE)


def _spans(table: Table) -> list[tuple[str, float, float]]:
    places = span_columns(table)
    if places is None:
        return []
    chrom, first, last = places
    spans = ((f[chrom], value_of(f[first]), value_of(f[last])) for _, f in table.rows if len(f) > max(places))
    return [span for span in spans if abs(span[2] - span[1]) < float("inf")]


def _segments(table: Table) -> list[Segment] | None:
    """Intervals with the name of each, by position; None where there are no names."""
    places = span_columns(table)
    if places is None:
        return None
    chrom, first, last = places
    name = 3 if not table.header else next((table.columns.index(n) for n in _NAMED if n in table.columns), -1)
    if name < 0:
        return None
    rows = [f for _, f in table.rows if len(f) > max(*places, name)]
    spans = [(f[chrom], value_of(f[first]), value_of(f[last]), f[name].strip()) for f in rows]
    found = sorted(span for span in spans if span[1] == span[1] and span[2] == span[2])
    return found if len(found) > 2 and len(found) * 2 > len(table.rows) else None


def _are_known(names: Sequence[str]) -> bool:
    distinct = set(names)
    if not all(len(name) < 40 for name in distinct):
        return False
    return all(map(_COMPARTMENT.match, distinct)) or all(map(_STATE.match, distinct))


def _classes(names: Sequence[str]) -> dict[str, str] | None:
    """The class of each name: the name itself, or what stands in front of a running number; None if they are many."""
    for made in ({name: name for name in names}, {name: _COUNT.sub("", name) for name in names}):
        number = len(set(made.values()))
        if 2 <= number <= MAX_CLASSES and number * MIN_LINES_PER_CLASS <= len(names):
            return made
    return None


def _alternating(pairs: Sequence[tuple[Segment, Segment]], *, names_of: Callable[[str], str]) -> float:
    """Share of neighbours that are of two classes."""
    return sum(names_of(a[3]) != names_of(b[3]) for a, b in pairs) / max(len(pairs), 1)


def _tiled(pairs: Sequence[tuple[Segment, Segment]]) -> float:
    """Share of neighbours with next to nothing between them."""
    near = sum(abs(b[1] - a[2]) * 10 <= (a[2] - a[1]) + (b[2] - b[1]) for a, b in pairs)
    return near / max(len(pairs), 1)
