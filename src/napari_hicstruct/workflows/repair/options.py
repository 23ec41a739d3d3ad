"""How a repair is run: where, on what, how far, and what ends it early."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from napari_hicstruct.jobs import CancelToken


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """Options of :func:`~napari_hicstruct.workflows.repair.iter_repair`.

    Attributes
    ----------
    folder : Path, optional
        Gets and keeps ``function.safetensors``, ``checkpoints/``, ``log.jsonl``, ``changes.tsv`` and ``run.json``.
        Without one all is done in a temporary folder.
    until : str
        The last stage: ``"shape"``, ``"fusion"`` or ``"joint"``.
    device : str
        ``auto``, ``cpu``, ``cuda``, …
    devices : int
        So many devices share every step (DDP).
    resume : bool
        Go on with the run of ``folder``, which must have the same settings and labels.
    overwrite : bool
        Remove an earlier run of ``folder`` that is not resumed, once nothing can be refused any more.
    threads : int, optional
        Processor threads of torch; None: as it does.
    token : CancelToken
        Cancel: nothing comes of it, but the run can be resumed.
    stop : CancelToken, optional
        End the training now and go on with the best so far.
    soft : bool
        The result has the occupancy of every class, too.
    """

    folder: Path | None = None
    until: Literal["shape", "fusion", "joint"] = "joint"
    device: str = "auto"
    devices: int = 1
    resume: bool = False
    overwrite: bool = False
    threads: int | None = None
    token: CancelToken = field(default_factory=CancelToken)
    stop: CancelToken | None = None
    soft: bool = False
