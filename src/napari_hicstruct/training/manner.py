"""How a run may differ from training in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.models.network import MultiTaskNet


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run differs from training in a process of its own: fine-tuning in a window does.

    Attributes
    ----------
    prepare : callable, optional
        Called with the network before its optimiser is made: what shall not learn is frozen here.
    in_process : bool
        Draw maps in this process: starting another takes longer than a short run, and its core belongs to the window.
    stop : CancelToken, optional
        Ends the training early; what was best so far is the result.
    """

    prepare: Callable[[MultiTaskNet], None] | None = None
    in_process: bool = False
    stop: CancelToken | None = None


PLAIN = Manner()
