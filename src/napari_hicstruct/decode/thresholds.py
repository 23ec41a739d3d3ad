"""Which calls are listed: by the decoders' thresholds, or by a smallest probability for each task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import ConfigError

MIN_THRESHOLD = 0.02
"""Threshold of decoders whose calls are listed by their probability afterwards."""


def with_boundary(tasks: Iterable[str]) -> tuple[str, ...]:
    """The tasks that may have a smallest probability: boundaries, where TADs are called, may have one of their own."""
    tasks = tuple(tasks)
    return (*tasks, Kind.BOUNDARY.value) if Kind.TAD.value in tasks and Kind.BOUNDARY.value not in tasks else tasks


def check_min_probability(min_probability: Mapping[str, float], tasks: Iterable[str]) -> None:
    """Refuse probabilities that no call could have, or for a task that does not run (:func:`with_boundary`).

    Raises
    ------
    ConfigError
    """
    tasks = with_boundary(tasks)
    for name, value in min_probability.items():
        where = f"min-probability {name}={value:g}"
        if name not in tasks:
            raise ConfigError(f"'{name}' is no task that runs.", where=where, hint=f"Choose from {', '.join(tasks)}.")
        if not 0 < value < 1:
            raise ConfigError("that is no probability.", where=where, hint="Give a number above 0 and below 1.")


def decoder_threshold(min_probability: float | None, usual: float) -> float:
    """The decoder's usual threshold, or the lowest where calls are listed by ``min_probability`` afterwards."""
    return usual if min_probability is None else MIN_THRESHOLD


def is_listed(call: Annotation, min_probability: float | None) -> bool:
    """True if a call has the smallest probability wanted, or none is wanted."""
    return min_probability is None or (call.probability is not None and call.probability >= min_probability)
