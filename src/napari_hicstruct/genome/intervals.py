"""Half-open genomic intervals and the two spellings of regions people type."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from operator import index

from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome.names import NameMatcher, display_name

_UNITS = {"": 1, "b": 1, "bp": 1, "k": 1_000, "kb": 1_000, "m": 1_000_000, "mb": 1_000_000, "g": 10**9, "gb": 10**9}
_POSITION = re.compile(r"^([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)?\s*([a-z]*)$", re.IGNORECASE)
_DASH = re.compile(r"\s*(?:-|–|\.\.)\s*")


MAX_POSITION = 10**15
"""bp, beyond every chromosome; larger ones leave the 64 bits of files and tables."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """``chrom:[start, end)`` in base pairs, 0-based and half-open.

    Raises
    ------
    RegionError
        If ``start < 0`` or ``end < start``, one is no whole number, or the chromosome's name is no text.
    """

    chrom: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if type(self.start) is not int or type(self.end) is not int or type(self.chrom) is not str:
            self._take_exact()
        if not 0 <= self.start <= self.end <= MAX_POSITION:
            raise self._refusal()

    def _take_exact(self) -> None:
        """Numbers of numpy and members of ``(str, Enum)`` as Python's own."""
        ends = (_whole(self.start), _whole(self.end))
        if None in ends or not isinstance(self.chrom, str):
            raise self._refusal()
        for name, value in zip(("chrom", "start", "end"), (str.__str__(self.chrom), *ends), strict=True):
            object.__setattr__(self, name, value)

    def _refusal(self) -> RegionError:
        text = f"{self.chrom}:{self.start}-{self.end} is not an interval."
        if not isinstance(self.chrom, str):
            return RegionError(text, hint="Give the chromosome's name as text: hs.Interval('chr1', 0, 5_000).")
        return RegionError(text, hint="Start and end are whole numbers: start ≥ 0, end ≥ start.")

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def center(self) -> float:
        """Middle in base pairs (not rounded)."""
        return (self.start + self.end) / 2

    def overlaps(self, other: Interval) -> bool:
        """True if both share at least one base pair."""
        return self.chrom == other.chrom and self.start < other.end and other.start < self.end

    def clamp(self, length: int) -> Interval:
        """The part of this interval inside a chromosome of ``length`` bp."""
        start = min(self.start, length)
        return Interval(self.chrom, start, max(start, min(self.end, length)))

    def expand(self, margin: int, length: int | None = None) -> Interval:
        """Grow by ``margin`` bp on both sides, never below 0 and not past ``length``."""
        grown = Interval(self.chrom, max(0, self.start - margin), self.end + margin)
        return grown if length is None else grown.clamp(length)

    def snap(self, resolution: int) -> Interval:
        """Smallest whole-bin interval that contains this one (floor of start, ceiling of end)."""
        return Interval(self.chrom, self.start // resolution * resolution, -(-self.end // resolution) * resolution)

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start:,}-{self.end:,}"


def _whole(value: object) -> int | None:
    """A whole number as int, also one of numpy's and ``5e6``; None for what is none."""
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        return int(float(value)) if isinstance(value, Real) and float(value).is_integer() else None


def display_region(interval: Interval) -> str:
    """An interval for people: ``chr21:5,000-10,000`` also where a map spells the chromosome ``21``."""
    return f"{display_name(interval.chrom)}:{interval.start:,}-{interval.end:,}"


def united(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Intervals that overlap or touch as one, in the order of their chromosomes' first appearance."""
    by_chrom: dict[str, list[Interval]] = {}
    for one in intervals:
        by_chrom.setdefault(one.chrom, []).append(one)
    found: list[Interval] = []
    for chrom, own in by_chrom.items():
        merged: list[Interval] = []
        for one in sorted(own):
            if merged and one.start <= merged[-1].end:
                merged[-1] = Interval(chrom, merged[-1].start, max(merged[-1].end, one.end))
            else:
                merged.append(one)
        found += merged
    return tuple(found)


def _parse_position(text: str, whole: str) -> int:
    """Base pairs; ``1,5M`` (1.5 or 15?) and ``62.5`` (its unit forgotten) are refused rather than guessed."""
    try:
        return parse_length(text)
    except RegionError as error:
        raise RegionError(
            f"'{text}' in region '{whole}' is not a position.", hint="Write 62,500,000 or 62500000 or 62.5M."
        ) from error


def parse_length(text: str) -> int:
    """A number of base pairs: ``500k``, ``1.5 Mb``, ``64,000,000``.

    Raises
    ------
    RegionError
        If it is none, or no whole number of them.
    """
    match = _POSITION.match(text.strip().replace("_", ""))
    unit = _UNITS.get(match.group(3).lower()) if match else None
    if match is not None and unit is not None:
        length = Decimal(match.group(1).replace(",", "") + (match.group(2) or "")) * unit
        if length == int(length):
            return int(length)
    raise RegionError(f"'{text}' is not a length in bp.", hint="Write 64M, 500k or 64000000.")


def parse_region(text: str, chromsizes: Mapping[str, int] | None = None, *, around: int | None = None) -> Interval:
    """Parse ``chr17:62.5M-63.5M``, ``chr17:62,500,000-63,500,000``, ``chr17:62.5–63.5 Mb`` or a bare chromosome name.

    Parameters
    ----------
    text : str
        The region as typed.  Positions are read as 0-based half-open base pairs.
    chromsizes : mapping of str to int, optional
        Chromosome lengths (bp).  With it, ``21``/``chr21`` are reconciled, a bare name means the whole
        chromosome, and the region must lie inside.  A position past the end by less than a unit of its
        own spelling is not forgiven: the error names the length.
    around : int, optional
        Length (bp) of the region that a single position such as ``chr17:62.5M`` stands in the middle of, shifted to
        stay on the chromosome.  Without it a single position is an error.

    Raises
    ------
    RegionError
        If the text is not a region, the chromosome is unknown, or the region leaves it.
    """
    name, span = _name_and_span(text.strip(), chromsizes)
    if not name:
        raise RegionError("the region is empty.", hint="Write for example chr17:62.5M-63.5M.")
    length: int | None = None
    if chromsizes is not None:
        name = NameMatcher(chromsizes).require(name)
        length = chromsizes[name]
    if not span:
        if length is None:
            raise RegionError(f"'{text}' has no start and end.", hint=f"Write {name}:0-1,000,000.")
        return Interval(name, 0, length)
    parts = _DASH.split(span)
    if len(parts) == 1:
        return _around(text, Interval(name, (at := _parse_position(span, text)), at), around, length)
    if len(parts) != 2 or not all(parts):
        raise RegionError(f"'{text}' is not a region.", hint="Write chr17:62.5M-63.5M.")
    start, end = _start_and_end(text, name, *parts)
    _check_inside(text, name, end, length)
    return Interval(name, start, end)


def _name_and_span(text: str, chromsizes: Mapping[str, int] | None) -> tuple[str, str]:
    """Chromosome and what stands behind it; contigs (HLA) carry colons in their names."""
    name, colon, span = text.rpartition(":")
    known = chromsizes is not None and text in chromsizes
    return (text, "") if known or not colon or not re.match(r"\s*[0-9]", span) else (name.strip(), span.strip())


def _share_unit(start: str, end: str) -> tuple[str, str]:
    """``24.3-24.6 Mb`` and ``24-25M`` state their unit once; nobody means 24 bp by the first."""
    first, last = _POSITION.match(start), _POSITION.match(end)
    if first is not None and last is not None and last.group(3) and not first.group(3):
        small = "," not in first.group(1) and len(first.group(1)) <= 3
        return (start + last.group(3), end) if small else (start, end)
    return start, end


def _start_and_end(text: str, name: str, first: str, last: str) -> tuple[int, int]:
    try:
        start, end = (_parse_position(part, text) for part in _share_unit(first, last))
    except RegionError as error:
        raise RegionError(error.message, hint=_forgotten_unit(name, first, last) or error.hint) from error
    if end <= start:
        swapped = "Swap the two positions." if end < start else "Give an end behind the start."
        hint = _forgotten_unit(name, first, last) or swapped
        raise RegionError(f"region '{text}' ends at or before its start.", hint=hint)
    return start, end


def _forgotten_unit(name: str, start: str, end: str) -> str:
    """What ``74M-78`` is likely to mean; empty if that makes no region either."""
    first, last = _POSITION.match(start), _POSITION.match(end)
    if first is None or last is None or not first.group(3) or last.group(3):
        return ""
    whole = end + first.group(3)
    try:
        is_region = parse_length(start) < parse_length(whole)
    except RegionError:
        return ""
    return f"Did you mean {name}:{start}-{whole}? Each position needs its unit." if is_region else ""


def _around(text: str, place: Interval, size: int | None, length: int | None) -> Interval:
    """``size`` bp with ``place`` in their middle."""
    if size is None:
        low, high = max(0, place.start - 500_000), place.start + 500_000
        raise RegionError(
            f"'{text}' is one position, not a region.", hint=f"Write start and end: {place.chrom}:{low:,}-{high:,}."
        )
    _check_inside(text, place.chrom, place.start, length)
    start = max(0, place.start - size // 2)
    if length is not None:
        start = max(0, min(start, length - size))
    return Interval(place.chrom, start, start + size if length is None else min(length, start + size))


def _check_inside(text: str, name: str, last: int, length: int | None) -> None:
    if length is not None and last > length:
        raise RegionError(
            f"region '{text}' lies outside {name}, which is {length:,} bp long.",
            hint=f"Choose an end of at most {length:,}.",
        )


def format_region(interval: Interval) -> str:
    """``chr17:62,500,000-63,500,000``: the spelling that :func:`parse_region` reads back unchanged."""
    return str(interval)


def format_span(interval: Interval) -> str:
    """``29.7–35.3 Mb`` for people, to a twentieth of its length or finer; base pairs where it is under 10 kb.

    Behind a chromosome's name and a colon it is a region that :func:`parse_region` reads.
    """
    size = len(interval)
    if size < 10_000:
        return f"{interval.start:,}–{interval.end:,}"
    decimals = max(0, math.ceil(-math.log10(size / 20e6)))
    return f"{interval.start / 1e6:.{decimals}f}–{interval.end / 1e6:.{decimals}f} Mb"


def format_bp(bp: float) -> str:
    """A length for people: ``705 kb``, ``1.25 Mb``, ``400 bp``."""
    size = abs(bp)
    if size >= 1_000_000:
        return f"{bp / 1_000_000:.3g} Mb"
    if size >= 1_000:
        return f"{bp / 1_000:.3g} kb" if size < 100_000 else f"{bp / 1_000:.0f} kb"
    return f"{bp:.0f} bp"


def format_bin_size(bp: int) -> str:
    """A bin size for people, exact: ``5 kb``, ``10.24 kb``, ``2.5 Mb``, ``400 bp``."""
    for unit, name in ((1_000_000, "Mb"), (1_000, "kb")):
        if bp >= unit:
            return f"{Decimal(bp) / unit:f} {name}"
    return f"{bp} bp"
