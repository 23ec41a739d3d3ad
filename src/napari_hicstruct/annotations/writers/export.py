"""A folder of label files with its provenance."""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from napari_hicstruct import __version__
from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.writers import browsers, foreign, own
from napari_hicstruct.annotations.writers.folder import RUN_FILE, other_files, plan_folder
from napari_hicstruct.annotations.writers.names import named
from napari_hicstruct.annotations.writers.tracks import BinTrack, write_bedgraph
from napari_hicstruct.config.files import folders_for, move_file, write_text, writing
from napari_hicstruct.errors import OutputError

Writer = Callable[[Iterable[Annotation], Path], Path]

EXPORT_FORMATS: dict[str, dict[Kind, tuple[str, Writer]]] = {
    "bedpe": {
        Kind.LOOP: (f"{KINDS[Kind.LOOP].stem}.bedpe", own.write_loops),
        Kind.STRIPE: (f"{KINDS[Kind.STRIPE].stem}.bedpe", own.write_stripes_bedpe),
    },
    "bed": {
        Kind.TAD: (f"{KINDS[Kind.TAD].stem}.bed", own.write_tads),
        Kind.BOUNDARY: (f"{KINDS[Kind.BOUNDARY].stem}.bed", own.write_boundaries),
    },
    "stripenn": {Kind.STRIPE: (f"{KINDS[Kind.STRIPE].stem}.tsv", foreign.write_stripenn)},
    "juicebox": {
        kind: (f"{KINDS[kind].stem}.juicebox.bedpe", foreign.write_juicebox)
        for kind in (Kind.LOOP, Kind.STRIPE, Kind.TAD)
    },
    "higlass": {
        kind: (f"{KINDS[kind].stem}.higlass.bedpe", foreign.write_higlass)
        for kind in (Kind.LOOP, Kind.STRIPE, Kind.TAD)
    },
    "interact": {kind: (f"{KINDS[kind].stem}.interact", browsers.write_interact) for kind in (Kind.LOOP, Kind.STRIPE)},
    "gff3": {kind: (f"{KINDS[kind].stem}.gff3", browsers.write_gff3) for kind in Kind},
    "parquet": {},
}
"""Formats by name, and the file that each writes per kind; Parquet is one file for all kinds."""

DEFAULT_FORMATS: tuple[str, ...] = ("bedpe", "bed", "stripenn")
"""What is written unless asked otherwise."""

RUN_KEYS = ("model", "map", "project", "reviewer", "parameters", "notes", "seconds", "peak_memory_mb")
"""What every ``run.json`` says of how its files came about, by whatever way; null where that has no meaning."""

PARQUET_FILE = "annotations.parquet"
TRACK_FILE = "boundaries.bedgraph"


def file_names(kinds: Collection[Kind], formats: Collection[str], *, track: bool = False) -> list[str]:
    """Names of the files that :func:`export_records` writes for these kinds, but for ``run.json``.

    Raises
    ------
    OutputError
        If there is no such format.
    """
    if unknown := sorted(set(formats) - set(EXPORT_FORMATS)):
        have = ", ".join(EXPORT_FORMATS)
        raise OutputError(f"there is no export format '{unknown[0]}'.", hint=f"Choose from {have}.")
    chosen = (EXPORT_FORMATS[one] for one in dict.fromkeys(formats))
    names = [name for one in chosen for kind, (name, _) in one.items() if kind in kinds]
    return [*names, *([PARQUET_FILE] if "parquet" in formats else []), *([TRACK_FILE] if track else [])]


def export_records(  # noqa: PLR0913 - keywords of a use case
    records: Iterable[Annotation],
    out_dir: str | Path,
    *,
    formats: Collection[str],
    provenance: Mapping[str, Any] | None = None,
    kinds: Collection[Kind] | None = None,
    tracks: Sequence[BinTrack] | None = None,
    overwrite: bool = False,
    check: Callable[[], None] = lambda: None,
) -> list[Path]:
    """Write records into a folder, one file per kind and format, and ``run.json`` beside them.

    Parameters
    ----------
    records : iterable of Annotation
    out_dir : path
        Made if it is missing.  Files that an earlier run of the same map and project wrote there are replaced.
    formats : collection of str
        Keys of :data:`EXPORT_FORMATS`.
    provenance : mapping, optional
        What ``run.json`` is to say: model and its sha256, map and fingerprint, project, parameters, seconds, memory.
    kinds : collection of Kind, optional
        Written even if there are none of them (an empty list is a finding), beside all others present.
    tracks : sequence of BinTrack, optional
        Boundary probability per bin, for ``boundaries.bedgraph``.
    overwrite : bool
        Also replace files of another map or project, or of unknown origin, and take away those of an earlier run that
        this one does not write.
    check : callable
        Called before each file is written and before an old one is replaced; what it raises leaves all as it was.

    Returns
    -------
    list of Path
        The files written, ``run.json`` last.

    Raises
    ------
    FolderTaken
        If the folder holds label files that must not be replaced (see :func:`~.folder.plan_folder`).
    OutputError
        If a format is unknown or a file cannot be written.  All old files then stand as they were.
    """
    folder = Path(out_dir)
    by_kind = _by_kind(records, kinds or ())
    names = file_names(by_kind, formats, track=tracks is not None)
    plan = plan_folder(folder, names, provenance or {}, overwrite=overwrite)
    _write_all(_writers(by_kind, formats, tracks), folder, plan.stale, check)
    return [*(folder / name for name in names), _write_run(folder, provenance or {}, by_kind, names)]


def _by_kind(records: Iterable[Annotation], kinds: Iterable[Kind]) -> dict[Kind, list[Annotation]]:
    by_kind: dict[Kind, list[Annotation]] = {kind: [] for kind in kinds}
    for record in named(records):  # all files of a folder call one record by one name
        by_kind.setdefault(record.kind, []).append(record)
    return by_kind


def _write_run(
    folder: Path, provenance: Mapping[str, Any], by_kind: Mapping[Kind, list[Annotation]], names: list[str]
) -> Path:
    from napari_hicstruct.annotations.schema import (
        now,
    )  # with SQLAlchemy, which takes longer to load than a list to write

    run = {
        "made_with": f"napari-hicstruct {__version__}",
        **dict.fromkeys(RUN_KEYS),
        **provenance,
        "written": now(),
        "napari_hicstruct": __version__,
        "counts": {kind.value: len(found) for kind, found in by_kind.items()},
        "files": names,
        "other_files": other_files(folder, names),
    }
    return write_text(folder / RUN_FILE, json.dumps(run, indent=2, default=str) + "\n")


def _writers(
    by_kind: Mapping[Kind, list[Annotation]], formats: Collection[str], tracks: Sequence[BinTrack] | None
) -> dict[str, Callable[[Path], Path]]:
    """What writes each file, by name, in the order of :func:`file_names`."""
    found: dict[str, Callable[[Path], Path]] = {}
    for chosen in dict.fromkeys(formats):
        for kind, (name, writer) in EXPORT_FORMATS[chosen].items():
            if kind in by_kind:
                found[name] = partial(writer, by_kind[kind])
    if "parquet" in formats:
        everything = [record for kind in Kind for record in by_kind.get(kind, [])]
        found[PARQUET_FILE] = partial(foreign.write_parquet, everything)
    if tracks is not None:
        found[TRACK_FILE] = partial(write_bedgraph, tracks)
    return found


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder in ``folder`` where all files are written before the first old one is replaced.

    It goes in any case, and ``folder`` itself if it was made for nothing.
    """
    staging = folder / f".hicstruct-{uuid.uuid4().hex[:12]}"
    with writing(folder), folders_for(staging / RUN_FILE):
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _write_all(
    writers: Mapping[str, Callable[[Path], Path]], folder: Path, stale: Iterable[str], check: Callable[[], None]
) -> None:
    """Write all files elsewhere, then put them in their places and take away those that are ``stale``."""
    with _staging(folder) as staging:
        for name, write in writers.items():
            check()
            try:
                write(staging / name)
            except OutputError as error:
                raise OutputError(error.message, where=folder / name, hint=error.hint) from error
        check()
        for name in writers:
            with writing(folder / name):
                move_file(staging / name, folder / name)
        for name in stale:
            (folder / name).unlink(missing_ok=True)
