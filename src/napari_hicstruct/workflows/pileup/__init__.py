"""Pile-ups of any sets on a map: loops, boundaries, stripes, and TADs stretched to one size."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import LabelError, MapError
from napari_hicstruct.evaluation.pileup import (
    BEYOND,
    Fetch,
    PileUp,
    Windows,
    across_over_within,
    boundary_blocks,
    inside_over_outside,
    line_over_sides,
    loop_blocks,
    mean_window,
    rescaled_blocks,
    rescaled_stripe_blocks,
    stripe_blocks,
)
from napari_hicstruct.evaluation.records import loop_table
from napari_hicstruct.evaluation.standing_out import stripe_reach
from napari_hicstruct.genome import NameMatcher, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.pileup.contacts import NearContacts
from napari_hicstruct.workflows.pileup.sets import PileSet, by_distance

SHIFTS = (-150_000, -100_000, 100_000, 150_000)
"""bp by which the control moves both anchors, as in the evaluation: like chromatin, the same distance."""

USUAL_RESOLUTION = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PileupRequest:
    """What is piled up.

    Attributes
    ----------
    sets : tuple of PileSet
    resolution : int
        Bins, bp; 0: the map's nearest to 10 kb.
    flank : int
        Bins on each side of a loop or boundary, and across a stripe.
    distances : tuple of int
        bp; loops are split there by distance.
    norm : str
        Name of weights, or ``raw``; empty: the best of each chromosome.
    size : int
        Pixels to which TADs are stretched, and stripes along themselves.
    margin : float
        What is shown beside a TAD, in lengths of it.
    along : int
        Bins from the diagonal that a stripe's pile-up shows.
    stretch_stripes : bool
        Stretch each stripe to one length instead, with half of that behind its end.
    control : bool
        Also pile up the same windows moved along the diagonal.
    min_valid : float
        Least share of known bins in a window.
    """

    sets: tuple[PileSet, ...]
    resolution: int = 0
    flank: int = 10
    distances: tuple[int, ...] = ()
    norm: str = ""
    size: int = 90
    margin: float = 1.0
    along: int = 45
    stretch_stripes: bool = False
    control: bool = True
    min_valid: float = 0.5


@dataclass(frozen=True, slots=True)
class Pile:
    """One pile-up.

    Attributes
    ----------
    name : str
    kind : Kind
    pile : PileUp
        Mean of observed over expected.
    control : PileUp or None
        Of the same windows moved along the diagonal.
    value, control_value : float
        The one number: centre over corners (loops), across over within (boundaries), line over sides (stripes), inside
        over outside (TADs).
    given : int
        Records of the set.
    """

    name: str
    kind: Kind
    pile: PileUp
    control: PileUp | None
    value: float
    control_value: float
    given: int


@dataclass(frozen=True, slots=True, repr=False)
class PileupResult:
    """All pile-ups of a request.

    Attributes
    ----------
    piles : tuple of Pile
    resolution : int
        bp.
    flank : int
        Bins.
    notes : tuple of str
    parameters : dict
    """

    piles: tuple[Pile, ...]
    resolution: int
    flank: int
    notes: tuple[str, ...]
    parameters: dict[str, Any]

    def __repr__(self) -> str:
        """Sets, kinds and numbers, without the windows."""
        named = [(one, KINDS[one.kind]) for one in self.piles]
        said = [f"{one.name} ({how_many(one.pile.n, k.singular, k.plural)}) {one.value:.3g}" for one, k in named]
        return f"<Pile-ups: {', '.join(said)}>"

    def rows(self) -> list[dict[str, Any]]:
        """One row for each pile-up."""
        return [
            {
                "set": one.name,
                "kind": one.kind.value,
                "records": one.given,
                "windows": one.pile.n,
                "value": one.value,
                "control": one.control_value,
            }
            for one in self.piles
        ]


NUMBERS = {
    Kind.LOOP: "centre / corners",
    Kind.BOUNDARY: "across / within",
    Kind.STRIPE: "line / sides",
    Kind.TAD: "inside / outside",
}
"""What the one number of a pile-up is."""


@dataclass(slots=True)
class _Sums:
    """What chromosomes add to one pile-up."""

    blocks: list[NDArray[np.float64]] = field(default_factory=list)
    n: int = 0

    def add(self, blocks: Iterator[NDArray[np.float64]], shape: tuple[int, int], min_valid: float) -> None:
        """The windows of one chromosome, summed up as they come."""
        if not self.blocks:
            self.blocks = [np.zeros(shape), np.zeros(shape)]
        found = mean_window(self._counted(blocks, min_valid), shape, min_valid)
        self.n += found.n

    def _counted(self, blocks: Iterator[NDArray[np.float64]], min_valid: float) -> Iterator[NDArray[np.float64]]:
        total, covered = self.blocks
        for block in blocks:
            known = np.isfinite(block)
            if known.mean() >= min_valid:
                total[known] += block[known]
                covered += known
            yield block

    def mean(self) -> PileUp:
        """The mean over all windows of all chromosomes."""
        total, covered = self.blocks
        window = np.divide(total, covered, out=np.full_like(total, np.nan), where=covered > 0)
        return PileUp(window, self.n)


def iter_pileup(
    source: ContactSource, request: PileupRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, PileupResult]:
    """Pile up each kind of each set, chromosome by chromosome.

    Raises
    ------
    LabelError
        If there is nothing to pile up on this map.
    MapError, ConfigError
    """
    clock, token = Clock(), token or CancelToken()
    resolution = _resolution(source, request.resolution)
    notes: list[str] = []
    sets = by_distance(request.sets, request.distances)
    by_chrom = _by_chrom(source, sets, notes)
    if not by_chrom:
        raise LabelError("there is nothing to pile up on this map.", where=source.uri, hint=_nothing(sets, notes))
    sums: dict[tuple[str, Kind, bool], _Sums] = {}
    for done, (chrom, groups) in enumerate(by_chrom.items()):
        yield clock.step("pile up", done, len(by_chrom), chrom)
        if resolution not in source.resolutions_of(chrom):
            notes.append(f"{chrom} has no contacts in bins of {format_bin_size(resolution)}.")
            continue
        _add_chromosome(source, chrom, groups, request, resolution, sums, token)
    piles = tuple(_pile(name, kind, sums, sets, request) for name, kind, moved in sums if not moved)
    if not any(one.pile.n for one in piles):
        hint = "Take finer bins or a smaller flank: windows that reach the diagonal, or the end, do not count."
        raise LabelError("no record has room around it for a pile-up.", where=source.uri, hint=hint)
    if any(one.pile.n < one.given for one in piles):
        notes.append("Windows that reach the diagonal or the map's end, or are mostly masked, are left out.")
    kept = ("norm", "distances", "size", "margin", "along", "min_valid", "stretch_stripes")
    parameters = {name: getattr(request, name) for name in kept}
    return PileupResult(piles, resolution, request.flank, tuple(notes), parameters)


def _nothing(sets: Sequence[PileSet], notes: Sequence[str]) -> str:
    return " ".join(notes) or ("The sets are empty." if sets else "Name a set of loops, stripes, TADs or boundaries.")


def _resolution(source: ContactSource, wanted: int) -> int:
    if wanted and wanted not in source.resolutions:
        have = ", ".join(map(format_bin_size, source.resolutions))
        text = f"there are no bins of {format_bin_size(wanted)}."
        raise MapError(text, where=source.uri, hint=f"Choose from {have}.")
    return wanted or min(source.resolutions, key=lambda size: abs(size - USUAL_RESOLUTION))


Groups = dict[tuple[str, Kind], list[Annotation]]


def _by_chrom(source: ContactSource, sets: Sequence[PileSet], notes: list[str]) -> dict[str, Groups]:
    """Records by the map's name of their chromosome, then by set and kind."""
    names, found = NameMatcher(source.chromsizes), dict[str, Groups]()
    lost = 0
    for one in sets:
        for record in one.records:
            chrom = names.match(record.chrom)
            if chrom is None or record.span.end > source.chromsizes[chrom]:
                lost += 1
                continue
            found.setdefault(chrom, {}).setdefault((one.name, record.kind), []).append(record)
    if lost:
        notes.append(f"{how_many(lost, 'record')} beyond the map's chromosomes left out.")
    return found


def _add_chromosome(  # noqa: PLR0913 - one step of a loop
    source: ContactSource,
    chrom: str,
    groups: Groups,
    request: PileupRequest,
    resolution: int,
    sums: dict[tuple[str, Kind, bool], _Sums],
    token: CancelToken,
) -> None:
    """Add the windows of one chromosome, and those moved along the diagonal, to the sums of their sets."""
    from napari_hicstruct.contacts import expected_by_distance

    norm = request.norm or source.default_norm(resolution, chrom)
    furthest = max(_reach(record, request, resolution) for records in groups.values() for record in records)
    contacts = NearContacts(source, chrom, resolution=resolution, norm=norm, max_distance=furthest, token=token)
    expected = expected_by_distance(source, chrom, resolution=resolution, norm=norm, token=token)
    windows = Windows(resolution, contacts.n, request.flank)
    shifts = (0,) if not request.control else (0, *SHIFTS)
    for (name, kind), records in groups.items():
        token.check()
        for shift in shifts:
            own = sums.setdefault((name, kind, shift != 0), _Sums())
            blocks = _BLOCKS[kind](contacts, records, windows, expected, request, shift)
            own.add(blocks, _shape(kind, request), 0.1 if kind is Kind.STRIPE else request.min_valid)


def _reach(record: Annotation, request: PileupRequest, resolution: int) -> int:
    """How far from the diagonal the window of a record reaches, bp."""
    if record.kind is Kind.TAD:
        return int((1 + 2 * request.margin) * len(record.anchor1)) + 2 * resolution
    if record.kind is Kind.STRIPE:
        along = (1 + BEYOND) * len(record.span) / resolution if request.stretch_stripes else request.along
        return int(along + 2 * request.flank + 2) * resolution
    return int(record.distance) + (2 * request.flank + 3) * resolution


def _shape(kind: Kind, request: PileupRequest) -> tuple[int, int]:
    side = 2 * request.flank
    return {
        Kind.LOOP: (side + 1, side + 1),
        Kind.BOUNDARY: (side, side),
        Kind.STRIPE: (side + 1, request.size if request.stretch_stripes else request.along),
        Kind.TAD: (request.size, request.size),
    }[kind]


Blocks = Iterator[NDArray[np.float64]]


def _loops(
    fetch: Fetch, records: list[Annotation], windows: Windows, expected: Any, _request: PileupRequest, shift: int
) -> Blocks:
    return loop_blocks(fetch, loop_table(records)[:, :2] + shift, windows, expected=expected)


def _boundaries(
    fetch: Fetch, records: list[Annotation], windows: Windows, expected: Any, _request: PileupRequest, shift: int
) -> Blocks:
    bins = [int((one.anchor1.center + shift) // windows.resolution) for one in records]
    return boundary_blocks(fetch, bins, windows, expected=expected)


def _stripes(
    fetch: Fetch, records: list[Annotation], windows: Windows, expected: Any, request: PileupRequest, shift: int
) -> Blocks:
    size = windows.resolution
    own = [(int((one.anchor1.center + shift) // size), *stripe_reach(one, size)) for one in records]
    if request.stretch_stripes:
        return rescaled_stripe_blocks(fetch, own, windows, expected=expected, size=request.size)
    return stripe_blocks(fetch, own, windows, expected=expected, along=range(request.along))


def _tads(
    fetch: Fetch, records: list[Annotation], windows: Windows, expected: Any, request: PileupRequest, shift: int
) -> Blocks:
    size = windows.resolution
    ends = [(one.anchor1.start + shift, one.anchor1.end + shift) for one in records]
    own = [(round(start / size), round(end / size)) for start, end in ends]
    return rescaled_blocks(fetch, own, windows, expected=expected, size=request.size, margin=request.margin)


_BLOCKS = {Kind.LOOP: _loops, Kind.BOUNDARY: _boundaries, Kind.STRIPE: _stripes, Kind.TAD: _tads}
_VALUES: dict[Kind, Callable[[PileUp], float]] = {
    Kind.LOOP: PileUp.ratio,
    Kind.BOUNDARY: across_over_within,
    Kind.STRIPE: line_over_sides,
    Kind.TAD: inside_over_outside,
}


def _pile(
    name: str,
    kind: Kind,
    sums: dict[tuple[str, Kind, bool], _Sums],
    sets: Sequence[PileSet],
    request: PileupRequest,
) -> Pile:
    own, moved = sums[name, kind, False].mean(), sums.get((name, kind, True))
    control = None if moved is None else moved.mean()
    given = sum(record.kind is kind for one in sets if one.name == name for record in one.records)
    value = _VALUES[kind]
    if kind is Kind.STRIPE and request.stretch_stripes:
        value = partial(line_over_sides, beyond=BEYOND)
    return Pile(name, kind, own, control, value(own), float("nan") if control is None else value(control), given)


def title_of(one: Pile) -> str:
    """Name and number of windows, and of how many records they are where some have none."""
    info = KINDS[one.kind]
    some = "" if one.pile.n == one.given else f"{one.pile.n:,} of "
    return f"{one.name}\n{some}{how_many(one.given, info.singular, info.plural)}"
