"""What came of a fine-tuning, written into the project: models, run, which one is in use."""

from __future__ import annotations

import contextlib
import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.lineage import ModelEntry
from napari_hicstruct.config.files import in_place_of, why
from napari_hicstruct.errors import HicStructError, ModelError, OutputError, ProjectError
from napari_hicstruct.workflows.finetune_job import FinetuneJob, FinetuneResult

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project


def conclude(project: Project, job: FinetuneJob, result: FinetuneResult) -> ModelEntry:
    """Record the run and its model in the project; take the model into use if it is no worse.

    The parent is copied beside the project first, so that project and models travel as one folder.  If anything fails,
    the model that was in use stays in use, and the run is noted as one that changed nothing (or, if not even that can
    be written, as one that never ended).

    Returns
    -------
    ModelEntry
        The new model, as the project knows it from now on: one that it knew already stays where it was.

    Raises
    ------
    ModelError
        If the new model is not in its folder any more.
    ProjectError, OutputError
        If the project or the copy cannot be written.
    """
    made = Path(result.model)
    if not _holds(made, result.sha256):
        raise ModelError("does not hold the new model any more.", where=made, mend="Fine-tune again.")
    lineage = project.lineage
    if result.parent not in {entry.sha256 for entry in lineage.models()}:
        _adopt(project, Path(job.parent))
    run = lineage.start_run(result.parent, job.config.model_dump(mode="json"), job.last_entry)
    before, added = lineage.current(), False
    try:
        entry = lineage.add(
            ModelEntry(result.sha256, job.name, job.version, made, result.parent, {"finetuned": result.told()})
        )
        _keep_one(entry, Path(job.out))
        added = True
        if result.taken:
            lineage.use(result.sha256, "fine-tuned")
        _finish(project, run, result, child=result.sha256, taken=result.taken, reason=result.reason)
    except Exception as error:
        with contextlib.suppress(HicStructError):
            if before is not None and lineage.current() != before:
                lineage.use(before.sha256, "the new model could not be recorded")
        with contextlib.suppress(HicStructError):
            child = result.sha256 if added else None
            _finish(project, run, result, child=child, taken=False, reason=f"It could not be recorded: {error}")
        raise
    return entry


def _finish(project: Project, run: int, result: FinetuneResult, *, child: str | None, taken: bool, reason: str) -> None:
    after = None if child is None else result.side("after")
    project.lineage.finish_run(run, child=child, before=result.side("before"), after=after, taken=taken, reason=reason)


def _holds(folder: Path, sha256: str) -> bool:
    """True if a model folder with these weights lies there."""
    from napari_hicstruct.workflows.models import describe_model

    try:
        return describe_model(folder).sha256 == sha256
    except ModelError:
        return False


def _keep_one(entry: ModelEntry, made: Path) -> None:
    """The same corrections give the same weights: of two folders with one model, that which the project knows stays.

    ``made`` is a folder that the run wrote, or one that is not there.
    """
    if not made.exists() or entry.folder.resolve() == made.resolve():
        return
    if _holds(entry.folder, entry.sha256):
        shutil.rmtree(made, ignore_errors=True)
        return
    try:
        with in_place_of(entry.folder) as copy:
            shutil.copytree(made, copy)
    except OSError as error:
        raise OutputError(f"the model cannot be put back there ({why(error)}).", where=entry.folder) from error


def _adopt(project: Project, folder: Path) -> None:
    """Copy a model that lies elsewhere into the project's folder and make it known and, if none is, the one in use."""
    from napari_hicstruct.workflows.models import describe_model

    info = describe_model(folder)
    stem = f"{info.name}-{info.version}".replace("/", "_")
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    target = next(
        place
        for place in (project.models_folder / name for name in names)
        if not place.exists() or _holds(place, info.sha256)
    )
    is_new = not target.exists()
    try:
        if is_new:
            with in_place_of(target) as copy:
                shutil.copytree(folder, copy)
    except OSError as error:
        if isinstance(error, shutil.Error):  # it lists every file that failed: one will do
            error = OSError(error.args[0][0][-1])
        text = f"the model in use cannot be copied ({why(error)})."
        raise OutputError(text, where=target, mend="Free some disk, then fine-tune again.") from error
    try:
        project.lineage.add(ModelEntry(info.sha256, info.name, info.version, target, None, info.card))
    except ProjectError:
        if is_new:
            shutil.rmtree(target, ignore_errors=True)
        raise
    if project.lineage.current() is None:
        project.lineage.use(info.sha256, "what was in use before the first fine-tune")
