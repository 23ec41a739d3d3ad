"""The weights a run starts from: of one model, and of single-task models task by task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError

PARTS = ("decoders", "heads", "fine_heads")
"""Of a network, by task."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The model a run starts from."""

    name: str
    sha256: str
    weights: dict[str, Any]
    lineage: tuple[str, ...]


def load_parent(config: TrainConfig, parent: str | Path | None) -> Parent | None:
    """Weights of ``parent``, with the decoder and head of each task that ``config.task_from`` names; None without any.

    Without ``parent`` the encoder is that of the first model of ``task_from``.

    Raises
    ------
    ConfigError, ModelError
        If a model is missing, or lacks the task that it is to give.
    """
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.models import find_model

    sources = {task: find_model(str(name)) for task, name in config.task_from.items()}
    if not parent and not sources:
        return None
    info = find_model(str(parent)) if parent else next(iter(sources.values()))
    weights, lineage = load_model(info.path)[0].state_dict(), list(info.card.get("lineage", ()))
    for one in {model.sha256: model for model in (info, *sources.values())}.values():
        lineage.append(f"{one.label} ({one.sha256[:12]})")
    for task, source in sources.items():
        part = parts_of(load_model(source.path)[0].state_dict(), task)
        if not part:
            hint = f"It has {', '.join(source.tasks)}."
            raise ConfigError(f"key 'task_from': the model '{source.name}' has no task '{task}'.", hint=hint)
        weights = {name: value for name, value in weights.items() if name not in parts_of(weights, task)} | part
    return Parent(info.name, info.sha256, weights, tuple(lineage))


def parts_of(weights: Mapping[str, Any], task: str) -> dict[str, Any]:
    """The weights of one task's decoder and heads."""
    return {name: value for name, value in weights.items() if name.split(".")[0] in PARTS and f".{task}." in name}
