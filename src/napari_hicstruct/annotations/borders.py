"""The boundaries that a list of TADs stands for: where each begins and where it ends, every place once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from napari_hicstruct.annotations.codec import NO_EXTRA
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status, new_record, new_uid
from napari_hicstruct.genome import Interval
from napari_hicstruct.wording import how_many

MIN_BIN, MAX_BIN = 1_000, 50_000
"""bp; what all ends of a list are multiples of is its bin size if it lies in this range: few ends may share more."""


def borders_of(records: Sequence[Annotation], chromsizes: Mapping[str, int] | None = None) -> list[Annotation]:
    """Boundaries at the starts and ends of TADs, by position; boundaries among the records stay as they are.

    Parameters
    ----------
    records : sequence of Annotation
        TADs, and boundaries: where a domain ends at the edge of one of them, that is the boundary.  Others are dropped.
    chromsizes : mapping of str to int, optional
        bp; no boundary reaches beyond a chromosome.

    Returns
    -------
    list of Annotation
        One bin wide with the border in its middle; 1 bp behind the border where the list tells no bin size.  Of TADs
        that share a border the best scored one says score and source.
    """
    tads = [one for one in records if one.kind is Kind.TAD]
    marks = [one for one in records if one.kind is Kind.BOUNDARY]
    lengths = chromsizes or {}
    size = _bin_size(tads, lengths)
    taken = {(one.chrom, place) for one in marks for place in (one.anchor1.start, one.anchor1.end)}
    best: dict[tuple[str, int], Annotation] = {}
    for tad in tads:
        for place in (tad.anchor1.start, tad.anchor1.end):
            key = tad.chrom, place
            if key not in taken and (key not in best or _rank(tad) > _rank(best[key])):
                best[key] = tad
    found = [
        _border(tad, place, tad.resolution or size, lengths.get(chrom, math.inf))
        for (chrom, place), tad in best.items()
    ]
    return sorted([*marks, *found], key=lambda one: (one.chrom, one.anchor1.start, one.anchor1.end))


def borders_note(tads: int, borders: int) -> str:
    """What became of a list of TADs, in a sentence."""
    return f"{how_many(tads, 'TAD')} read as {how_many(borders, 'boundary', 'boundaries')}: their starts and ends."


def _rank(tad: Annotation) -> tuple[bool, float]:
    """What nobody rejected and what scores better comes first."""
    return tad.status is not Status.REJECTED, tad.score if tad.score == tad.score else -math.inf


def _bin_size(tads: Iterable[Annotation], lengths: Mapping[str, int]) -> int:
    """The bin (bp) that all starts and ends are multiples of, but for ends of chromosomes; 0 if there is none."""
    spans = [one.anchor1 for one in tads]
    last: dict[str, int] = {}
    for span in spans:
        last[span.chrom] = max(last.get(span.chrom, 0), span.end)
    inner = [span for span in spans if span.end not in (last[span.chrom], lengths.get(span.chrom))]
    for ends in (spans, inner):
        size = math.gcd(*(span.start for span in spans), *(span.end for span in ends))
        if size >= MIN_BIN:
            return size if size <= MAX_BIN else 0
    return 0


def _border(tad: Annotation, place: int, size: int, length: float) -> Annotation:
    first, last = (place - size // 2, place + size - size // 2) if size else (place, place + 1)
    if first >= length:
        first = int(length) - 1  # the last domain ends with the chromosome
    at = Interval(tad.chrom, max(first, 0), int(min(last, length)))
    # bound to the TAD, not to its border: name, level, parent, what the file says beside
    return new_record(
        kind=Kind.BOUNDARY,
        anchor1=at,
        anchor2=at,
        uid=new_uid(),
        score=tad.score,
        probability=tad.probability,
        resolution=size,
        status=tad.status,
        source=tad.source,
        model=tad.model,
        soft_score=tad.soft_score,
        n_calls=tad.n_calls,
        n_tools=tad.n_tools,
        supporters=tad.supporters,
        direction=Direction.NONE,
        extra=NO_EXTRA,
    )
