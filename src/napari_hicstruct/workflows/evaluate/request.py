"""What an evaluation is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.annotations.records import Annotation

Side = Path | tuple[Annotation, ...]
"""One part of what is compared: a folder, a label file, or records at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """What to compare, and how strictly.

    Attributes
    ----------
    predictions, truth, ignore : tuple of Path or of tuple of Annotation
        Folders as ``hicstruct predict`` and ``simulate`` write them, label files of any known format, or records.
        Several truths of one kind are united.  What only fits ``ignore`` (too faint to ask for) counts neither way.
    chroms : tuple of str
        Chromosomes to judge; empty: those on which there are predictions.
    regions : tuple of str
        Regions to judge in, instead of whole chromosomes; empty: those that were searched.
    searched : tuple of str
        Regions in which predictions at hand were sought; empty: as the ``run.json`` of the predictions' folders says.
    tolerance : int
        bp.
    resolution : int
        bp per bin for the ±1 and ±2 bins metrics and the pile-up; 0: as the predictions say, else 10 kb.
    top : tuple of int
        Numbers of best calls for precision at n.
    score_column : str or int, optional
        Column of the predictions' files that ranks them, by name or number (1-based), where they do not say.
    ascending : bool
        True if lower is better in that column.
    map : str, optional
        Contact map for the pile-up of the called loops.
    out_dir : Path, optional
        Where ``metrics.json`` and the pictures go.
    overwrite : bool
        Replace files of these names there that no evaluation wrote.
    """

    predictions: tuple[Side, ...]
    truth: tuple[Side, ...]
    ignore: tuple[Side, ...] = ()
    chroms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    tolerance: int = 20_000
    resolution: int = 0
    top: tuple[int, ...] = (25, 50, 100)
    score_column: str | int | None = None
    ascending: bool = False
    map: str | None = None
    out_dir: Path | None = None
    overwrite: bool = False
