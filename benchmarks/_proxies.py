"""Small networks trained on the spot, as the ablations train them, and kept in scratch/bench by their recipe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks._harness import say, scratch
from benchmarks.ablations import merged, plan
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.paths import training_maps_dir
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.jobs import drain
from napari_hicstruct.synth.truth import VERSION
from napari_hicstruct.workflows.train import iter_train_model

SEEDS = (1, 2, 3)


def proxy(name: str, changes: Mapping[str, Any], *, steps: int, seed: int, parent: Path | None = None) -> Path:
    """Model folder of the ablations' proxy recipe with ``changes``; trained once, then taken from scratch.

    Parameters
    ----------
    name : str
        For the record and the folder.
    changes : mapping
        Laid over the proxy recipe, key by key.
    steps, seed : int
    parent : Path, optional
        Model whose weights training starts from.
    """
    settings = merged(merged(plan()["proxy"], changes), {"steps": steps, "seed": seed, "warmup": min(30, steps // 5)})
    config = parse_config(TrainConfig, settings, where=name)
    key = hashlib.sha256(f"{VERSION}{config.model_dump_json()}{parent or ''}".encode()).hexdigest()[:12]
    out = scratch("proxies") / f"{name.replace(' ', '_')}-{seed}-{key}"
    if not (out / "model" / "model.json").exists():
        say(f"training {name}, {steps} steps, seed {seed} …")
        pool = training_maps_dir(scratch("ablations"))
        drain(iter_train_model(config, out, device="cpu", parent=parent, pool=pool))
    return out / "model"


def precision(model: Path) -> dict[str, float]:
    """Average precision on the proxy's held-out maps, by output, and their mean as ``total``."""
    card = json.loads((model / "model.json").read_text(encoding="utf-8"))["card"]
    scores = card["metrics"]["validation (simulated)"]
    return dict(scores["average_precision"]) | {"total": scores["total"]}
