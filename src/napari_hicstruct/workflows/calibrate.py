"""Fit a model's calibration on simulated maps that it has never seen, and keep it in the model's card."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import numpy as np

    from napari_hicstruct.evaluation.calibrate import Fitted
    from napari_hicstruct.evaluation.ranking import Ranked
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.synth.types import SimulatedMap
    from napari_hicstruct.workflows.models import ModelInfo

FIRST_SEED = 700_000
"""Training draws its maps from other seeds: small ones, and validation from 900,000 on."""

DEPTHS = (2.0, 8.0, 40.0, 200.0, 1_000.0)
MIN_CALLS = 30
"""Calls below which nothing can be fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateRequest:
    """What to calibrate, and on what.

    Attributes
    ----------
    model : str
        Name or folder; its card is rewritten, its weights stay.
    maps : int
        Simulated maps, each sampled at every depth.
    length : int
        bp of each map.
    depths : tuple of float
        Mean counts at a distance of one bin.
    seed : int
        Of the first map; the others follow.
    device : str
    settings : mapping
        Further keys of :class:`SimulationConfig`: ranges other than the defaults.
    """

    model: str
    maps: int = 12
    length: int = 8_000_000
    depths: tuple[float, ...] = DEPTHS
    seed: int = FIRST_SEED
    device: str = "auto"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalibrateResult:
    """What was fitted: task → numbers as they stand in the card, the model's folder, remarks for people."""

    calibration: dict[str, dict[str, Any]]
    folder: Path
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Calls:
    """Scores, counting noise, outcomes and simulated map of every judged call of one task."""

    scores: list[float] = field(default_factory=list)
    noise: list[float] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)


def calibrate(request: CalibrateRequest) -> CalibrateResult:
    """:func:`iter_calibrate` to its end."""
    return drain(iter_calibrate(request))


def iter_calibrate(
    request: CalibrateRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, CalibrateResult]:
    """Simulate, predict, compare with truth, fit, write the card.

    Raises
    ------
    ConfigError
        If the request is impossible.
    ModelError
        If there is no such model, or it is one that is shipped.
    OutputError
        If the card cannot be written; the old one stays.
    """
    import numpy as np

    from napari_hicstruct.synth import simulate_map

    token, clock = token or CancelToken(), Clock()
    config, info = _check(request)
    predictor = _predictor(info, request.device)
    if config.resolution != predictor.net.config.fine_resolution:
        hint = f"Set resolution: {predictor.net.config.fine_resolution}."
        raise ConfigError(f"key 'resolution': {config.resolution} is not the model's finer bin size.", hint=hint)
    calls: dict[str, _Calls] = {}
    total = request.maps * len(request.depths)
    for k in range(request.maps):
        token.check()
        yield clock.step("simulate", k * len(request.depths), total, f"map {k + 1} of {request.maps}")
        sim = simulate_map(config, request.seed + k)
        for j, depth in enumerate(request.depths):
            token.check()
            yield clock.step("predict", k * len(request.depths) + j, total, f"map {k + 1}, depth {depth:g}")
            found = _predicted(predictor, sim, depth, np.random.default_rng([sim.seed, 4, j]))
            _judge_all(calls, found, sim, depth, group=k)
    yield clock.step("fit", total, total)
    notes: list[str] = []
    calibration = _kept(info, _fit_all(calls, request, notes), notes)
    _write_card(info.path, calibration)
    return CalibrateResult(calibration, info.path, tuple(notes))


def _check(request: CalibrateRequest) -> tuple[SimulationConfig, ModelInfo]:
    from napari_hicstruct.workflows.models import find_model

    if request.maps < 2 or not request.depths or not all(depth > 0 for depth in request.depths):
        raise ConfigError("calibration needs at least 2 maps and depths above 0.", hint="Give 12 maps, for example.")
    if request.length < 2_000_000:
        raise ConfigError("the maps are too short to simulate.", hint="Give at least 2 Mb.")
    info = find_model(request.model)
    if info.shipped:
        hint = f"Copy it first: hicstruct models install {info.path} --name mine."
        raise ModelError(f"the model '{info.name}' is shipped and stays as it is.", hint=hint)
    if info.tracks:
        raise ModelError(f"reads the track '{info.tracks[0]}', which simulated maps lack.", where=info.path)
    _check_seeds(info, request)
    reach = min(3_300_000, request.length // 2) // 5_000 * 5_000
    own = {"chrom": "chr1", "length": request.length, "resolution": 5_000, "max_distance": reach}
    return parse_config(SimulationConfig, {**own, **request.settings}), info


def _check_seeds(info: ModelInfo, request: CalibrateRequest) -> None:
    """Refuse maps that the model or one before it was trained on: it is surer of those than of any other."""
    for first, stop in info.simulated_seeds:
        if request.seed < stop and first < request.seed + request.maps:
            hint = f"Give --seed {max(stop for _, stop in info.simulated_seeds)} or more."
            raise ConfigError(f"--seed {request.seed}: the model was trained on maps of these seeds.", hint=hint)


def _predictor(info: ModelInfo, device: str) -> Predictor:
    """The network without any calibration, in the mode that predictions use."""
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.models.store import load_model

    chosen = choose_device(device)
    net, _ = load_model(info.path, device=chosen)
    return Predictor(net, chosen)


def _predicted(
    predictor: Predictor, sim: SimulatedMap, depth: float, rng: np.random.Generator
) -> list[tuple[Annotation, float]]:
    """All that the model calls, with the noise there, and the loops that it calls where there are coarse bins only."""
    from napari_hicstruct.contacts.band import coarsen_band, make_band
    from napari_hicstruct.inference.chromosome import ChromosomeRun
    from napari_hicstruct.inference.stretch import Stretch
    from napari_hicstruct.workflows.predict.request import MAX_DISTANCE

    config = predictor.net.config
    counts = sim.sample(depth, rng)[: config.max_distance // sim.resolution]
    fine = make_band(sim.chrom, sim.resolution, counts)
    coarse = coarsen_band(fine, config.coarse_resolution // sim.resolution)
    found: list[tuple[Annotation, float]] = []
    points, every = predictor.net.tasks_of("point"), [task.name for task in config.tasks]
    alone = make_band(sim.chrom, coarse.resolution, coarse.counts)  # balanced as a level that is read
    for band, large, tasks in ((fine, coarse, every), (None, alone, points)):
        stretch = Stretch(
            start=0, end=sim.length, length=sim.length, tasks=tuple(tasks), max_distance=MAX_DISTANCE, model="model"
        )
        if tasks:
            run = ChromosomeRun(predictor, band, large, stretch)
            found += [(record, run.noise_of(record)) for part in run.run() for record in part]
    return found


def _judge_all(
    calls: dict[str, _Calls], found: list[tuple[Annotation, float]], sim: SimulatedMap, depth: float, *, group: int
) -> None:
    """Add the judged calls of one map to ``calls``."""
    from napari_hicstruct.evaluation.calibrate import key_of
    from napari_hicstruct.synth.records import truth_records

    visible, faint = truth_records(sim, depth)
    by_key: dict[str, list[tuple[Annotation, float]]] = {}
    for record, noise in found:
        by_key.setdefault(key_of(record), []).append((record, noise))
    for key, ours in by_key.items():
        judged = _judge([record for record, _ in ours], visible, faint)
        mine = calls.setdefault(key, _Calls())
        mine.scores += [ours[k][0].score for k in judged.kept]
        mine.noise += [ours[k][1] for k in judged.kept]
        mine.hits += judged.hits.tolist()
        mine.groups += [group] * len(judged.kept)


def _judge(records: list[Annotation], visible: list[Annotation], faint: list[Annotation]) -> Ranked:
    """Which records of one kind and bin size are true within one bin; what only fits a faint structure is left out."""
    from napari_hicstruct.evaluation import boundaries, domains, loops, stripes
    from napari_hicstruct.evaluation import records as tables
    from napari_hicstruct.evaluation.ranking import Ranked

    kind, tolerance = records[0].kind, float(records[0].resolution)
    true, ignore = tables.select(visible, kind), tables.select(faint, kind)
    if kind is Kind.LOOP:
        calls, truth, unclear = map(tables.loop_table, (records, true, ignore))
        match = loops.match_loops(loops.prepare(calls), loops.prepare(truth), tolerance, ignore=loops.rank(unclear))
        return Ranked(loops.prepare_order(calls)[match.kept], match.hits, len(match.truth))
    if kind is Kind.STRIPE:
        calls, truth, unclear = map(tables.stripe_table, (records, true, ignore))
        return stripes.rank_stripes(calls, truth, tolerance, ignore=unclear)
    if kind is Kind.TAD:
        return domains.rank_domains(tables.scored_domain_table(records), tables.domain_table(true))
    calls, truth, unclear = (tables.boundary_table(side, []) for side in (records, true, ignore))
    return boundaries.rank_boundaries(calls, truth[:, 0], tolerance, ignore=unclear[:, 0])


def _fit_all(calls: Mapping[str, _Calls], request: CalibrateRequest, notes: list[str]) -> dict[str, dict[str, Any]]:
    """Task → map and what it is worth; what has too few calls is left out and named."""
    from napari_hicstruct.evaluation.calibrate import fit

    fitted: dict[str, dict[str, Any]] = {}
    for key, mine in sorted(calls.items()):
        if len(mine.scores) < MIN_CALLS or len(set(mine.groups)) < 2:
            notes.append(f"{key}: only {how_many(len(mine.scores), 'call')}, not calibrated.")
        else:
            fitted[key] = _entry(fit(mine.scores, mine.hits, mine.groups, mine.noise), len(mine.scores), request)
    if not fitted:
        raise ModelError("calls too little to be calibrated.", where=request.model, hint="Give more or longer maps.")
    return fitted


def _kept(info: ModelInfo, fitted: dict[str, dict[str, Any]], notes: list[str]) -> dict[str, dict[str, Any]]:
    """What was fitted; what could not be now, or no better than the plain scores, keeps its calibration before."""
    before = info.card.get("calibration", {})
    kept = {
        key: entry
        for key, entry in (before.items() if isinstance(before, Mapping) else ())
        if key not in fitted or (_as_they_are(fitted[key]) and not _as_they_are(entry))
    }
    notes += [f"{key}: its calibration before is kept." for key in kept]
    return {**fitted, **kept}


def _as_they_are(entry: Mapping[str, Any]) -> bool:
    """True if the scores stay as they are."""
    return not entry.get("knots") and (entry.get("temperature"), entry.get("bias")) == (1.0, 0.0)


def _entry(fitted: Fitted, calls: int, request: CalibrateRequest) -> dict[str, Any]:
    before, after = fitted.before, fitted.after
    return {
        **fitted.map.to_dict(),
        "calls": calls,
        "ece_before": round(before.ece, 4),
        "ece": round(after.ece, 4),
        "brier_before": round(before.brier, 4),
        "brier": round(after.brier, 4),
        "maps": request.maps,
        "length": request.length,
        "depths": list(request.depths),
        "seed": request.seed,
    }


def _write_card(folder: Path, calibration: dict[str, dict[str, Any]]) -> None:
    """Put ``calibration`` into the folder's card, all else as it was."""
    from napari_hicstruct.config.files import write_text
    from napari_hicstruct.models.store import CARD, read_card

    text = read_card(folder)
    text["card"] = {**text["card"], "calibration": calibration}
    write_text(folder / CARD, json.dumps(text, indent=2))
