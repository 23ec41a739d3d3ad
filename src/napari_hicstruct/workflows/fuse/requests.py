"""What is asked for: two maps to fuse, a network to train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.config.fusion import FusionConfig
from napari_hicstruct.genome import Interval


@dataclass(frozen=True, slots=True)
class FuseMapsRequest:
    """Two maps and what comes of them.

    Attributes
    ----------
    a, b : str
        Files, or ``FILE::/group``.
    out : Path
        The ``.mcool`` to be written.
    resolution : int or None
        Finest bins, bp; None: the finest that both give.
    chroms : tuple of str
        Empty: all that both have.
    region : Interval or None
        A part of one chromosome only.
    model : Path or None
        A folder that ``save_fusion`` wrote; None: the shipped one.
    counts : bool
        Write whole numbers, rounded at random up or down, for programs that take no others.
    device : str
    threads : int or None
        Processor threads of torch; None: as it does.
    overwrite : bool
        Replace ``out``.
    """

    a: str
    b: str
    out: Path
    resolution: int | None = None
    chroms: tuple[str, ...] = ()
    region: Interval | None = None
    model: Path | None = None
    counts: bool = False
    device: str = "auto"
    threads: int | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class TrainFusionRequest:
    """What a network is trained on, and where it belongs.

    Attributes
    ----------
    out : Path
        Model folder; ``training/`` in it gets checkpoint and log.
    config : FusionConfig
    pictures : tuple of Path
        Sharp pictures, from which pairs are made.  Empty: those that installed packages hold (maps: simulated ones).
    start : Path, optional
        Model whose weights are the first ones.
    device : str
    threads : int, optional
    resume : bool
        Go on with the run that ``out`` holds.
    overwrite : bool
        Replace a model that ``out`` holds.
    """

    out: Path
    config: FusionConfig
    pictures: tuple[Path, ...] = ()
    start: Path | None = None
    device: str = "auto"
    threads: int | None = None
    resume: bool = False
    overwrite: bool = False
