"""Predict loops, stripes and TADs on a contact map: one code path for button, shell and notebook."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band_pair import iter_band_pair, loop_resolution
from napari_hicstruct.contacts.fused import FUSED_FROM, sources_of
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import display_name, united
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain, preload_torch
from napari_hicstruct.jobs.memory import peak_memory_mb
from napari_hicstruct.workflows.predict.adapt import Adapted, Reading, iter_adapt
from napari_hicstruct.workflows.predict.checks import check_contacts, depth_notes
from napari_hicstruct.workflows.predict.request import (
    MAX_DISTANCE,
    MODES,
    PredictRequest,
    check_model,
    check_request,
    notes,
)
from napari_hicstruct.workflows.projects import identity_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_hicstruct.annotations.writers.tracks import BinTrack
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.inference.chromosome import ChromosomeRun
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.workflows.models import ModelInfo


@dataclass(frozen=True, slots=True)
class PredictResult:
    """All annotations, boundary probabilities per bin, what ``run.json`` says, and the heads of the tasks that ran."""

    annotations: tuple[Annotation, ...]
    boundary_tracks: tuple[BinTrack, ...]
    run: dict[str, Any]
    notes: tuple[str, ...] = field(default=())
    heads: frozenset[str] = frozenset()


def read_request_tracks(
    source: ContactSource, chrom: str, request: PredictRequest, config: ModelConfig
) -> dict[int, NDArray[np.float32]]:
    """The model's tracks on a chromosome by bin size; empty where it reads none."""
    from napari_hicstruct.tracks.binned import read_tracks

    length, both = source.chromsizes[chrom], (config.fine_resolution, config.coarse_resolution)
    read = {r: read_tracks(config.tracks, request.tracks, chrom, length=length, resolution=r) for r in both}
    return {resolution: tracks for resolution, tracks in read.items() if tracks is not None}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model ready to predict, and the time since the job began."""

    predictor: Predictor
    info: ModelInfo
    clock: Clock


def _load(request: PredictRequest, on_windows: Any, clock: Clock) -> _Loaded:
    from napari_hicstruct.evaluation.calibrate import maps_of
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.models.store import load_model

    info, device = check_model(request), choose_device(request.device)
    net, card = load_model(info.path, device=device)
    predictor = Predictor(net, device, MODES[request.mode], on_windows, calibration=maps_of(card))
    return _Loaded(predictor, info, clock)


def _iter_open(
    source: ContactSource, region: Interval, request: PredictRequest, loaded: _Loaded, token: CancelToken
) -> Generator[Progress, None, ChromosomeRun]:
    """Bands and tracks of a region's chromosome, ready to run."""
    from napari_hicstruct.inference.chromosome import ChromosomeRun
    from napari_hicstruct.inference.stretch import Stretch

    predictor = loaded.predictor
    config = request.bins(source, predictor.net.config)
    fine, coarse = yield from iter_band_pair(
        source, region.chrom, config, norm=request.norm, token=token, clock=loaded.clock
    )
    check_contacts(source, region, coarse)
    predictor.tracks = read_request_tracks(source, region.chrom, request, config)
    stretch = Stretch(
        start=region.start,
        end=region.end,
        length=source.chromsizes[region.chrom],
        tasks=request.tasks,
        max_distance=round(MAX_DISTANCE / coarse.scale),
        model=loaded.info.label,
        min_probability=request.min_probability,
        limits=request.limits,
    )
    return ChromosomeRun(predictor, fine, coarse, stretch)


def iter_predict(
    source: ContactSource, request: PredictRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, PredictResult]:
    """Predict region after region; each Progress carries the annotations that have just become final.

    Raises
    ------
    MapError, ConfigError, ModelError
        Before the first window, if the request cannot be done.
    Cancelled
        Within one batch of windows after ``token`` was cancelled.
    """
    token, clock = token or CancelToken(), Clock()
    check_request(source, request)
    said = notes(source, request)
    yield clock.step("load model", 0, 0, " ".join(said))
    preload_torch()
    from napari_hicstruct.inference.device import choose_device, one_each  # seconds: after the first sign of life

    with one_each(choose_device(request.device), request.threads) as workers:
        return (yield from _iter_regions(source, request, said, clock, token, workers))


def _iter_regions(
    source: ContactSource, request: PredictRequest, said: list[str], clock: Clock, token: CancelToken, workers: int
) -> Generator[Progress, None, PredictResult]:
    """All regions, one after another; ``workers`` windows beside each other."""
    from napari_hicstruct.annotations.writers.tracks import BinTrack

    counter = [0]

    def on_windows(n: int) -> None:
        counter[0] += n
        token.check()

    loaded = _load(request, on_windows, clock)
    loaded.predictor.workers = workers
    adapted = yield from _iter_adapted(source, request, loaded, token, clock)
    said += [] if adapted is None else adapted.notes()
    shortest = request.min_length(source)
    regions = [r for r in united(request.regions) if source.chromsizes[r.chrom] >= shortest]
    everything, before = sum(len(r) for r in regions), 0.0
    found: list[Annotation] = []
    tracks: list[BinTrack] = []
    skipped: list[Interval] = []
    for region in regions:
        try:
            run = yield from _iter_open(source, region, request, loaded, token)
        except MapError as error:
            skipped.append(region)
            if len(skipped) == len(regions):  # an empty result would look like a finding
                raise
            said.append(f"{region.chrom} is skipped: {error.message}")
            continue
        said += [
            note
            for note in (*source.level_notes(region.chrom), *depth_notes(run.fine or run.coarse))
            if note not in said
        ]
        share = len(region) / everything
        found += yield from _iter_run(run, region.chrom, counter, (before, share), clock)
        before += share
        if run.track is not None:
            tracks.append(BinTrack(region.chrom, 0, run.coarse.resolution, run.track, run.stretch.length))
    done_chroms = [r.chrom for r in regions if r not in skipped]
    record = run_record(source, request, loaded.info, done_chroms)
    if adapted is not None:
        record["adapted"] = adapted.to_run()
    record["model"]["device"] = str(loaded.predictor.device)
    record |= {"notes": said, "seconds": round(clock.step("", 0, 0).elapsed, 2), "peak_memory_mb": peak_memory_mb()}
    heads = frozenset(task.head for task in loaded.predictor.net.config.tasks if task.name in request.tasks)
    return PredictResult(tuple(found), tuple(tracks), record, tuple(said), heads)


def _iter_adapted(
    source: ContactSource, request: PredictRequest, loaded: _Loaded, token: CancelToken, clock: Clock
) -> Generator[Progress, None, Adapted | None]:
    """Set the gate of the model by windows of the map, where that is asked for."""
    if not request.adapt:
        return None
    net = loaded.predictor.net
    reading = Reading(request.bins(source, net.config), request.norm, request.tracks, token, clock)
    return (yield from iter_adapt(source, net, reading))


def _iter_run(
    run: ChromosomeRun, chrom: str, counter: list[int], part: tuple[float, float], clock: Clock
) -> Generator[Progress, None, list[Annotation]]:
    """All annotations of one region as they become final; ``part``: work done before it, and its share of all."""
    found: list[Annotation] = []
    counter[0], total, (before, share) = 0, run.windows(), part
    for final in run.run():
        found.extend(final)
        done = before + share * min(1.0, counter[0] / total)
        yield clock.step(f"predict {display_name(chrom)}", done, 1.0, payload=final)
    return found


def _norm_of(source: ContactSource, chrom: str, request: PredictRequest) -> str:
    """The balancing of the bins at which loops are called on ``chrom``."""
    from napari_hicstruct.contacts.band_loading import used_norm

    return used_norm(source, chrom, resolution=loop_resolution(source, request.bins(source), chrom), asked=request.norm)


def run_record(
    source: ContactSource, request: PredictRequest, model: ModelInfo, chroms: Sequence[str]
) -> dict[str, Any]:
    """What ``run.json`` says of a run by its request: model, map and parameters."""
    return {
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "map": map_record(source),
        "parameters": {
            **request.to_run(),
            "norms": {chrom: _norm_of(source, chrom, request) for chrom in chroms},
            "loop_resolution": loop_resolution(source, request.bins(source)),
        },
    }


def map_record(source: ContactSource) -> dict[str, Any]:
    """The ``map`` of a ``run.json``: which one, and, where it was fused from two, which those were."""
    fused = sources_of(source)
    return {**identity_of(source).to_run(), **({FUSED_FROM: fused} if fused else {})}


def predict(source: ContactSource, request: PredictRequest) -> PredictResult:
    """:func:`iter_predict` run to its end."""
    return drain(iter_predict(source, request))
