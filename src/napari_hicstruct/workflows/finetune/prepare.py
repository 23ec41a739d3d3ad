"""What a fine-tuning needs of a project, read and checked before anything is learnt."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.config.leftovers import remove_leftovers
from napari_hicstruct.errors import MapError, ModelError, ProjectError
from napari_hicstruct.labels.corrections import Corrections, read_corrections
from napari_hicstruct.workflows.finetune.job import FinetuneJob

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.annotations.lineage import ModelEntry
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.models import ModelInfo


class OneClassError(ProjectError):
    """All corrections say the same: a head needs both, what is there and what is not."""


def count_corrections(project: Project) -> tuple[int, int]:
    """Corrections in all, and those made since the last fine-tune learnt."""
    return project.corrections_since(0), project.corrections_since(project.lineage.last_learnt())


def model_in_use(project: Project) -> ModelInfo:
    """The model that predicts in this project: its own, else the installed default.

    Raises
    ------
    ModelError
        If its folder is gone, damaged, or holds another model.
    """
    from napari_hicstruct.workflows.models import DEFAULT, find_model

    current = project.lineage.current()
    return find_model(DEFAULT) if current is None else _described(current)


def _described(entry: ModelEntry) -> ModelInfo:
    """A model of the project, as its folder describes it."""
    from napari_hicstruct.workflows.models import describe_model

    hint = f"Copy the folder of {entry.label} back to its place, or use another model of the project (Learn, lineage)."
    try:
        info = describe_model(entry.folder)
    except ModelError as error:
        raise ModelError(error.message, where=error.where, hint=hint) from error
    if info.sha256 != entry.sha256:
        raise ModelError(f"holds another model than {entry.label}.", where=entry.folder, hint=hint)
    return info


def open_for_learning(path: Path, map: str | None = None) -> tuple[Project, ContactSource]:
    """A project and its map: as given, else where ``workflows.projects.find_map`` finds it.

    Raises
    ------
    ProjectError
        If the map is not there, or another one.
    """
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.projects import find_map, identity_of

    source = find_map(path) if map is None else open_map(map)
    return Project.open(path, map=identity_of(source)), source


def prepare_finetune(
    project: Project,
    source: ContactSource,
    config: FinetuneConfig | None = None,
    *,
    device: str = "auto",
    threads: int = 0,
) -> FinetuneJob:
    """Read from the project what a fine-tuning needs, and refuse what cannot be done.

    Raises
    ------
    ProjectError
        If the project cannot be written, belongs to another map, holds no corrections, or only accepted or only
        rejected ones.
    MapError
        If a correction lies outside the map.
    ModelError
        If the model in use or the base model is not there, or reads 1-D tracks, which a project does not name.
    """
    config = config or FinetuneConfig()
    _check_project(project, source)
    last_entry = project.newest_entry()  # before the records: what is corrected meanwhile counts as new, not as learnt
    corrections = read_corrections(project.query(), project.reviewed())
    _check_corrections(project, corrections, source)
    parent = model_in_use(project)
    base = _base(project, parent)
    start = parent if config.start == "last" or base is None else _described(base)
    if start.tracks:
        hint = "Use another model: hicstruct models lists them."
        raise ModelError(f"{start.label} reads 1-D tracks and cannot be fine-tuned.", where=start.path, hint=hint)
    _tidy(project.models_folder)
    version, out = _new_place(project, parent.name, parent.version if base is None else base.version)
    return FinetuneJob(
        map_uri=source.uri,
        corrections=replace(corrections, validation_regions=project.validation_regions()),
        parent=str(parent.path),
        start=str(start.path),
        out=str(out),
        name=parent.name,
        version=version,
        config=config,
        device=device,
        threads=threads,
        last_entry=last_entry,
        learnt=_learnt(project, start.sha256),
    )


def _tidy(folder: Path) -> None:
    """Remove weights that a process which was killed had not finished; a folder that was made for them goes, too."""
    remove_leftovers(folder)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _learnt(project: Project, start: str) -> frozenset[str]:
    """Uids of corrections that a model has learnt: all up to the entry of its run, but for those that changed since.

    A run that came back to the model it started from has taught it nothing.
    """
    entries = [run.last_entry for run in project.lineage.runs() if run.child == start]
    if entries and project.lineage.get(start).parent is None:
        return frozenset()
    return frozenset(project.corrected_since(0) - project.corrected_since(max(entries))) if entries else frozenset()


def _new_place(project: Project, name: str, base_version: str) -> tuple[str, Path]:
    """Version and folder of the next model of a project: the first ``<base version>+ft<n>`` that is free."""
    stem = re.sub(r"[^\w.+-]+", "_", name)
    for number in count(1 + len(project.lineage.runs())):
        version = f"{base_version}+ft{number}"
        folder = project.models_folder / f"{stem}-{version}"
        if not folder.exists():
            return version, folder
    raise AssertionError("count never ends")


def _base(project: Project, parent: ModelInfo) -> ModelEntry | None:
    """The model at the root of the parent's lineage; None if the project does not know the parent yet."""
    known = {entry.sha256 for entry in project.lineage.models()}
    return project.lineage.lineage_of(parent.sha256)[0] if parent.sha256 in known else None


def _check_project(project: Project, source: ContactSource) -> None:
    from napari_hicstruct.annotations.maps import other_map
    from napari_hicstruct.annotations.sqlite_files import COPY_HINT
    from napari_hicstruct.workflows.projects import identity_of

    if project.read_only:
        text = f"cannot learn: {project.read_only_reason}."
        raise ProjectError(text, where=project.path, hint=COPY_HINT)
    if source.fingerprint() != project.map.fingerprint:
        raise other_map(project.path, project.map, identity_of(source))


def _check_corrections(project: Project, corrections: Corrections, source: ContactSource) -> None:
    if not corrections.records:
        hint = "Accept, reject or add some candidates first."
        raise ProjectError("holds no corrections to learn from.", where=project.path, hint=hint)
    for what, place in _places(corrections):
        length = source.chromsizes.get(place.chrom)
        if length is None or place.end > length:
            text = "which the map does not have" if length is None else f"but {place.chrom} ends at {length:,} bp"
            raise MapError(f"a {what} lies at {place}, {text}.", where=source.uri, hint="Delete or move it.")
    if not corrections.positives or not (corrections.negatives or corrections.blocks):
        if corrections.positives:
            text, hint = "So far you only accepted.", "Reject some wrong ones, or mark a region as reviewed (M)."
        else:
            text, hint = "So far you only rejected.", "Accept some that are there, or add some."
        raise OneClassError(text, where=project.path, hint=hint)


def _places(corrections: Corrections) -> list[tuple[str, Interval]]:
    """Every corrected or reviewed stretch of the map, with what it is."""
    sides = [side for block in corrections.blocks for side in (block.rows, block.cols)]
    return [("correction", one.span) for one in corrections.records] + [("reviewed region", side) for side in sides]
