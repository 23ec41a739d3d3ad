"""Train on enhancer–promoter pairs of several cell lines, and judge on lines and chromosomes that were held out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.config.files import output_error, write_text
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.epi.data import EpiData
    from napari_hicstruct.epi.motifs import Motif
    from napari_hicstruct.epi.train import EpiJob
    from napari_hicstruct.models.epi.network import EpiNet

SETTINGS = "settings.json"
FREE = {"name"}
"""Keys that may change when a run is taken up again; not ``train.epochs``: the schedule hangs on it."""


@dataclass(frozen=True, slots=True)
class TrainEpiRequest:
    """What to train on, and where to write.

    Attributes
    ----------
    pairs, fasta : Path
    out : Path
        Folder for checkpoint, log, figures and ``model``.
    lines : Path, optional
        Table of what is known of lines.
    threads : int, optional
        Of the processor; default: as torch has it.
    stop : CancelToken, optional
        Ends the training early and keeps the best.
    motifs : Path, optional
        File in JASPAR's format, for ``encoder.start: motifs``.
    """

    pairs: Path
    fasta: Path
    out: Path
    config: EpiConfig = field(default_factory=EpiConfig)
    lines: Path | None = None
    device: str = "auto"
    threads: int | None = None
    stop: CancelToken | None = None
    motifs: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainedEpi:
    """What became of it.

    Attributes
    ----------
    model : Path
    figures : dict
        ``validation``, ``seen`` and ``unseen`` lines: AUPR, AUROC; ``threshold``, ``f1``, ``gap``.
    per_line : dict
        The same by line.
    notes : tuple of str
    """

    model: Path
    figures: dict[str, Any]
    per_line: dict[str, dict[str, dict[str, float]]]
    notes: tuple[str, ...]


def iter_train_epi(request: TrainEpiRequest, token: CancelToken | None = None) -> Generator[Progress, None, TrainedEpi]:
    """Read, split, train (or go on), judge, and write ``out/model``.

    Each step's payload is its losses, each epoch's its log entry.

    Raises
    ------
    ConfigError, LabelError, SequenceError, OutputError, JobError, Cancelled
    """
    from napari_hicstruct.epi.split import find_leaks, make_split
    from napari_hicstruct.epi.train import EpiJob, iter_fit
    from napari_hicstruct.inference.device import choose_device, torch_threads

    token, clock, config = token or CancelToken(), Clock(), request.config
    device = choose_device(request.device)
    motifs = _start_motifs(request)
    data = _read(request)
    yield clock.step("read pairs", 1, 1, f"{how_many(len(data.table), 'pair')} of {how_many(len(data.lines), 'line')}")
    split = make_split(data.table, config.split, seed=config.seed)
    leaks = find_leaks(data.table, split)
    notes = [*data.notes, *split.notes, *leaks]
    _prepare(request, data)
    with torch_threads(request.threads or 0):
        for note in notes:
            yield clock.step("read pairs", 1, 1, note, notice=True)
        job = EpiJob(config, data, split, request.out, str(device), token, request.stop, motifs)
        net, entry = yield from iter_fit(job)
        token.check()
        yield clock.step("judge", 0, 1)
        found = judge(job, net)
    found["card"] |= {"notes": notes, "leaks": leaks, "share_open": entry.get("train", {}).get("share_open")}
    return _pack(request, job, net, found, notes)


def _read(request: TrainEpiRequest) -> EpiData:
    from napari_hicstruct.epi.data import load_data
    from napari_hicstruct.epi.lines import read_lines
    from napari_hicstruct.epi.tables import read_pairs
    from napari_hicstruct.genome.fasta import Fasta

    table = read_pairs(request.pairs, labelled=True)
    lines = None if request.lines is None else read_lines(request.lines)
    return load_data(table, Fasta(request.fasta), lines, request.config)


def _start_motifs(request: TrainEpiRequest) -> tuple[Motif, ...]:
    """Motifs that filters start at; a file and the setting go together or not at all."""
    from napari_hicstruct.epi.motifs import read_jaspar

    wanted = request.config.encoder.start == "motifs"
    if wanted and request.motifs is None:
        hint = "Give a file in JASPAR's format (--motifs), or encoder.start: words."
        raise ConfigError("encoder.start is motifs, but no file of motifs is given.", hint=hint)
    if request.motifs is None:
        return ()
    if not wanted:
        hint = "Set encoder.start: motifs, or leave the file out."
        raise ConfigError(
            f"encoder.start is {request.config.encoder.start}: motifs are not read.", where=request.motifs, hint=hint
        )
    return tuple(read_jaspar(request.motifs))


def _prepare(request: TrainEpiRequest, data: EpiData) -> None:
    """Make the folder, or make sure that the run in it was begun with these settings and pairs."""
    from napari_hicstruct.training.state import CHECKPOINT

    table = data.table
    columns = (table.chroms, table.enhancers, table.promoters, table.lines, table.labels, table.splits)
    digest = hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()
    now: dict[str, Any] = {"settings": request.config.model_dump(mode="json"), "pairs": digest}
    path = request.out / SETTINGS
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(request.out, error, what="the folder cannot be made") from error
    if (request.out / CHECKPOINT).exists() and path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
            changed = [
                key for key in now["settings"] if key not in FREE and before["settings"][key] != now["settings"][key]
            ]
            changed += ["pairs"] if before["pairs"] != digest else []
        except (ValueError, KeyError, TypeError):
            changed = ["settings"]
        if changed:
            hint = "Give the run's own settings and pairs to go on, or a new folder."
            raise ConfigError(f"'{changed[0]}' is not that of the run in this folder.", where=request.out, hint=hint)
    write_text(path, json.dumps(now, indent=2))


def judge(job: EpiJob, net: EpiNet) -> dict[str, Any]:
    """Threshold and calibration on validation; AUPR and AUROC by line on what was held out."""
    import numpy as np

    from napari_hicstruct.epi.score import score
    from napari_hicstruct.epi.train import per_line
    from napari_hicstruct.evaluation.pairs import best_f1, fit_platt, platt

    rows = {name: np.flatnonzero(getattr(job.split, name)) for name in ("validation", "seen", "unseen")}
    logits = {name: score(net, job.data, of, job.source()) if len(of) else np.zeros(0) for name, of in rows.items()}
    labels = job.data.table.labels[rows["validation"]]
    calibration = fit_platt(labels, logits["validation"])
    threshold, f1 = best_f1(labels, platt(logits["validation"], calibration))
    lines = {name: per_line(job.data, of, logits[name]) for name, of in rows.items() if len(of)}
    figures: dict[str, Any] = {name: found["all"] for name, found in lines.items() if "all" in found}
    figures |= {"threshold": threshold, "f1": f1}
    if {"seen", "unseen"} <= figures.keys():
        figures["gap"] = figures["seen"]["aupr"] - figures["unseen"]["aupr"]
    return {"figures": figures, "per_line": lines, "card": {"threshold": threshold, "calibration": list(calibration)}}


def _pack(request: TrainEpiRequest, job: EpiJob, net: EpiNet, found: dict[str, Any], notes: list[str]) -> TrainedEpi:
    """Write ``model`` and ``figures.json``."""
    from napari_hicstruct.epi.known_lines import line_records
    from napari_hicstruct.models.epi.store import save_epi

    config, scale = request.config, job.scale
    card = {
        "name": config.name,
        "version": "0.1",
        "tasks": ["enhancer-promoter pairs"],
        "lines": list(job.train_lines),
        "line_records": line_records(job.data, job.train_lines),
        "features": None if scale is None else scale.to_dict(),
        "split": {"lines": job.split.lines, "chroms": job.split.chroms},
        "metrics": found["figures"],
        "per_line": found["per_line"],
        "made_with": f"napari-hicstruct {__version__}",
        **found["card"],
    }
    folder = request.out / "model"
    save_epi(folder, config, net.state_dict(), _plain(card))
    write_text(
        request.out / "figures.json", json.dumps(_plain({**found["figures"], "per_line": found["per_line"]}), indent=2)
    )
    return TrainedEpi(folder, found["figures"], found["per_line"], tuple(notes))


def _plain(value: Any) -> Any:
    """JSON's own types; NaN is null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value
