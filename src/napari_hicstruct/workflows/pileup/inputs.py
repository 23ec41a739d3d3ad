"""Sets and bins of a pile-up as people name them."""

from __future__ import annotations

from collections.abc import Iterable

from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.workflows.figure.inputs import read_sets
from napari_hicstruct.workflows.pileup import USUAL_RESOLUTION
from napari_hicstruct.workflows.pileup.sets import PileSet


def file_sets(texts: Iterable[str], source: ContactSource) -> tuple[tuple[PileSet, ...], list[str]]:
    """One set for each file, and notes.

    Raises
    ------
    LabelError
    """
    sets, notes = read_sets(texts, source)
    return tuple(PileSet(one.name, one.records) for one in sets), notes


def resolution_of(source: ContactSource, wanted: int) -> int:
    """The bins asked for, else the map's nearest to 10 kb."""
    return wanted or min(source.resolutions, key=lambda size: abs(size - USUAL_RESOLUTION))
