"""A folder of label files with its provenance."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from napari_hicstruct import __version__
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.schema import now
from napari_hicstruct.annotations.writers import foreign, own
from napari_hicstruct.annotations.writers.atomic import make_folder, write_text
from napari_hicstruct.errors import OutputError

Writer = Callable[[Iterable[Annotation], Path], Path]
_TWO_SIDED = (Kind.LOOP, Kind.STRIPE, Kind.TAD)

EXPORT_FORMATS: dict[str, dict[Kind, tuple[str, Writer]]] = {
    "bedpe": {
        Kind.LOOP: ("loops.bedpe", own.write_loops),
        Kind.STRIPE: ("stripes.bedpe", own.write_stripes_bedpe),
    },
    "bed": {
        Kind.TAD: ("tads.bed", own.write_tads),
        Kind.BOUNDARY: ("boundaries.bed", own.write_boundaries),
    },
    "stripenn": {Kind.STRIPE: ("stripes.tsv", foreign.write_stripenn)},
    "juicebox": {
        kind: (f"{kind}s.juicebox.bedpe", foreign.write_juicebox) for kind in (Kind.LOOP, Kind.STRIPE, Kind.TAD)
    },
    "higlass": {kind: (f"{kind}s.higlass.bedpe", foreign.write_higlass) for kind in (Kind.LOOP, Kind.STRIPE, Kind.TAD)},
    "parquet": {},
}
"""Formats by name, and the file that each writes per kind; Parquet is one file for all kinds."""

PARQUET_FILE = "annotations.parquet"
RUN_FILE = "run.json"


def export_records(
    records: Iterable[Annotation],
    out_dir: str | Path,
    *,
    formats: Collection[str],
    provenance: Mapping[str, Any] | None = None,
    kinds: Collection[Kind] | None = None,
) -> list[Path]:
    """Write records into a folder, one file per kind and format, and ``run.json`` beside them.

    Parameters
    ----------
    records : iterable of Annotation
    out_dir : path
        Made if it is missing; files of the same names are replaced, each whole or not at all.
    formats : collection of str
        Keys of :data:`EXPORT_FORMATS`.
    provenance : mapping, optional
        What ``run.json`` is to say: model and its sha256, map and fingerprint, parameters, seconds, memory.
    kinds : collection of Kind, optional
        Written even if there are none of them (an empty list is a finding), beside all others present.

    Returns
    -------
    list of Path
        The files written, ``run.json`` last.

    Raises
    ------
    OutputError
        If a format is unknown or a file cannot be written.
    """
    if unknown := sorted(set(formats) - set(EXPORT_FORMATS)):
        have = ", ".join(EXPORT_FORMATS)
        raise OutputError(f"There is no export format '{unknown[0]}'.", mend=f"Choose from {have}.")
    folder = make_folder(Path(out_dir))
    by_kind: dict[Kind, list[Annotation]] = {kind: [] for kind in kinds or ()}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record)
    written = [
        writer(by_kind[kind], folder / name)
        for chosen in dict.fromkeys(formats)
        for kind, (name, writer) in EXPORT_FORMATS[chosen].items()
        if kind in by_kind
    ]
    if "parquet" in formats:
        everything = [record for kind in Kind for record in by_kind.get(kind, [])]
        written.append(foreign.write_parquet(everything, folder / PARQUET_FILE))
    counts = {kind.value: len(found) for kind, found in by_kind.items()}
    return [*written, _write_run(folder, provenance or {}, counts, written)]


def _write_run(folder: Path, provenance: Mapping[str, Any], counts: dict[str, int], written: list[Path]) -> Path:
    run = {
        **provenance,
        "written": now(),
        "napari_hicstruct": __version__,
        "counts": counts,
        "files": [path.name for path in written],
    }
    return write_text(folder / RUN_FILE, json.dumps(run, indent=2, default=str) + "\n")
