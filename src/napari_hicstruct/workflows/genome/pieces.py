"""What workers do: read a region's band, run some of its windows, decode it.  Each leaves its result in the store."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import output_error
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.band_pair import iter_band_pair
from napari_hicstruct.errors import Cancelled, HicStructError, MapError, ModelError, OutputError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.jobs.memory import keep_memory, peak_memory_mb
from napari_hicstruct.workflows.genome.plan import ROWS, Bins, RegionPlan, RunSpec, name_of_region, plan_regions
from napari_hicstruct.workflows.genome.run_store import RunStore

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.workflows.models import ModelInfo

MIN_OFFSET_PROBABILITY = 0.01
"""Offsets of loops are kept where their probability is at least this; decoders ask for none below."""


class StopToken(CancelToken):
    """Cancelled when the store says that a run is to stop: nobody can reach into a worker's thread."""

    def __init__(self, store: RunStore) -> None:
        super().__init__()
        self._store = store

    def check(self) -> None:
        """Raise :class:`Cancelled` if somebody asked to stop."""
        self._store.check_there()
        if self._store.stopping:
            raise Cancelled("Cancelled.")


def here() -> str:
    """This machine's name, for messages that others read."""
    return socket.gethostname()


@contextmanager
def _at_work(spec: RunSpec) -> Iterator[RunStore]:
    """The store; what cannot be written or read there is said with this machine's name."""
    store = RunStore(spec.store)
    StopToken(store).check()
    try:
        yield store
    except HicStructError:
        raise
    except OSError as error:
        said = output_error(spec.store, error)
        raise type(said)(f"{said.message[:-1]} on {here()}.", where=said.where, hint=said.hint) from error


@lru_cache(maxsize=1)
def _network(spec_model: str, sha256: str, device: str) -> tuple[Any, Any, ModelInfo]:
    """Network, card and description of a model; once per process."""
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.models import find_model

    info = find_model(spec_model)
    if info.sha256 != sha256:
        what = f"the model '{spec_model}' has other weights on {here()} than where the run began."
        raise ModelError(what, hint="Install the same model there, or name a folder that all machines see.")
    net, card = load_model(info.path, device=choose_device(device))
    return net, card, info


def predictor_of(spec: RunSpec, kind: type[Predictor] | None = None, **more: Any) -> Predictor:
    """A predictor around this process's network, one thread each."""
    import torch

    from napari_hicstruct.evaluation.calibrate import maps_of
    from napari_hicstruct.inference.maps import Predictor

    torch.set_num_threads(1)  # as `predict` does; beside each other run tasks, not threads
    net, card, _ = _network(spec.model, spec.sha256, spec.request.device)
    device = next(net.parameters()).device
    token = StopToken(RunStore(spec.store))
    return (kind or Predictor)(net, device, spec.overlap, lambda _: token.check(), calibration=maps_of(card), **more)


def seconds_per_window(spec: RunSpec) -> dict[Bins, float]:
    """What a window costs on this worker, measured on an empty one."""
    import torch

    from napari_hicstruct.inference.maps import BATCH

    predictor = predictor_of(spec)
    net, w = predictor.net, predictor.net.config.windows
    prior = predictor.net.config.boundary_prior.kind != "none"
    found: dict[Bins, float] = {}
    for bins, size, n in (("fine", w.fine_size, BATCH.get(predictor.device.type, 2)), ("coarse", w.coarse_size, 1)):
        x = torch.zeros((n, net.config.in_channels, size, size), device=predictor.device)
        times = [_timed(predictor, x, bins == "fine", prior) for _ in range(3)]
        found["fine" if bins == "fine" else "coarse"] = min(times) / n
    return found


def _timed(predictor: Predictor, x: Any, fine: bool, with_prior: bool) -> float:
    import torch

    from napari_hicstruct.inference.boundary_prior import BoundaryPriorTrack
    from napari_hicstruct.inference.device import precision

    net, began = predictor.net, time.perf_counter()
    track, factor = BoundaryPriorTrack(np.zeros(x.shape[-1], np.float32)), 2 if fine else 1
    prior = track.cut([(0, 0)] * len(x), x.shape[-1], factor=factor, device=predictor.device) if with_prior else None
    with torch.inference_mode(), precision(predictor.device):
        x = x.contiguous(memory_format=torch.channels_last)
        out = net.fine(x, net.tasks_of("point"), prior=prior) if fine else net.coarse(
            x, [task.name for task in net.config.tasks], prior=prior
        )  # fmt: skip
        for value in out.values():
            found: Any = value
            (found["fine"] if fine else found).float().cpu()
    return time.perf_counter() - began


# ---------------------------------------------------------------------- reading
_PLANNED: dict[Path, tuple[ContactSource, list[RegionPlan | MapError]]] = {}
"""Map and plan of the run that this process last worked on, by its store."""


def _planned(spec: RunSpec) -> tuple[ContactSource, list[RegionPlan | MapError]]:
    from napari_hicstruct.workflows.models import find_model

    if spec.store not in _PLANNED:
        source = open_map(spec.map)
        _PLANNED.clear()
        _PLANNED[spec.store] = source, plan_regions(source, spec, find_model(spec.model))
    return _PLANNED[spec.store]


def plan_of(spec: RunSpec, index: int) -> RegionPlan:
    """The plan of one region, from this process's own look at the map."""
    plan = _planned(spec)[1][index]
    if isinstance(plan, MapError):
        raise plan
    return plan


def check_map(spec: RunSpec) -> str:
    """Why this worker cannot read the map; empty if it can."""
    try:
        source = open_map(spec.map)
    except MapError as error:
        return f"{here()} cannot read the map: {error}"
    if source.fingerprint() != spec.fingerprint:
        return f"{here()} sees another map at {spec.map}."
    if not (spec.store / "run.json").exists():
        return f"{here()} does not see the folder {spec.store}: name one with --store that all machines share."
    return ""


def prepare(spec: RunSpec, index: int) -> dict[str, Any]:
    """Read a region's chromosome, balance it and keep its bands; or say why it is skipped."""
    name = f"{name_of_region(index)}-prepare"
    with _at_work(spec) as store:
        if (known := store.done(name)) is not None:
            return known
        began = time.perf_counter()
        try:
            found = _prepared(store, spec, index)
        except Changed:
            raise
        except MapError as error:
            found = {"skipped": str(error), "message": error.message}
        found |= {"seconds": time.perf_counter() - began, "peak_memory_mb": peak_memory_mb()}
        store.finish(name, found)
        return found


def _prepared(store: RunStore, spec: RunSpec, index: int) -> dict[str, Any]:
    from napari_hicstruct.workflows.predict.checks import check_contacts, depth_notes

    source, region = open_map(spec.map), spec.regions[index]
    if source.fingerprint() != spec.fingerprint:
        what = f"has changed since the run began (seen on {here()})."
        raise Changed(what, where=spec.map, hint="Run again without --resume.")
    plan, token = plan_of(spec, index), StopToken(store)
    fine, coarse = drain(iter_band_pair(source, region.chrom, plan.config, norm=spec.request.norm, token=token))
    check_contacts(source, region, coarse)
    for bins, band, shape in (("fine", fine, plan.fine), ("coarse", coarse, plan.coarse)):
        if band is not None and shape is not None:
            assert (band.n_bins, band.n_diagonals) == (shape.n_bins, shape.n_diagonals)  # what was planned with
            store.write_band(f"{name_of_region(index)}/{bins}", band)
    _keep_prior(store, spec, plan, coarse)
    _make_maps(store, plan)
    device = str(predictor_of(spec).device)
    return {"notes": [*source.level_notes(region.chrom), *depth_notes(fine or coarse)], "device": device}


class Changed(MapError):
    """The map is not the one that the run began with: nothing of it may go on."""


def _keep_prior(store: RunStore, spec: RunSpec, plan: RegionPlan, coarse: Band) -> None:
    predictor = predictor_of(spec)
    predictor.tracks = _tracks(spec, plan)
    start, stop = plan.stretch.bins(coarse)
    reach = plan.stretch.reach(coarse) + plan.config.windows.coarse_size
    predictor.prepare_prior(coarse, start - reach, stop + reach)
    if predictor.prior is not None:
        p = predictor.prior.p
        store.make(f"{name_of_region(plan.index)}/prior", p.shape, p.shape)[:] = p


def _tracks(spec: RunSpec, plan: RegionPlan) -> dict[int, NDArray[np.float32]]:
    from napari_hicstruct.workflows.predict import read_request_tracks

    source = _planned(spec)[0]
    return read_request_tracks(source, spec.regions[plan.index].chrom, spec.request, plan.config)


def _make_maps(store: RunStore, plan: RegionPlan) -> None:
    """Empty maps for the windows of a region, a chunk for each unit."""
    for bins, tiling in plan.tilings.items():
        points, masks, _ = plan.tasks(bins)
        n_rows = (len(tiling.row_tiles()) + tiling.overlap - 1) * tiling.stride
        for tasks, channels in ((points, 3), (masks, 2)):
            for task in tasks:
                shape = (channels, n_rows, tiling.n_diagonals)
                store.make(
                    f"{name_of_region(plan.index)}/{bins}/map_{task}", shape, (channels, ROWS * tiling.stride, shape[2])
                )


# ---------------------------------------------------------------------- windows
def unit_name(index: int, bins: Bins, unit: int) -> str:
    """Of a unit in the store."""
    return f"{name_of_region(index)}-{bins}-{unit:05d}"


def run_windows(spec: RunSpec, index: int, bins: Bins, units: range, prepared: dict[str, Any]) -> dict[str, Any]:
    """Windows of some units of a region; those that have been run are left as they are."""
    began, ran = time.perf_counter(), 0
    with _at_work(spec) as store:
        for unit in units if "skipped" not in prepared else ():
            if store.done(unit_name(index, bins, unit)) is None:
                ran += _run_unit(store, spec, plan_of(spec, index), bins, unit)
    return {"windows": ran, "seconds": time.perf_counter() - began, "host": here()}


def _run_unit(store: RunStore, spec: RunSpec, plan: RegionPlan, bins: Bins, unit: int) -> int:
    from napari_hicstruct.inference.boundary_prior import BoundaryPriorTrack
    from napari_hicstruct.inference.pieces import Piece, cut_prior, cut_tracks, run_piece

    region, tiling, began = name_of_region(plan.index), plan.tilings[bins], time.perf_counter()
    first, last = plan.units(bins)[unit]
    piece, tasks = Piece.of(tiling, first, last), plan.tasks(bins)
    resolution = plan.config.fine_resolution if bins == "fine" else plan.config.coarse_resolution
    band = store.read_band(f"{region}/{bins}", spec.regions[plan.index].chrom, resolution, piece.bins)
    predictor, factor = predictor_of(spec), 2 if bins == "fine" else 1
    if plan.config.boundary_prior.kind != "none":
        predictor.prior = cut_prior(BoundaryPriorTrack(store.read(f"{region}/prior")), piece.origin, factor)
    predictor.tracks = cut_tracks(_tracks(spec, plan), resolution, *piece.bins) if plan.config.tracks else {}
    maps, features = run_piece(predictor, band, piece, tasks, fine=bins == "fine")
    base = tiling.row_tiles()[0]
    for task, values in maps.items():
        start = piece.final[0] - base
        if task in tasks[0]:
            values[1:, values[0] < MIN_OFFSET_PROBABILITY] = 0  # noise, which would take more room than all else
        store.array(f"{region}/{bins}/map_{task}")[:, start : start + values.shape[1]] = values
    for task, found in features.items():
        for begin, part in found:
            store.make(f"{region}/strips_{task}/{begin}", part.shape, part.shape, "float16")[:] = part
    windows = plan.windows(bins)[unit]
    about = {"windows": windows, "strips": _starts(features), "seconds": time.perf_counter() - began}
    store.finish(unit_name(plan.index, bins, unit), about)
    return windows


def _starts(features: dict[str, list[tuple[int, Any]]]) -> dict[str, list[int]]:
    return {task: [begin for begin, _ in found] for task, found in features.items()}


# ---------------------------------------------------------------------- decoding
def decode(spec: RunSpec, index: int, *ran: Any) -> dict[str, Any]:
    """Calls of a region from its maps, kept as lines of JSON, and its boundary probabilities."""
    name = f"{name_of_region(index)}-decode"
    with _at_work(spec) as store:
        if (known := store.done(name)) is not None:
            return known
        prepared, began = store.done(f"{name_of_region(index)}-prepare"), time.perf_counter()
        if prepared is not None and "skipped" in prepared:
            return prepared
        found = _decoded(store, spec, plan_of(spec, index))
        found |= {"seconds": time.perf_counter() - began, "peak_memory_mb": peak_memory_mb()}
        store.finish(name, found)
        return found


def _decoded(store: RunStore, spec: RunSpec, plan: RegionPlan) -> dict[str, Any]:
    from napari_hicstruct.annotations.codec import json_of, to_row
    from napari_hicstruct.inference.chromosome import ChromosomeRun
    from napari_hicstruct.inference.stored import StoredMaps

    region, chrom = name_of_region(plan.index), spec.regions[plan.index].chrom
    coarse = store.read_band(f"{region}/coarse", chrom, plan.config.coarse_resolution)
    fine = None if plan.fine is None else store.read_band(f"{region}/fine", chrom, plan.config.fine_resolution)
    maps = predictor_of(spec, StoredMaps, canvases=_canvases(store, plan), features=_features(store, plan))
    maps.tracks = _tracks(spec, plan)
    run = ChromosomeRun(maps, fine, coarse, plan.stretch)
    rows = [json_of(to_row(record)) for final in run.run() for record in final]
    if run.track is not None:
        store.make(f"{region}/track", run.track.shape, run.track.shape, fill=-1.0)[:] = run.track  # NaN: no value
    return {"calls": rows, "track": run.track is not None, "resolution": coarse.resolution}


def _canvases(store: RunStore, plan: RegionPlan) -> dict[tuple[str, str], Any]:
    from napari_hicstruct.inference.stored import StoredCanvas

    found: dict[tuple[str, str], Any] = {}
    for bins, tiling in plan.tilings.items():
        points, masks, _ = plan.tasks(bins)
        for task in (*points, *masks):
            array = store.array(f"{name_of_region(plan.index)}/{bins}/map_{task}")
            found[bins, task] = StoredCanvas(array, tiling.row_tiles()[0], partial(_damaged, store, task))
    return found


def _damaged(store: RunStore, task: str, rows: slice) -> OutputError:
    return store.damaged(f"lacks rows {rows.start} to {rows.stop} of the map of {task}")


def _features(store: RunStore, plan: RegionPlan) -> dict[str, list[tuple[int, NDArray[np.float16]]]]:
    found: dict[str, list[tuple[int, NDArray[np.float16]]]] = {}
    for unit in range(len(plan.units("coarse"))) if "coarse" in plan.tilings else ():
        done = store.done(unit_name(plan.index, "coarse", unit)) or {}
        for task, begins in done.get("strips", {}).items():
            kept = [store.read(f"{name_of_region(plan.index)}/strips_{task}/{begin}") for begin in begins]
            found.setdefault(task, []).extend(zip(begins, kept, strict=True))
    return {task: found.get(task, []) for task in plan.tasks("coarse")[2]}


def calls_of(store: RunStore, index: int) -> tuple[list[Any], dict[str, Any]] | None:
    """Calls of a decoded region and what else is known of it; None while it is not decoded."""
    from napari_hicstruct.annotations.codec import from_json_lines

    found = store.done(f"{name_of_region(index)}-decode")
    return None if found is None else (from_json_lines(found["calls"]), found)


def load_model_of(spec: RunSpec) -> None:
    """Have this process load the model of a run.

    Raises
    ------
    ModelError, ConfigError
        If it is not the run's model, or its device is not there.
    """
    keep_memory()
    _network(spec.model, spec.sha256, spec.request.device)


def forget_model() -> None:
    """Free what this process keeps of a run."""
    _network.cache_clear()
    _PLANNED.clear()
