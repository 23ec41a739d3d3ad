"""Which calls are listed: as sure as the decoders ask, or as people do, task by task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import ConfigError

FAINTEST = 0.02
"""Threshold of decoders whose calls are then judged by their probability."""


def check_least(least: Mapping[str, float], tasks: Iterable[str]) -> None:
    """Refuse probabilities that no call could have, or for a task that does not run.

    Raises
    ------
    ConfigError
    """
    tasks = tuple(tasks)
    for name, value in least.items():
        where = f"--least {name}={value:g}"
        if name not in tasks:
            raise ConfigError(f"'{name}' is no task that runs.", where=where, hint=f"Choose from {', '.join(tasks)}.")
        if not 0 < value < 1:
            raise ConfigError("that is no probability.", where=where, hint="Give a number between 0 and 1.")


def threshold(least: float | None, usual: float) -> float:
    """The decoder's usual threshold, or the faintest where calls are judged by ``least`` afterwards."""
    return usual if least is None else FAINTEST


def sure_enough(call: Annotation, least: float | None) -> bool:
    """Whether a call has the least probability that was asked for, if one was."""
    return least is None or (call.probability is not None and call.probability >= least)
