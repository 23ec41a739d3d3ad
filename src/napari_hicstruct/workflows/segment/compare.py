"""The table E0–E6: each selector trained with several seeds on the same pictures, judged on others."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import write_text
from napari_hicstruct.config.segmentation import SELECTORS, SegmentationConfig, with_selector
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.models import CARD
from napari_hicstruct.workflows.segment.samples import channels_last, whole_labels
from napari_hicstruct.workflows.segment.train import (
    LOG,
    ImageSample,
    TrainSegmentationRequest,
    iter_train_segmentation,
)

TABLE = "table.json"
FIGURES = ("dice", "boundary_f", "hd95_px", "sdf_error_px")
ENCODER_OF = {"E6_PatchGate": "E0_Identity"}
"""A selector that passes no gradient on begins with the encoder that another one has trained, of the same seed."""


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What to compare, on what.

    Attributes
    ----------
    train, test : tuple of ImageSample
        Pictures to learn from and others to judge on.
    out : Path
        Gets ``logs/<name>/seed-<n>/`` (log and model of each run), ``model_<name>.safetensors`` (each selector's best
        seed) and ``table.json``.  Runs that are there are not made again.
    config : SegmentationConfig
    selectors : tuple of str
        ``E0_Identity`` … ``E6_PatchGate``.
    seeds : tuple of int
    device : str
    threads : int, optional
    """

    train: tuple[ImageSample, ...]
    test: tuple[ImageSample, ...]
    out: Path
    config: SegmentationConfig
    selectors: tuple[str, ...] = tuple(SELECTORS)
    seeds: tuple[int, ...] = (1, 2, 3)
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    Attributes
    ----------
    rows : tuple of dict
        One for each run: ``selector``, ``seed``, :data:`FIGURES`, ``parameters``, ``seconds``, ``gate_entropy``,
        ``min_expert_use``, ``max_expert_use``, ``dead_experts``.
    best : str
        Selector of the highest mean Dice.
    summary : dict
        By selector and figure: mean and range over seeds.
    """

    rows: tuple[dict[str, Any], ...]
    best: str
    summary: dict[str, dict[str, tuple[float, float, float]]]


def halves(sample: ImageSample) -> tuple[ImageSample, ImageSample]:
    """The left and the right half of a picture, to learn from and to judge on."""
    labels = np.asarray(sample.labels)
    middle = labels.shape[-1] // 2
    axis = labels.ndim - 1

    def part(at: slice, name: str) -> ImageSample:
        place = (slice(None),) * axis + (at,)
        weight = None if sample.weight is None else sample.weight[place]
        return ImageSample(f"{sample.name}, {name}", np.asarray(sample.image)[place], labels[place], weight)

    return part(slice(None, middle), "left half"), part(slice(middle, None), "right half")


def iter_compare(request: CompareRequest, token: CancelToken) -> Generator[Progress, None, Comparison]:
    """Train and judge every selector with every seed; goes on where it stopped.

    Raises
    ------
    ConfigError
        If a selector is not known.
    LabelError, OutputError, Cancelled
    """
    if unknown := [name for name in request.selectors if name not in SELECTORS]:
        hint = f"Choose from {', '.join(SELECTORS)}."
        raise ConfigError(f"there is no selector '{unknown[0]}'.", where="selectors", hint=hint)
    rows = []
    for seed in request.seeds:
        for name in request.selectors:
            token.check()
            config = with_selector(request.config, name).model_copy(update={"seed": seed})
            rows.append((yield from iter_one_run(request, name, config, token)))
    summary = summarised(rows)
    best = best_of(summary)
    _export(request, rows)
    write_text(request.out / TABLE, json.dumps({"rows": rows, "summary": summary, "best": best}, indent=2))
    return Comparison(tuple(rows), best, summary)


def run_folder(out: Path, name: str, seed: int) -> Path:
    """Log and model of one run."""
    return out / "logs" / name / f"seed-{seed}"


def iter_one_run(
    request: CompareRequest, name: str, config: SegmentationConfig, token: CancelToken
) -> Generator[Progress, None, dict[str, Any]]:
    """Train one selector with one seed, and judge it."""
    folder = run_folder(request.out, name, config.seed)
    if not (folder / CARD).exists():
        parent = None
        if (of := ENCODER_OF.get(name)) and config.model.selector_options.detach_encoder:
            parent = run_folder(request.out, of, config.seed)
            if not (parent / CARD).exists():
                raise ConfigError(f"{name} begins with the encoder of {of}, which was not trained.", hint=f"Add {of}.")
        job = TrainSegmentationRequest(request.train, folder, config, parent, request.device, request.threads)
        for step in (steps := iter_train_segmentation(job, token)):
            yield replace(step, stage=f"{name}, seed {config.seed}")
        steps.close()
    return {"selector": name, "seed": config.seed} | judged(folder, request.test, request.device)


def judged(model: Path, samples: Sequence[ImageSample], device: str = "cpu") -> dict[str, float]:
    """Figures of a model on labelled pictures, mean over them, and what its selector does there.

    Raises
    ------
    ModelError, LabelError
    """
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.segmentation.corrections import run_plane
    from napari_hicstruct.segmentation.figures import mean_figures, plane_figures
    from napari_hicstruct.segmentation.planes import channel_limits, scaled
    from napari_hicstruct.segmentation.store import load_segmentation

    chosen = choose_device(device)
    found = load_segmentation(model, device=chosen)
    figures = []
    for sample in samples:
        labels = whole_labels(sample.name, np.asarray(sample.labels))
        image = channels_last(sample.name, np.asarray(sample.image), labels)
        if image.shape[-1] != found.config.channels:
            text = f"has {image.shape[-1]} channels, the model reads {found.config.channels}."
            raise LabelError(text, where=sample.name)
        limits = channel_limits(image, found.config.low, found.config.high)
        flat = labels.ndim == 2
        for plane, truth in zip(image[None] if flat else image, labels[None] if flat else labels, strict=True):
            said = run_plane(found.net, scaled(plane, limits), found.config, chosen)
            figures.append(plane_figures(said, truth, found.config, found.values))
    measured = mean_figures(figures)
    card = next(iter(found.card["metrics"].values()))
    return measured | {key: card[key] for key in ("parameters", "seconds")} | expert_use(model)


def expert_use(model: Path) -> dict[str, float]:
    """Mean entropy of gates, smallest and largest mean share of an expert, dead ones, by the log's last validation.

    Of E6 the scales take the place of experts; empty for selectors without gates.
    """
    lines = (model / LOG).read_text(encoding="utf-8").splitlines()
    parts: dict[str, float] = json.loads(lines[-1]).get("parts", {}) if lines else {}
    entropy = [v for k, v in parts.items() if k.startswith(("gate_entropy/", "scale_entropy/"))]
    use = [v for k, v in parts.items() if k.startswith(("expert_use/", "scale_use/"))]
    if not use:
        return {}
    dead = sum(v for k, v in parts.items() if k.startswith("dead_experts/"))
    return {
        "gate_entropy": statistics.fmean(entropy),
        "min_expert_use": min(use),
        "max_expert_use": max(use),
        "dead_experts": dead,
    }


def summarised(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """By selector and figure: mean, smallest and largest over seeds."""
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    for name in dict.fromkeys(row["selector"] for row in rows):
        mine = [row for row in rows if row["selector"] == name]
        figures = {}
        for key in (*FIGURES, "gate_entropy", "parameters", "seconds"):
            values = [row[key] for row in mine if key in row and not math.isnan(row[key])]
            if values:
                figures[key] = (statistics.fmean(values), min(values), max(values))
        found[name] = figures
    return found


def best_of(summary: dict[str, dict[str, tuple[float, float, float]]]) -> str:
    """The selector of the highest mean Dice."""
    scored = {name: figures["dice"][0] for name, figures in summary.items() if "dice" in figures}
    return max(scored, key=lambda name: scored[name]) if scored else ""


def _export(request: CompareRequest, rows: Sequence[dict[str, Any]]) -> None:
    """Each selector's best seed as one file, ``model_E2_LREFree.safetensors``."""
    from napari_hicstruct.segmentation.store import export_file

    for name in request.selectors:
        mine = [row for row in rows if row["selector"] == name]
        best = max(mine, key=lambda row: -math.inf if math.isnan(row["dice"]) else row["dice"])
        export_file(run_folder(request.out, name, best["seed"]), request.out / f"model_{name}.safetensors")
