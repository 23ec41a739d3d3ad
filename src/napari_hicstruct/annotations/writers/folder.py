"""What lies in a folder already before label files are written there: whose it is, and what must not be lost."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_hicstruct.config.files import CHOOSE_FOLDER, why
from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.errors import OutputError, readable

RUN_FILE = "run.json"
LABEL_ENDINGS = (".bed", ".bedpe", ".tsv", ".bedgraph", ".parquet")
"""Files of these names (also ``.gz``) are taken for label files; others in a folder are nobody's business."""

HINT = "Choose another folder, or replace them with --overwrite."

_MAX_NAMED = 8


class FolderTaken(OutputError):
    """A folder holds label files that the new ones would replace or be mixed up with; nothing was written."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the files in a folder.

    Attributes
    ----------
    stale : tuple of str
        Files of an earlier run that the new one does not write: they go.
    """

    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose files a ``run.json`` describes."""

    map: str = ""
    """Fingerprint, else full path; empty where neither is said."""
    project: str = ""
    shown_map: str = ""

    def said(self, other: _Owner) -> str:
        """How this one differs from ``other``, for people."""
        if self.map != other.map:
            return f"another map ({readable(self.shown_map)})" if self.shown_map else "an unknown map"
        return f"another project ({readable(self.project)})" if self.project else "hicstruct predict"


def plan_folder(
    folder: Path, names: Collection[str], provenance: Mapping[str, Any], *, overwrite: bool = False, hint: str = HINT
) -> Plan:
    """Say what must go from ``folder`` when ``names`` are written there, or refuse.

    Parameters
    ----------
    folder : Path
        May be missing.
    names : collection of str
        Files that will be written, but for ``run.json``.
    provenance : mapping
        What the new ``run.json`` will say; its ``map`` and ``project`` say whose the files are.
    overwrite : bool
        Replace what is there.  Files of an earlier run that are not written anew go; what no run wrote stays.
    hint : str
        What the refusal recommends.

    Raises
    ------
    FolderTaken
        Without ``overwrite``, if label files there belong to another map or project, if nobody knows them, or if an
        earlier run wrote them and this one would not; they are named.
    OutputError
        If a folder bears the name of a file to be written.
    """
    if taken := [name for name in (*names, RUN_FILE) if (folder / name).is_dir()]:
        raise OutputError("cannot be written: a folder of this name exists.", where=folder / taken[0])
    run = _read_run(folder)
    former = [name for name in _plain_names(run, "files") if (folder / name).exists()]
    stale = tuple(name for name in former if name not in names)
    if not overwrite and (said := _objections(folder, names, run, former, _owner(provenance, folder))):
        text = f"holds {'; '.join(said)}. Nothing was written."
        raise FolderTaken(text, where=folder, hint=hint)
    return Plan(stale)


def _objections(
    folder: Path, names: Collection[str], run: dict[str, Any] | None, former: list[str], ours: _Owner
) -> list[str]:
    """What of the files in a folder must not be replaced or mixed with new ones, in words."""
    left = _plain_names(run, "other_files")
    # What an earlier run left beside its own files may stay beside ours, but not be replaced.
    unknown = [name for name in label_files(folder) if name not in former and (name not in left or name in names)]
    if run is None and (folder / RUN_FILE).exists():
        unknown.append(RUN_FILE)
    said = []
    theirs = _owner(run or {}, folder)
    if former and (theirs.map, theirs.project) != (ours.map, ours.project):
        said.append(f"{_listed(former)} of {theirs.said(ours)}")
    if stale := [name for name in former if name not in names]:
        said.append(f"{_listed(stale)} of an earlier run, which would not be written anew")
    if unknown:
        said.append(f"{_listed(unknown)}, of which no {RUN_FILE} tells")
    return said


def label_files(folder: Path) -> list[str]:
    """Names of the label files in a folder, sorted; none where there is no folder."""
    return [name for name in _names(folder) if _is_label(name)]


def other_files(folder: Path, written: Collection[str]) -> list[str]:
    """Names of all files in a folder (but for hidden ones) besides those written and ``run.json``."""
    return [name for name in _names(folder) if name != RUN_FILE and name not in written]


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if not one.name.startswith(".") and not one.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise OutputError(f"cannot be looked into ({why(error)}).", where=folder, hint=CHOOSE_FOLDER) from error


def _is_label(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(LABEL_ENDINGS)


def _read_run(folder: Path) -> dict[str, Any] | None:
    """What our ``run.json`` says; None if there is none, or another program's."""
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return run if isinstance(run, dict) and "napari_hicstruct" in run else None


def _plain_names(run: Mapping[str, Any] | None, key: str) -> list[str]:
    """Names of label files that a ``run.json`` lists; a path that leads out of the folder is no name."""
    listed = (run or {}).get(key)
    names = listed if isinstance(listed, list) else []
    return [name for name in names if isinstance(name, str) and os.path.basename(name) == name and _is_label(name)]


def _owner(run: Mapping[str, Any], folder: Path) -> _Owner:
    """Whose files they are; older versions of the window wrote the map's path and fingerprint side by side."""
    named = run.get("map")
    about = named if isinstance(named, Mapping) else {"uri": named, "fingerprint": run.get("fingerprint")}
    uri, fingerprint, project = str(about.get("uri") or ""), str(about.get("fingerprint") or ""), run.get("project")
    shown = absolute_uri(uri, folder) if uri else ""
    return _Owner(fingerprint or shown, os.path.realpath(str(project)) if project else "", shown)


def _listed(names: Collection[str]) -> str:
    shown = [readable(name) for name in names][:_MAX_NAMED]
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(shown) + more
