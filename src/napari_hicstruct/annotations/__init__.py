"""Records of loops, stripes, TADs and boundaries; label files in and out; the project file that keeps them.

Everything is loaded on first use, so that importing the package costs no SQLAlchemy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_hicstruct.annotations.changes import AnnotationSet, Change, JournalEntry, MapIdentity, ReviewedRegion
    from napari_hicstruct.annotations.lineage import FinetuneRun, Lineage, ModelEntry, ModelUse
    from napari_hicstruct.annotations.project import Project
    from napari_hicstruct.annotations.readers import LabelFile, LineProblem, read_labels
    from napari_hicstruct.annotations.records import (
        Annotation,
        Direction,
        Kind,
        Origin,
        Status,
        new_uid,
        stripe_direction,
    )
    from napari_hicstruct.annotations.writers import (
        EXPORT_FORMATS,
        BinTrack,
        export_records,
        write_bedgraph,
        write_boundaries,
        write_higlass,
        write_juicebox,
        write_loops,
        write_parquet,
        write_stripenn,
        write_stripes_bedpe,
        write_tads,
    )

_HOMES = {
    "changes": ("AnnotationSet", "Change", "JournalEntry", "MapIdentity", "ReviewedRegion"),
    "lineage": ("FinetuneRun", "Lineage", "ModelEntry", "ModelUse"),
    "project": ("Project",),
    "readers": ("LabelFile", "LineProblem", "read_labels"),
    "records": ("Annotation", "Direction", "Kind", "Origin", "Status", "new_uid", "stripe_direction"),
    "writers": (
        "EXPORT_FORMATS",
        "BinTrack",
        "export_records",
        "write_bedgraph",
        "write_boundaries",
        "write_higlass",
        "write_juicebox",
        "write_loops",
        "write_parquet",
        "write_stripenn",
        "write_stripes_bedpe",
        "write_tads",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "EXPORT_FORMATS",
    "Annotation",
    "AnnotationSet",
    "BinTrack",
    "Change",
    "Direction",
    "FinetuneRun",
    "JournalEntry",
    "Kind",
    "LabelFile",
    "LineProblem",
    "Lineage",
    "MapIdentity",
    "ModelEntry",
    "ModelUse",
    "Origin",
    "Project",
    "ReviewedRegion",
    "Status",
    "export_records",
    "new_uid",
    "read_labels",
    "stripe_direction",
    "write_bedgraph",
    "write_boundaries",
    "write_higlass",
    "write_juicebox",
    "write_loops",
    "write_parquet",
    "write_stripenn",
    "write_stripes_bedpe",
    "write_tads",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
