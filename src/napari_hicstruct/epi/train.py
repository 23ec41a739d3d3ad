"""Training of the network of pairs: curriculum, rules, validation each epoch; resumable to the step."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.epi.batches import LineSource, Sampler
from napari_hicstruct.epi.data import EpiData, FeatureScale
from napari_hicstruct.epi.motifs import Motif
from napari_hicstruct.epi.rules import GateFigures, LossWeights, apply_rules
from napari_hicstruct.epi.score import score
from napari_hicstruct.epi.split import Split
from napari_hicstruct.epi.start import start_encoder
from napari_hicstruct.epi.step import EpiRun, update
from napari_hicstruct.evaluation.pairs import score_pairs
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.losses.gating.immax import class_margins
from napari_hicstruct.models.epi.network import EpiNet
from napari_hicstruct.training.checkpoint import load_checkpoint, save_checkpoint
from napari_hicstruct.training.log import append_entry, cut_log
from napari_hicstruct.training.state import BEST, CHECKPOINT, open_fabric


@dataclass(frozen=True, slots=True)
class EpiJob:
    """What a run reads and where it writes.

    Attributes
    ----------
    stop : CancelToken, optional
        Ends the training early; what was best so far is the result.
    motifs : tuple of Motif
        Where the filters start, with ``encoder.start: motifs``.
    """

    config: EpiConfig
    data: EpiData
    split: Split
    out: Path
    device: str = "cpu"
    token: CancelToken = field(default_factory=CancelToken)
    stop: CancelToken | None = None
    motifs: tuple[Motif, ...] = ()

    @property
    def train_lines(self) -> tuple[str, ...]:
        """Lines of training, in the order of their identity."""
        return tuple(self.data.lines[k] for k in np.unique(self.data.of_line[self.split.train]))

    @property
    def scale(self) -> FeatureScale | None:
        """How numbers are standardised: by the lines of training only."""
        if self.data.features is None:
            return None
        return FeatureScale.of(self.data.features[np.unique(self.data.of_line[self.split.train])])

    def source(self, use: str = "both", *, noise: float = 0.0) -> LineSource:
        """What describes the lines."""
        return LineSource(self.data, self.scale, self.config.gate.support, self.train_lines, use, noise)


def iter_fit(job: EpiJob) -> Generator[Progress, None, tuple[EpiNet, dict[str, Any]]]:
    """Train, or go on where ``job.out`` stopped; gives the best network and the last epoch's log entry.

    Every step's payload is its losses.  Cancelling keeps the checkpoint.

    Raises
    ------
    JobError, OutputError, Cancelled
    """
    config, clock = job.config, Clock()
    run = start_run(job)
    rows = np.flatnonzero(job.split.train)
    sampler = Sampler(job.data, job.source("drawn", noise=config.train.feature_noise), rows, config)
    per_epoch = sampler.steps_per_epoch
    steps, first = config.train.epochs * per_epoch, run.step
    entry: dict[str, Any] = {}
    recent: list[dict[str, float]] = []
    if run.started:
        yield clock.step("train", 0, steps - first, run.started, notice=True)
    while run.step < steps:
        if job.token.cancelled:
            save_run(run, job.out)
            job.token.check()
        share = config.curriculum.share(run.step / per_epoch)
        torch.manual_seed(1_000_003 * config.seed + run.step)  # dropout is the same in a run that is taken up again
        recent.append(update(run, sampler.batch(run.step), config, share=share, steps=steps))
        yield clock.step("train", run.step - first, steps - first, "", recent[-1])
        if run.step % per_epoch == 0:
            entry, recent = _end_epoch(run, job, recent, run.step // per_epoch), []
            for said in entry["rules"]:
                yield clock.step("train", run.step - first, steps - first, said, entry, notice=True)
            yield clock.step("train", run.step - first, steps - first, _message(entry), entry)
        if run.step % config.train.checkpoint_every == 0 or run.step == steps:
            save_run(run, job.out)
        if _is_over(run, job):
            break
    if (job.out / BEST).exists():
        run.net.load_state_dict(load_checkpoint(job.out / BEST)["net"])
    return run.net.eval(), entry


def start_run(job: EpiJob) -> EpiRun:
    """A new run, or the one that stopped in the folder."""
    config, labels = job.config, job.data.table.labels[job.split.train]
    fabric = open_fabric(job.device)
    fabric.seed_everything(config.seed, verbose=False)
    net = EpiNet(config, len(job.train_lines))
    path = job.out / CHECKPOINT
    set_filters, started = 0, ""
    if not path.exists():
        set_filters, started = start_encoder(net.encoder, job.data, job.split, job.motifs, config)
    optimizer = make_optimizer(net, config, encoder_rate=config.train.encoder_rate if set_filters else 1.0)
    positives = int((labels > 0.5).sum())
    margins = class_margins(positives, len(labels) - positives, exponent=config.losses.margin_exponent)
    run = EpiRun(fabric, None, net, optimizer, margins, LossWeights.of(config.losses), started=started)
    if path.exists():
        saved = load_checkpoint(path)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])  # with the rates that the run began with
        run.weights = LossWeights(**saved["weights"])
        run.step, run.best, run.since_best = saved["step"], saved["best"], saved["since_best"]
        run.share_open = saved["share_open"]
    cut_log(job.out, run.step)
    run.module, run.optimizer = fabric.setup(net, optimizer)
    return run


def make_optimizer(net: EpiNet, config: EpiConfig, *, encoder_rate: float) -> torch.optim.AdamW:
    """AdamW; encoder and head learn at rates of their own, kept as ``share`` of their groups."""
    shares = {"encoder": encoder_rate, "head": config.train.head_rate, "": 1.0}
    groups: dict[str, list[torch.nn.Parameter]] = {name: [] for name in shares}
    for name, weights in net.named_parameters():
        part = name.partition(".")[0]
        groups[part if part in groups else ""].append(weights)
    parts = [{"params": groups[name], "share": share} for name, share in shares.items()]
    return torch.optim.AdamW(parts, lr=config.train.learning_rate, weight_decay=config.train.weight_decay)


def save_run(run: EpiRun, out: Path) -> None:
    """Write the checkpoint to go on from."""
    state = {
        "net": run.net.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "weights": run.weights.to_dict(),
        "step": run.step,
        "best": run.best,
        "since_best": run.since_best,
        "share_open": run.share_open,
    }
    save_checkpoint(out / CHECKPOINT, state)


def _end_epoch(run: EpiRun, job: EpiJob, recent: list[dict[str, float]], epoch: int) -> dict[str, Any]:
    """Validate, apply the rules, keep the best, log."""
    config = job.config
    rows = np.flatnonzero(job.split.validation)
    share = config.curriculum.share(epoch)
    figures = score_pairs(job.data.table.labels[rows], score(run.net, job.data, rows, job.source(), share=share))
    names = dict.fromkeys(name for step in recent for name in step)
    means = {name: fmean(step[name] for step in recent if name in step) for name in names}
    entry: dict[str, Any] = {"step": run.step, "epoch": epoch, "gate": share, "train": means}
    entry |= {"validation": {"aupr": figures.aupr, "auroc": figures.auroc}, "rules": []}
    if config.control == "gate":
        seen = gate_figures(means)
        entry["collapse"] = seen.collapse
        if share == 1:
            entry["rules"] = apply_rules(run.weights, seen, config.losses, config.rules)
        entry["weights"] = run.weights.to_dict()
    # a network whose gate has not closed yet is another one: its figures do not count
    if share == 1:
        run.since_best += 1
        if figures.aupr > run.best:
            run.best, run.since_best = figures.aupr, 0
            save_checkpoint(job.out / BEST, {"net": run.net.state_dict(), "step": run.step})
    append_entry(job.out, entry)
    return entry


def gate_figures(means: dict[str, float]) -> GateFigures:
    """Of an epoch's means."""
    return GateFigures(means["share_open"], means["distance"], means["disagreement"], means["smooth"], means["entropy"])


def _message(entry: dict[str, Any]) -> str:
    text = f"epoch {entry['epoch']}: validation AUPR {entry['validation']['aupr']:.3f}"
    if "share_open" in entry["train"]:
        text += f", {entry['train']['share_open']:.0%} open"
    return f"{text}, {entry['collapse']}" if entry.get("collapse") else text


def _is_over(run: EpiRun, job: EpiJob) -> bool:
    patience = job.config.train.patience
    return bool((patience and run.since_best >= patience) or (job.stop and job.stop.cancelled))


def per_line(data: EpiData, rows: NDArray[np.int64], logits: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """AUPR and AUROC of each line, and ``all``: the mean over the lines that have both classes."""
    found: dict[str, dict[str, float]] = {}
    for k in np.unique(data.of_line[rows]):
        mine = data.of_line[rows] == k
        scores = score_pairs(data.table.labels[rows][mine], logits[mine])
        found[data.lines[k]] = {
            "aupr": scores.aupr, "auroc": scores.auroc, "pairs": scores.n, "positives": scores.positives
        }  # fmt: skip
    whole = [one for one in found.values() if np.isfinite(one["aupr"])]
    if whole:
        found["all"] = {key: fmean(one[key] for one in whole) for key in ("aupr", "auroc")}
    return found
