"""Make the replay set of a model: simulated maps, the candidates it finds in them, and their truth."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.loci import SAME_CALL_BP, near_any, points
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config.paths import cache_dir
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.config.training import PoolConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.inference.candidate_scores import HeadScore
    from napari_hicstruct.synth.types import SimulatedMap
    from napari_hicstruct.training.replay import Replay
    from napari_hicstruct.workflows.models import ModelInfo

FILE = "replay.npz"

POOL = PoolConfig(extrusion=14, first_seed=500_000, settings=SimulationConfig(length=8_000_000))
"""Seeds that no training, calibration or benchmark uses."""

FIRST_HELD_OUT_MAP = 8
"""Maps from this number on are never learnt from.  Every other map is read without fine bins, as maps at 10 kb are."""

DEPTHS = (15.0, 1_500.0)
"""Counts at a distance of one bin, spread evenly in their logarithm over the maps."""

MIN_PROBABILITY = 0.02
"""Of a candidate, not calibrated."""

MAX_CANDIDATES = 250
"""Of each map and head: first those that are there, then the others by falling log-odds."""


def pool_folder() -> Path:
    """Where the simulated maps are kept; they can be made again."""
    return cache_dir() / "simulated"


def iter_replay(model: ModelInfo, *, token: CancelToken) -> Generator[Progress, None, Replay]:
    """The replay set of a model: shipped with it, cached, or made now (about a minute, once)."""
    from napari_hicstruct.training.replay import load_replay, save_replay

    key = hashlib.sha256(f"{model.sha256}{POOL.model_dump_json()}{DEPTHS}{FIRST_HELD_OUT_MAP}".encode()).hexdigest()[
        :16
    ]
    cached = cache_dir() / "replay" / f"{key}.npz"
    for path in (model.path / FILE, cached):
        try:
            if path.exists() and (found := load_replay(path)).sha256 == model.sha256:
                return found
        except ModelError:
            continue  # damaged: made anew
    replay = yield from iter_make_replay(model, token=token)
    save_replay(replay, cached)
    return replay


def iter_make_replay(model: ModelInfo, *, token: CancelToken) -> Generator[Progress, None, Replay]:
    """Make it, also where a shipped or cached one exists."""
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.training.pool import iter_make_pool, load_map
    from napari_hicstruct.training.replay import Replay, ReplayRows

    device = choose_device("auto")
    net, _ = load_model(model.path, device=device)
    clock, paths = Clock(), (yield from iter_make_pool(POOL, pool_folder(), token=token))
    columns: dict[str, list[tuple[Any, ...]]] = {}
    for number, path in enumerate(paths):
        yield clock.step("replay set", number, len(paths))
        token.check()
        for layer, *row in _scored_candidates(net, device, load_map(path), number):
            columns.setdefault(layer, []).append((*row, number))
    made = {}
    for layer, found in columns.items():
        features, logit, there, evidence, numbers = zip(*found, strict=True)
        made[layer] = ReplayRows(
            np.array(features, np.float16),
            np.array(logit, np.float32),
            np.array(there, bool),
            np.array(evidence, np.float32),
            np.array(numbers, np.int16),
        )
    return Replay(made, FIRST_HELD_OUT_MAP, model.sha256)


def _scored_candidates(
    net: Any, device: Any, sim: SimulatedMap, number: int
) -> list[tuple[str, Any, float, bool, float]]:
    """Head, features, log-odds, truth and evidence of every candidate of one map."""
    from napari_hicstruct.contacts.band import coarsen_band, make_band
    from napari_hicstruct.inference.candidate_scorer import CandidateScorer

    rng, depth, whole = np.random.default_rng([number, 17]), _depth(number), number % 2 == 0
    most = net.config.max_distance // sim.resolution
    fine: Band = make_band(sim.chrom, sim.resolution, sim.sample(depth, rng)[:most])
    coarse = coarsen_band(fine, 2)
    records = _candidates(net, device, fine if whole else None, coarse, sim)
    there, known = _truth(records, sim, depth)
    scores = CandidateScorer(net, device, fine if whole else None, coarse).score(records)
    scores = [score for score in scores if known[score.owner]]
    return [
        (score.layer, score.features, score.logit, bool(there[score.owner]), _evidence(records[score.owner], score))
        for score in _thinned(scores, there)
    ]


def _thinned(scores: list[HeadScore], there: Any) -> list[HeadScore]:
    """At most :data:`MAX_CANDIDATES` of each head."""
    kept: list[HeadScore] = []
    for layer in dict.fromkeys(score.layer for score in scores):
        mine = sorted((score for score in scores if score.layer == layer), key=lambda s: (not there[s.owner], -s.logit))
        kept += mine[:MAX_CANDIDATES]
    return kept


def _candidates(net: Any, device: Any, fine: Band | None, coarse: Band, sim: SimulatedMap) -> list[Annotation]:
    """Calls with at least :data:`MIN_PROBABILITY`; of TADs their boundaries."""
    from napari_hicstruct.inference.chromosome import ChromosomeRun
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.inference.stretch import Stretch

    tasks = tuple(task.name for task in net.config.tasks)
    stretch = Stretch(
        start=0,
        end=sim.length,
        length=sim.length,
        tasks=tasks,
        max_distance=3_000_000,
        min_probability=dict.fromkeys(tasks, MIN_PROBABILITY),
    )
    run = ChromosomeRun(Predictor(net, device), fine, coarse, stretch)
    return [record for final in run.run() for record in final if record.kind is not Kind.TAD]


def _truth(records: list[Annotation], sim: SimulatedMap, depth: float) -> tuple[Any, Any]:
    """Which candidates are there, and of which it is known: what is too faint at the depth is neither."""
    from napari_hicstruct.labels.truth import truth_in_bins

    truth = truth_in_bins(sim.truth, sim.resolution, base=sim.resolution, depth=depth)
    loops = truth.loops[:, :2].astype(np.float64) * sim.resolution
    borders = truth.boundaries[:, :1].astype(np.float64) * sim.resolution
    stripes = truth.stripes[:, :4] * sim.resolution
    there, known = np.zeros(len(records), bool), np.ones(len(records), bool)
    weight: Any
    for k, record in enumerate(records):
        place = points((record,))
        if record.kind is Kind.LOOP:
            close = near_any(loops, place[:, :2], SAME_CALL_BP)
            weight = truth.loops[:, 2]
        elif record.kind is Kind.BOUNDARY:
            close = near_any(borders, place[:, :1], SAME_CALL_BP)
            weight = truth.boundaries[:, 1] > 0.15
        else:
            close = _overlaps(record, stripes)
            weight = truth.stripes[:, 5]
        there[k] = bool((close & (weight > 0)).any())
        known[k] = there[k] or not close.any()
    return there, known


def _overlaps(record: Annotation, stripes: Any) -> Any:
    """Stripes with the record's anchor that share half of what the two extents cover."""
    anchor = near_any(stripes[:, :2].mean(axis=1)[:, None], points((record,))[:, :1], SAME_CALL_BP)
    y: Interval = record.anchor2
    shared = np.minimum(stripes[:, 3], y.end) - np.maximum(stripes[:, 2], y.start)
    covered = np.maximum(stripes[:, 3], y.end) - np.minimum(stripes[:, 2], y.start)
    return anchor & (shared > covered / 2)


def iter_precision(
    net: Any, device: Any, n: int, *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Average precision of loops, stripes and boundaries on the first ``n`` held-out maps, by the network's calls."""
    from napari_hicstruct.contacts.band import coarsen_band, make_band
    from napari_hicstruct.evaluation.ranking import average_precision_of
    from napari_hicstruct.training.pool import iter_make_pool, load_map

    paths = yield from iter_make_pool(POOL, pool_folder(), token=token)
    found = []
    for number in range(FIRST_HELD_OUT_MAP, FIRST_HELD_OUT_MAP + n):
        token.check()
        yield clock.step("replay maps", number - FIRST_HELD_OUT_MAP, n)
        sim, depth = load_map(paths[number]), _depth(number)
        counts = sim.sample(depth, np.random.default_rng([number, 17]))[: net.config.max_distance // sim.resolution]
        fine = make_band(sim.chrom, sim.resolution, counts)
        records = _candidates(net, device, fine, coarsen_band(fine, 2), sim)
        there, known = _truth(records, sim, depth)
        for kind in dict.fromkeys(record.kind for record in records):
            mine = [k for k, record in enumerate(records) if record.kind is kind and known[k]]
            order = sorted(mine, key=lambda k: -records[k].score)
            if there[mine].any():
                found.append(average_precision_of(there[order], int(there[mine].sum())))
    return np.array(found)


def _depth(number: int) -> float:
    """Counts at a distance of one bin of a map: those learnt from and those held out each go through all depths."""
    learnt = FIRST_HELD_OUT_MAP
    place, maps = (number, learnt) if number < learnt else (number - learnt, POOL.extrusion - learnt)
    part = (place // 2) / max(1, maps // 2 - 1)
    return float(DEPTHS[0] * (DEPTHS[1] / DEPTHS[0]) ** part)


def _evidence(record: Annotation, score: HeadScore) -> float:
    """What decoding adds to the network's log-odds before it ranks."""
    from scipy.special import logit

    p = float(np.clip(record.score, 1e-6, 1 - 1e-6))
    return float(logit(p) - score.logit)
