"""Endings of label files: a name that promises what the file does not hold is refused before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.files import is_stream
from napari_hicstruct.errors import OutputError

_PAIRED = (Kind.LOOP, Kind.STRIPE)
_OF_FORMAT: Mapping[str, str] = {
    "bedpe": ".bedpe",
    "bed": ".bed",
    "juicebox": ".bedpe",
    "higlass": ".bedpe",
    "stripenn": ".tsv",
    "interact": ".interact",
    "gff3": ".gff3",
    "parquet": ".parquet",
}
_PLAIN = ("", ".txt", ".tsv", ".tab")
"""Endings of any text in columns."""

_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def usual_format(kind: Kind) -> str:
    """BEDPE for what has two anchors, BED for what is one interval."""
    return "bedpe" if kind in _PAIRED else "bed"


def check_ending(path: str | Path, kind: Kind, format: str = "") -> None:
    """Refuse a file whose ending says that it holds something else; devices and pipes have none.

    Parameters
    ----------
    path : path
    kind : Kind
    format : str
        Of :data:`~napari_hicstruct.annotations.writers.EXPORT_FORMATS`; empty: :func:`usual_format`.

    Raises
    ------
    OutputError
        The hint names the file that would hold it.
    """
    target = Path(path)
    usual = _OF_FORMAT[format or usual_format(kind)]
    taken = (usual,) if format == "parquet" else (usual, *_PLAIN)
    ending = target.suffix.lower()
    if ending in taken or is_stream(target):
        return
    packed = ending in _PACKED
    what = f"{KINDS[kind].named(2)} are not written as {ending}."
    stem = Path(target.stem).stem if packed else target.stem
    hint = f"Name it {stem}{usual}{', and pack it afterwards' if packed else ''}."
    raise OutputError(what, where=target, hint=hint)
