"""Pairs of tasks by the kind of their heads: who may learn from whom."""

from __future__ import annotations

from napari_hicstruct.config.model import ModelConfig


def pairs_of(config: ModelConfig, first: str, second: str) -> list[tuple[str, str]]:
    """All pairs (task with head ``first``, task with head ``second``)."""
    heads = {task.name: task.head for task in config.tasks}
    return [(a, b) for a in heads if heads[a] == first for b in heads if heads[b] == second]
