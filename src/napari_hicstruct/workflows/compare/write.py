"""Where a comparison goes: a folder with table and label files, and a project whose queue holds the changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.annotations.records import Kind, Origin
from napari_hicstruct.config.files import output_error, try_folder, write_text
from napari_hicstruct.workflows.compare.requests import CHANGES, Change, Comparison

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts.protocol import ContactSource

TABLE, PROJECT = "changes.tsv", "changes.hicproj"
FORMATS = ("bedpe", "bed")
DIGITS = 6
"""Of p-values and ratios in the table."""


def check_folder(out: str | Path, a: ContactSource, *, overwrite: bool = False) -> None:
    """Refuse a folder that could not take the files, before anything is compared.

    Raises
    ------
    OutputError
        If it cannot be written, or holds label files that must not be replaced.
    ProjectError
        If it holds a project of another map.
    """
    from napari_hicstruct.annotations.writers.export import file_names
    from napari_hicstruct.annotations.writers.folder import plan_folder
    from napari_hicstruct.workflows.predict import map_record
    from napari_hicstruct.workflows.projects import check_project

    folder = Path(out)
    plan_folder(folder, file_names(tuple(Kind), FORMATS), {"map": map_record(a)}, overwrite=overwrite)
    try_folder(folder)
    if (folder / PROJECT).exists():
        check_project(folder / PROJECT, a)


def write_comparison(found: Comparison, out: str | Path, a: ContactSource, *, overwrite: bool = False) -> list[Path]:
    """``changes.tsv`` with all that was compared; ``loops.bedpe``, ``stripes.bedpe``, ``tads.bed``, ``boundaries.bed``
    and ``changes.hicproj`` with what changed; ``run.json``.

    Parameters
    ----------
    found : Comparison
    out : path
        Folder; made if it is missing.
    a : ContactSource
        The first map, which the project is of.
    overwrite : bool
        Also replace label files of other maps or of unknown origin.

    Raises
    ------
    OutputError
        If a file cannot be written or must not be replaced.
    ProjectError
        If the folder holds a project of another map.
    """
    from napari_hicstruct.annotations.writers.export import export_records
    from napari_hicstruct.workflows.projects import writing

    folder = Path(out)
    paths = export_records(
        found.changes, folder, formats=FORMATS, provenance=found.run, kinds=tuple(Kind), overwrite=overwrite
    )
    table = write_table(found, folder / TABLE)
    _name_in_run(paths[-1])
    if found.changes:
        with writing(folder / PROJECT, a) as project:
            store_changes(found, project)
    project_path = [folder / PROJECT] if found.changes else []
    return [table, *paths[:-1], *project_path, paths[-1]]


def write_table(found: Comparison, path: Path) -> Path:
    """The whole table, tab-separated; nothing stands for NaN."""
    try:
        text = found.table.to_csv(sep="\t", index=False, float_format=f"%.{DIGITS}g")
    except OSError as error:
        raise output_error(path, error) from error
    return write_text(path, text)


def _name_in_run(path: Path) -> None:
    """Note in ``run.json`` that the table is of this folder: the next run does not take it for another's."""
    run = json.loads(path.read_text(encoding="utf-8"))
    run["other_files"] = sorted({*run["other_files"], TABLE})
    write_text(path, json.dumps(run, indent=2, default=str) + "\n")


def change_in_words(extra: Mapping[str, str]) -> str:
    """What the columns of a change say: ``lost · 0.31 times as strong · FDR 2e-05 · 450 → 48 contacts``."""
    strength = float(extra.get("log2_ratio", "nan"))
    parts = [extra.get("change", "")]
    if isfinite(strength):
        parts.append(f"{2**strength:.2g} times as strong")
    parts += [extra["note"]] if extra.get("note") else []
    parts.append(f"FDR {float(extra.get('fdr', 'nan')):.1g}")
    a, b = (float(extra.get(f"contacts_{side}", "nan")) for side in "ab")
    if isfinite(a) and isfinite(b):
        parts.append(f"{a:,.0f} → {b:,.0f} contacts")
    return " · ".join(parts)


def store_changes(found: Comparison, project: Project) -> list[str]:
    """Add the changes to a project of the first map, a set for each way to change; gives the sets' names."""
    other = Path(str(found.run["second_map"]["uri"]).split("::")[0]).stem
    names = []
    for change in CHANGES:
        own = [one for one in found.changes if one.extra["change"] == change.value]
        if own:
            name = f"{change.value} in {other}"
            made = project.add_as_set(name, Origin.IMPORTED, own, action="import")
            if change is Change.GAINED:  # the second map lies below the diagonal
                project.update_set(made.id, triangle=Triangle.LOWER.value)
            names.append(made.name)
    return names
