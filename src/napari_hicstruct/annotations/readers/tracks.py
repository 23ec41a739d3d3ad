"""Tracks, genes, reads and lists of bins given in place of labels: what each is, and what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from napari_hicstruct.annotations.readers.numbers import is_missing, value_of
from napari_hicstruct.annotations.readers.pairs import is_chromosome
from napari_hicstruct.annotations.readers.table import Fields, Table, is_number
from napari_hicstruct.genome import format_bp

MIN_BINS = 5
"""So many intervals of one size in a row are bins."""
MIN_RUNS = 20
"""So many intervals in a row, most of them a bin or two long, are a track with equal neighbours joined."""
MAX_FEATURE_BP = 5_000
"""Median length up to which stranded intervals are motifs, peaks or exons rather than domains."""

MAX_NUMBERS = 12
"""No list of labels has so many columns and no word in any."""
MIN_DOMAIN_BP = 2_000
"""No list of domains has a median length below this."""


@dataclass(frozen=True, slots=True)
class Other:
    """What a file is instead of labels.

    Attributes
    ----------
    what : str
        For a sentence that begins with the file's name.
    hint : str
        What to do.
    intervals : bool
        True if each line is an interval, so that a person may say that these are TADs or boundaries.
    again : str
        How to say so.
    """

    what: str
    hint: str
    intervals: bool = True
    again: str = "If every line is a TAD (or loop) all the same: hicstruct import --kind tad (or loop)."


_CALLS = "Choose the list of TADs or boundaries called from it."
_LABELS = "Choose a list of loops, stripes or TADs."
_VALID = Other("holds pairs of reads", "Make a contact map of it: cooler cload pairs.", False)
_LINES: tuple[tuple[re.Pattern[str], Other], ...] = (
    (re.compile(r"^track\b.*type=[\"']?wiggle", re.I), Other("is a track (wig)", _CALLS, False)),
    (re.compile(r"^(fixedStep|variableStep)\s+chrom=", re.I), Other("is a track (wig)", _CALLS, False)),
    (re.compile(r"^track\b.*type=[\"']?big(wig|bed)", re.I), Other("only links to a track", _CALLS, False)),
    (re.compile(r"^track\b.*type=[\"']?bedgraph", re.I), Other("is a track (bedGraph)", _CALLS)),
    (re.compile(r"^track\b.*type=[\"']?(narrow|broad|gapped)peak", re.I), Other("holds peaks", _LABELS)),
    (re.compile(r"^##fileformat=VCF", re.I), Other("holds variants (VCF)", _LABELS, False)),
    (re.compile(r"^@(HD|SQ|RG|PG)\t"), Other("holds aligned reads (SAM)", _LABELS, False)),
    (re.compile(r"^>\S"), Other("holds sequences (FASTA)", _LABELS, False)),
    (
        re.compile(r"^## *pairs format", re.I),
        Other("holds pairs of reads (.pairs)", "Make a map of it: cooler cload pairs", False),
    ),
)


def other_by_lines(text: str) -> Other | None:
    """What a file is by the lines that it begins with."""
    head = [line for line in re.split(r"[\r\n]+", text[:20_000]) if line.strip()][:50]
    if head and re.match(r"^@\S", head[0]) and len(head) > 2 and head[2].startswith("+"):
        return Other("holds reads (FASTQ)", _LABELS, False)
    return next((other for line in head for pattern, other in _LINES if pattern.match(line)), None)


def other_by_columns(table: Table) -> Other | None:
    """What a file without a header of labels is, by what stands in its columns."""
    for test, other in _COLUMNS:
        if test(table):
            return other
    return _bins(table)


def _ends(*endings: str) -> Callable[[Table], bool]:
    pattern = re.compile(rf"\.({'|'.join(endings)})(\.(gz|bgz|bz2|xz))?$")
    return lambda table: bool(pattern.search(table.name))


def _numbers(fields: Fields, *places: int) -> bool:
    return all(is_number(fields[place]) for place in places)


_SIGNS = ("+", "-")
_STRANDS = (*_SIGNS, ".", "*")
_BAND = re.compile(r"^(gneg|gpos\d*|acen|gvar|stalk)$")
_LISTED = re.compile(r"^\d+(,\d+)*,?$")


def _is_peak(fields: Fields) -> bool:
    """narrowPeak and broadPeak: strand, signal, p and q behind BED's score."""
    if not (_numbers(fields, 1, 2, 4, 6, 7, 8) and fields[5] in _STRANDS):
        return False
    thick = all(float(fields[1]) <= value_of(fields[i]) <= float(fields[2]) for i in (6, 7))
    broad = any("." in fields[i] or fields[i].startswith("-") for i in (6, 7, 8)) and not thick
    return broad or (len(fields) > 9 and is_number(fields[9]))


def _is_gene(fields: Fields) -> bool:
    """BED12: blocks."""
    return _numbers(fields, 1, 2, 9) and bool(_LISTED.match(fields[10])) and bool(_LISTED.match(fields[11]))


def _is_genepred(shift: int) -> Callable[[Fields], bool]:
    return lambda f: (
        f[2 + shift] in _SIGNS
        and _numbers(f, 3 + shift, 4 + shift, 5 + shift, 6 + shift, 7 + shift)
        and bool(_LISTED.match(f[8 + shift]))
        and bool(_LISTED.match(f[9 + shift]))
    )


def _is_feature(fields: Fields) -> bool:
    """GFF3 and GTF."""
    return _numbers(fields, 3, 4) and fields[6] in (*_STRANDS, "?") and not is_number(fields[1])


def _is_variant(fields: Fields) -> bool:
    return is_number(fields[1]) and re.fullmatch(r"[ACGTN]+", fields[3]) is not None and not is_number(fields[4])


def _is_read_pair(fields: Fields) -> bool:
    """``.pairs``: name, chrom, position, chrom, position, strands."""
    return _numbers(fields, 2, 4) and fields[5] in _SIGNS and fields[6] in _SIGNS and not _numbers(fields, 1)


def _is_valid_pair(fields: Fields) -> bool:
    """HiC-Pro's valid pairs: name, then chrom, position, strand twice."""
    return _numbers(fields, 2, 5) and fields[3] in _SIGNS and fields[6] in _SIGNS


def _is_alignment(fields: Fields) -> bool:
    return _numbers(fields, 1, 3, 4) and re.fullmatch(r"(\d+[MIDNSHP=X])+|\*", fields[5]) is not None


def _is_stranded(table: Table) -> bool:
    """Genes, motifs, sites: both strands occur, or one on intervals too short for domains."""
    if table.header and not table.has("strand"):
        return False
    index = table.columns.index("strand") if table.has("strand") else 5
    if not table.every(lambda f: f[index] in _SIGNS, index + 1):
        return False
    rows = [fields for _, fields in table.rows if len(fields) > index]
    both = {"+", "-"} <= {fields[index] for fields in rows}
    lengths = sorted(_length(fields) for fields in rows if _numbers(fields, 1, 2))
    return both or (bool(lengths) and lengths[len(lengths) // 2] <= MAX_FEATURE_BP)


def _length(fields: Fields) -> float:
    return value_of(fields[2]) - value_of(fields[1])


def _rows(test: Callable[[Fields], bool], least: int) -> Callable[[Table], bool]:
    return lambda table: not table.header and table.every(test, least)


def _is_bedgraph(table: Table) -> bool:
    """By its ending, if it has bedGraph's four columns: hicDetectLoops calls its loops so, too."""
    named = _ends("bedgraph", "bdg", "bg", "bedgraph4")(table)
    return named and table.every(lambda f: len(f) == 4 and _numbers(f, 1, 2), 4)


def _are_lengths(table: Table) -> bool:
    """Names of chromosomes or contigs, each once, and a whole number behind each."""
    if table.header or not table.every(lambda f: len(f) == 2 and f[1].isdecimal() and int(f[1]) > 0, 2):
        return False
    names = [fields[0] for _, fields in table.rows if len(fields) == 2 and is_number(fields[1])]
    if len(set(names)) < len(names) or all(map(is_number, names)):
        return False
    return sum(map(is_chromosome, names)) * 10 >= len(names) * 9


def _is_matrix(table: Table) -> bool:
    """Contacts as numbers only: a dense matrix, or bin, bin, count."""
    if table.header or not table.every(lambda f: all(map(is_number, f)), 3):
        return False
    if table.width > MAX_NUMBERS:
        return True
    if all(f[1] == f[2] for _, f in table.rows if len(f) > 2):
        return False  # points
    wrong = sum(value_of(f[2]) <= value_of(f[1]) or "." in f[2] for _, f in table.rows if len(f) == 3)
    return wrong * 10 > len(table.rows) > 2


_MATRIX = Other("holds contacts (a matrix as text)", "Make a contact map of it: cooler load.", False)


def contacts_of_bins(table: Table) -> Other | None:
    """A contact map written as pairs of bins and counts: many of its pairs are neighbours, as no loops are."""
    if _is_matrix(table):
        return _MATRIX
    if table.header and not table.keys() & {"count"}:
        return None
    rows = [f for _, f in table.rows[:5_000] if len(f) > 6 and _numbers(f, 1, 2, 4, 5, 6)]
    sizes = {value_of(f[2]) - value_of(f[1]) for f in rows} | {value_of(f[5]) - value_of(f[4]) for f in rows}
    size = max(sizes, default=0)
    near = sum(f[0] == f[3] and abs(value_of(f[4]) - value_of(f[1])) <= size for f in rows)
    if len(rows) < MIN_RUNS or len(sizes) > 3 or near * 10 < len(rows):
        return None
    return Other("holds the contacts of a map, bin by bin", "Make a map of it: cooler load -f bg2.")


_PEAKS = Other("holds peaks (of ChIP or ATAC)", _LABELS)
_GENES = Other("holds genes", _LABELS)
_FEATURES = Other("holds genes or other features (GFF, GTF)", _LABELS)
_COLUMNS: tuple[tuple[Callable[[Table], bool], Other], ...] = (
    (_is_bedgraph, Other("is a track (bedGraph)", _CALLS)),
    (lambda t: t.has("chrom") and "txstart" in t.columns, Other("holds genes (genePred)", _LABELS, False)),
    (_rows(lambda f: bool(_BAND.match(f[4])), 5), Other("is the list of chromosome bands", _LABELS)),
    (_are_lengths, Other("is a list of chromosome lengths", _LABELS, False)),
    (_is_matrix, _MATRIX),
    (_ends("narrowpeak", "broadpeak", "gappedpeak"), _PEAKS),
    (_rows(_is_genepred(0), 10), Other("holds genes (genePred)", _LABELS, False)),
    (_rows(_is_genepred(1), 11), Other("holds genes (genePred)", _LABELS, False)),
    (_rows(_is_gene, 12), Other("holds genes (BED12)", _LABELS)),
    (_rows(_is_peak, 9), _PEAKS),
    (_rows(_is_read_pair, 7), _VALID),
    (_rows(_is_valid_pair, 7), _VALID),
    (_rows(_is_alignment, 10), Other("holds aligned reads (SAM)", _LABELS, False)),
    (_rows(_is_feature, 9), _FEATURES),
    (_rows(_is_variant, 8), Other("holds variants (VCF)", _LABELS, False)),
    (_is_stranded, Other("holds stranded intervals (genes, motifs or sites)", _LABELS)),
)


def _bins(table: Table) -> Other | None:
    """A track or a list of bins: intervals of one size, or mostly of a bin or two, one behind the other."""
    places = _span_columns(table)
    if places is None:
        return None
    chrom, first, last = places
    spans = [
        (f[chrom], float(f[first]), float(f[last]))
        for _, f in table.rows
        if len(f) > max(places) and is_number(f[first]) and is_number(f[last]) and "%" not in f[first] + f[last]
    ]
    if (
        len(spans) < MIN_BINS
        or not any(math.isfinite(end - start) for _, start, end in spans)
        or len(spans) * 2 < len(table.rows)
    ):
        return None
    adjacent = sum(a[0] == b[0] and a[2] == b[1] for a, b in pairwise(spans)) / (len(spans) - 1)
    lengths = [end - start for _, start, end in spans]
    usual = max(set(lengths), key=lengths.count)
    same = lengths.count(usual) / len(lengths)
    if adjacent < 0.7:
        return None
    if same < 0.9 and not (len(spans) >= MIN_RUNS and _mostly_short(lengths)):
        return None
    size = f"{len(spans):,} bins of {format_bp(usual)}" if same >= 0.9 else f"{len(spans):,} intervals in a row"
    if any(_numbered(table, column) for column in range(last + 1, table.width)):
        return Other(f"is a track ({size} with a value each)", _CALLS)
    what = "is a list of bins" if same >= 0.9 else "is a track or a list of fragments"
    return Other(f"{what} ({size})", _LABELS)


def _span_columns(table: Table) -> tuple[int, int, int] | None:
    if not table.header:
        return (0, 1, 2)
    names = table.columns
    if not table.has("chrom", "start", "end"):
        return None
    return (names.index("chrom"), names.index("start"), names.index("end"))


def _numbered(table: Table, column: int) -> bool:
    cells = [cell for cell in table.column(column) if not is_missing(cell)]
    return bool(cells) and sum(value_of(cell) == value_of(cell) for cell in cells) * 10 >= len(cells) * 9


def _mostly_short(lengths: list[float]) -> bool:
    """True if the median is two bins at most, or too short for any domain: runs of a track."""
    median = sorted(lengths)[len(lengths) // 2]
    return median < MIN_DOMAIN_BP or median <= 2 * math.gcd(*map(int, lengths))
