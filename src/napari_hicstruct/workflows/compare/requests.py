"""What is asked of a comparison of two maps, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.genome import Interval
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import pandas as pd


class Change(StrEnum):
    """How a structure of B differs from that of A."""

    GAINED = "gained"
    LOST = "lost"
    STRONGER = "stronger"
    WEAKER = "weaker"
    MOVED = "moved"
    SAME = "same"
    UNTESTED = "untested"


CHANGES = (Change.LOST, Change.GAINED, Change.MOVED, Change.WEAKER, Change.STRONGER)
"""Those that say that something changed."""

ORDER = "shrunken_log2_ratio"
"""Column of the table by which changes are put in order, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """Two maps, and where their structures come from.

    Attributes
    ----------
    a, b : str
        Files, or ``FILE::/group``.
    calls_a, calls_b : tuple of Path or Annotation, or None
        Label files or folders of a prediction, or records; None for both: they are predicted.
    replicates_a, replicates_b : tuple of str
        Further maps of the same condition; their contacts are added, and say how far replicates differ.
    resolution : int
        Bins in which contacts are counted, bp; 0: the common one nearest to 10 kb.
    chroms : tuple of str
        Empty: all that both have.
    region : Interval or None
        A part of one chromosome only.
    fdr : float
        Share of false ones among the changes that is accepted.
    norm : str or None
        Stored weights to use, or ``raw``; None: the best of each map.
    tolerance : int
        How far calls of the same structure may be apart, bp.
    min_probability : float
        Of predicted structures.
    model, device : str
    threads : int
    """

    a: str
    b: str
    calls_a: tuple[Path | Annotation, ...] | None = None
    calls_b: tuple[Path | Annotation, ...] | None = None
    replicates_a: tuple[str, ...] = ()
    replicates_b: tuple[str, ...] = ()
    resolution: int = 0
    chroms: tuple[str, ...] = ()
    region: Interval | None = None
    fdr: float = 0.05
    norm: str | None = None
    tolerance: int = 20_000
    min_probability: float = 0.5
    model: str = "default"
    device: str = "auto"
    threads: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """What two maps differ in.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each structure that was called in one of the maps, the largest change first: ``kind``, ``chrom``,
        ``start1``, ``end1``, ``start2``, ``end2`` (bp; of a TAD or boundary twice the same), ``direction``, ``change``
        (``gained``, ``lost``, ``moved``, ``stronger``, ``weaker``, ``same``, ``untested``), ``log2_ratio`` (enrichment
        in B over that in A), ``shrunken_log2_ratio`` (what its contacts leave of it; the order), ``p``, ``fdr``,
        ``contacts_a``, ``contacts_b`` (of its focus), ``expected_a``, ``expected_b`` (without the structure), ``in_a``,
        ``in_b`` (called there), ``dispersion``, ``moved_from``, ``note``.
    changes : tuple of Annotation
        Those that changed, as records, in the order of the table; ``extra`` holds the columns.
    run : dict
        What ``run.json`` says.
    notes : tuple of str
    """

    table: pd.DataFrame
    changes: tuple[Annotation, ...]
    run: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """How many changed, by how; the table has the rest."""
        said = ", ".join(f"{n:,} {change}" for change, n in self.counts().items() if n)
        return f"<Comparison: {how_many(len(self.table), 'structure')}{': ' if said else ''}{said}>"

    def counts(self) -> dict[str, int]:
        """How many structures changed, by how."""
        found = self.table["change"].value_counts()
        return {change.value: int(found.get(change.value, 0)) for change in (*CHANGES, Change.SAME, Change.UNTESTED)}
