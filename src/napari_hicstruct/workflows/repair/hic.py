"""Votes of callers over a region of a Hi-C map → repaired masks → annotations, as proposals for review."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations import loci
from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status
from napari_hicstruct.errors import LabelError, RegionError
from napari_hicstruct.genome import Interval, canonical_name, display_region, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.consensus import CallFile, FileVotes, iter_read_calls
from napari_hicstruct.workflows.repair.hic_changes import SAME_WITHIN_BINS, KindChange, added_up, compared
from napari_hicstruct.workflows.repair.job import Until

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.config.repair import RepairConfig
    from napari_hicstruct.labels.votes import MaskKind, VoteMap
    from napari_hicstruct.workflows.repair import RepairResult
    from napari_hicstruct.workflows.repair.hic_tiles import Piece

MIN_BINS, MAX_BINS = 16, 3_000
"""Side of a region; larger ones would take hours, and each map of votes hundreds of MB."""

SET_NAME = "repaired votes"
"""Of the project that holds the proposals."""

CHANGES_FILE = "changes.txt"


@dataclass(frozen=True, slots=True)
class HicRepairRequest:
    """What to repair.

    Attributes
    ----------
    files : tuple of CallFile
        Calls of each program; several files of one program are one vote.
    region : Interval
        Of one chromosome; grown to whole bins.
    bin_size : int
        bp of a pixel: that of the map on which the calls were made.
    chromsizes : mapping of str to int
        Of the map; empty: regions are not checked, and names of chromosomes are compared without ``chr``.
    threshold : float
        Share of the callers in (0, 1): what so many or more have is listed.
    config : RepairConfig, optional
        None: the preset ``hic``.  Its classes are replaced by domains, stripes and loops.
    until : "shape", "fusion" or "joint"
        The last stage; stage 3 takes many times as long as the others for hundreds of tiles.
    folder : Path, optional
        Keeps functions and checkpoints.
    device : str
    resume, overwrite : bool
    threads : int, optional
    """

    files: tuple[CallFile, ...]
    region: Interval
    bin_size: int
    chromsizes: Mapping[str, int] = field(default_factory=dict)
    threshold: float = 0.5
    config: RepairConfig | None = None
    until: Until = "fusion"
    folder: Path | None = None
    device: str = "auto"
    resume: bool = False
    overwrite: bool = False
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class RepairedVotes:
    """One kind before and after: float32 maps of the share of the callers, see ``labels.votes.VoteMap``."""

    votes: VoteMap
    share: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HicRepairResult:
    """What came of it.

    Attributes
    ----------
    records : tuple of Annotation
        Domains, stripes and loops, proposed; ``score`` is the mean repaired share of the callers on their pixels.
    maps : tuple of RepairedVotes
    changes : tuple of KindChange
    files : tuple of FileVotes
        What became of each file.
    notes : tuple of str
    run : dict
        Settings and versions, as ``run.json`` says them.
    """

    records: tuple[Annotation, ...]
    maps: tuple[RepairedVotes, ...]
    changes: tuple[KindChange, ...]
    files: tuple[FileVotes, ...]
    notes: tuple[str, ...]
    run: dict[str, Any]

    def text(self) -> str:
        """What changed, in sentences, one a line."""
        return "\n".join([one.sentence() for one in self.changes] + list(self.notes))


def iter_hic_repair(
    request: HicRepairRequest, *, token: CancelToken | None = None, stop: CancelToken | None = None
) -> Generator[Progress, None, HicRepairResult]:
    """Count votes, repair them tile by tile with one shared function, read the objects off again.

    Raises
    ------
    RegionError
        If the region lies beside the map, or has too few or too many bins.
    LabelError
        If fewer than two programs can be used, or nothing is called in the region.
    ConfigError
    """
    from napari_hicstruct.labels.votes import vote_maps

    token = token or CancelToken()
    region = _checked_region(request)
    calls, files = yield from iter_read_calls(request.files, request.chromsizes, token=token)
    if len(calls) < 2:
        reasons = " ".join(f"{one.path.name}: {one.error}" for one in files if one.error)
        raise LabelError("a vote needs calls of two programs or more.", hint=reasons or "Give more files.")
    yield Clock().step("count votes", 0, 0, display_region(region))
    votes = [one for one in vote_maps(calls, region, request.bin_size) if len(one.callers) > 1]
    if not votes:
        text = f"no kind is called by two programs in {display_region(region)}."
        raise LabelError(text, hint="Choose another region, or give more files.")
    pieces, result = yield from _iter_repaired(request, votes, token, stop)
    maps = tuple(_put_together(votes, pieces, result))
    records, changes = _read_off(maps, request, calls)
    notes = (*_left_out(calls, votes), *result.notes)
    run = {**result.run, "parameters": _parameters(request, region, calls)}
    return HicRepairResult(tuple(records), maps, tuple(changes), files, notes, run)


def hic_repair(request: HicRepairRequest) -> HicRepairResult:
    """As :func:`iter_hic_repair`, run to its end."""
    return drain(iter_hic_repair(request))


def write_hic_repair(
    result: HicRepairResult, out: str | Path, *, provenance: Mapping[str, Any] | None = None, overwrite: bool = False
) -> list[Path]:
    """Label files of the repaired objects, ``changes.txt`` and ``run.json``.

    Parameters
    ----------
    provenance : mapping, optional
        What ``run.json`` says besides: ``map`` as :func:`~napari_hicstruct.workflows.projects.identity_of` gives it.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds label files that must not be replaced without ``overwrite``.
    """
    from napari_hicstruct.annotations.writers.export import DEFAULT_FORMATS, export_records
    from napari_hicstruct.config.files import write_text

    kinds = list(dict.fromkeys(one.votes.kind.kind for one in result.maps))
    run = {**result.run, **(provenance or {})}
    files = export_records(
        result.records, out, formats=DEFAULT_FORMATS, provenance=run, kinds=kinds, overwrite=overwrite
    )
    path = Path(out) / CHANGES_FILE
    places = [line for one in result.changes for line in one.places]
    write_text(path, "\n".join([result.text(), "", *places]).rstrip() + "\n")
    return [*files, path]


def check_hic_folder(out: str | Path, *, provenance: Mapping[str, Any] | None = None, overwrite: bool = False) -> None:
    """Refuse a folder whose label files must not be replaced, before the work is begun.

    Raises
    ------
    OutputError
        As :func:`write_hic_repair`.
    """
    from napari_hicstruct.annotations.writers.export import DEFAULT_FORMATS, file_names
    from napari_hicstruct.annotations.writers.folder import plan_folder

    every = file_names((Kind.TAD, Kind.STRIPE, Kind.LOOP), DEFAULT_FORMATS)  # which of them comes is not known yet
    plan_folder(Path(out), every, provenance or {}, overwrite=overwrite)


def store_hic_repair(result: HicRepairResult, project: Project) -> str:
    """Add the objects as proposals, in a set of their own, as one step that one undo takes back; gives its name.

    Raises
    ------
    ProjectError
        If the project cannot be written.
    """
    return project.add_as_set(SET_NAME, Origin.PREDICTED, list(result.records), action="predict").name


# ---------------------------------------------------------------------- the parts
def _checked_region(request: HicRepairRequest) -> Interval:
    """The region in whole bins, within the map."""
    region, bin_size = request.region, request.bin_size
    if bin_size < 1:
        raise RegionError(f"{bin_size} bp are no bin size.", hint="Give that of the map, as 10k.")
    length = request.chromsizes.get(region.chrom)
    if request.chromsizes and length is None:
        raise RegionError(f"the map has no chromosome {region.chrom}.", hint="Spell it as the map does.")
    whole = (region if length is None else region.clamp(length)).snap(bin_size)
    n_bins = len(whole) // bin_size
    if not MIN_BINS <= n_bins <= MAX_BINS:
        text = f"{display_region(region)} has {how_many(n_bins, 'bin')} of {format_bin_size(bin_size)}."
        raise RegionError(text, hint=f"Choose a region of {MIN_BINS} to {MAX_BINS:,} bins.")
    return whole


def _iter_repaired(
    request: HicRepairRequest, votes: Sequence[VoteMap], token: CancelToken, stop: CancelToken | None
) -> Generator[Progress, None, tuple[list[Piece], RepairResult]]:
    """One sample for each tile of each level set: kinds lie over each other, so a sample holds one alone."""
    from napari_hicstruct.config.repair import repair_config
    from napari_hicstruct.label_repair.sample import LabelSample
    from napari_hicstruct.workflows.repair import RepairOptions, iter_repair
    from napari_hicstruct.workflows.repair.hic_tiles import pieces_of

    pieces = [piece for one in votes for piece in pieces_of(one)]
    values = {one.kind: number for number, one in enumerate(votes, 1)}
    samples = [
        LabelSample(piece.name, piece.mask.astype(np.uint8) * values[piece.kind], (1.0, 1.0)) for piece in pieces
    ]
    config = _with_classes(request.config or repair_config("hic"), values)
    options = RepairOptions(
        folder=request.folder,
        until=request.until,
        device=request.device,
        resume=request.resume,
        overwrite=request.overwrite,
        threads=request.threads,
        token=token,
        stop=stop,
        soft=True,
    )
    result = yield from iter_repair(samples, config, options)
    return pieces, result


def _with_classes(config: RepairConfig, values: Mapping[MaskKind, int]) -> RepairConfig:
    """The settings with the kinds that are there as classes, and no rule that names another."""
    from napari_hicstruct.config.repair import LabelClass

    names = {kind.value for kind in values}
    classes = tuple(LabelClass(name=kind.value, value=value) for kind, value in values.items())
    rules = tuple(rule for rule in config.rules if set(rule.names) <= names)
    return config.model_copy(update={"classes": classes, "priority": (), "rules": rules})


def _put_together(votes: Sequence[VoteMap], pieces: Sequence[Piece], result: RepairResult) -> list[RepairedVotes]:
    from napari_hicstruct.workflows.repair.hic_tiles import put_together

    places = {one.name: number for number, one in enumerate(result.classes)}
    found = []
    for one in votes:
        own = [
            (piece, occupancy[places[one.kind.value]])
            for piece, occupancy in zip(pieces, result.occupancy, strict=True)
            if piece.kind is one.kind and one.kind.value in places
        ]
        found.append(RepairedVotes(one, put_together(one, own)))
    return found


def _read_off(
    maps: Sequence[RepairedVotes], request: HicRepairRequest, calls: Mapping[str, Sequence[Annotation]]
) -> tuple[list[Annotation], list[KindChange]]:
    """The objects of the repaired maps, and how they differ from those of the votes."""
    from napari_hicstruct.labels.votes import objects_of

    records: list[Annotation] = []
    changes = []
    for one in maps:
        votes = one.votes
        least = votes.threshold(request.threshold)
        before, after = (
            objects_of(share, votes.kind, votes.region, votes.bin_size, threshold=least, ends=ends)
            for share, ends in ((votes.share, None), (one.share, domain_ends(votes, request, calls)))
        )
        mask, repaired = votes.share >= least, one.share >= least
        pixels = int(mask.sum()), int((mask != repaired).sum())
        changes.append(compared(votes.kind.kind, before, after, pixels, votes.bin_size))
        records += [_supported(record, calls, votes) for record in after]
    return records, added_up(changes)


def domain_ends(
    votes: VoteMap, request: HicRepairRequest, calls: Mapping[str, Sequence[Annotation]]
) -> NDArray[np.int64] | None:
    """Where domains may end by the settings; None: anywhere, and for all other kinds."""
    from napari_hicstruct.config.repair import repair_config
    from napari_hicstruct.labels.votes import MaskKind, shared_ends

    settings = (request.config or repair_config("hic")).ends
    if settings is None or votes.kind is not MaskKind.DOMAIN:
        return None
    own = {"least": settings.least, "reach": settings.reach, "loops": settings.loops}
    return shared_ends(calls, votes.region, votes.bin_size, **own)


def _supported(record: Annotation, calls: Mapping[str, Sequence[Annotation]], votes: VoteMap) -> Annotation:
    """The record with the callers that have it, within two bins, and their calls."""
    place, own = loci.points([record]), {name: _same_kind(calls[name], record) for name in votes.callers}
    near = {
        name: len(loci.pairs_within(place, loci.points(some), SAME_WITHIN_BINS * votes.bin_size))
        for name, some in own.items()
        if some
    }
    supporters = tuple(sorted(name for name, n_calls in near.items() if n_calls))
    n_tools = len(supporters) or max(1, round(record.score * len(votes.callers)))  # whose ends nobody has alike
    return record.with_(supporters=supporters, n_tools=n_tools, n_calls=sum(near.values()))


def _same_kind(calls: Sequence[Annotation], record: Annotation) -> list[Annotation]:
    """Calls of the record's kind on its chromosome."""
    chrom = canonical_name(record.chrom)
    return [one for one in calls if one.kind is record.kind and canonical_name(one.chrom) == chrom]


def _left_out(calls: Mapping[str, Sequence[Annotation]], votes: Sequence[VoteMap]) -> list[str]:
    """Callers that had no say, in sentences."""
    voted = {name for one in votes for name in one.callers}
    return [f"{name} has no calls of a kind that another program has." for name in sorted(set(calls) - voted)]


def _parameters(
    request: HicRepairRequest, region: Interval, calls: Mapping[str, Sequence[Annotation]]
) -> dict[str, Any]:
    return {
        "regions": [str(region).replace(",", "")],
        "bin_size": request.bin_size,
        "threshold": request.threshold,
        "until": request.until,
        "callers": {name: len(records) for name, records in sorted(calls.items())},
        "statuses": Status.PROPOSED.value,
    }
