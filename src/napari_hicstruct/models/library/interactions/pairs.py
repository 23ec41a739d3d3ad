"""Who may learn from whom: pairs of tasks by their heads, and the scales at which tasks meet."""

from __future__ import annotations

from collections.abc import Iterable

from napari_hicstruct.config.model import ModelConfig, TaskConfig


def pairs_of(config: ModelConfig, first: str, second: str) -> list[tuple[str, str]]:
    """All pairs (task with head ``first``, task with head ``second``)."""
    heads = {task.name: task.head for task in config.tasks}
    return [(a, b) for a in heads if heads[a] == first for b in heads if heads[b] == second]


def meetings(config: ModelConfig, scales: Iterable[str]) -> dict[str, tuple[TaskConfig, ...]]:
    """Tasks by scale, from coarse to fine, for those of ``scales`` that two tasks or more have (f1: fine ones only)."""
    found = {}
    for scale in ("f4", "f3", "f2", "f1"):
        tasks = tuple(task for task in config.tasks if scale != "f1" or task.fine)
        if scale in scales and len(tasks) > 1:
            found[scale] = tasks
    return found
