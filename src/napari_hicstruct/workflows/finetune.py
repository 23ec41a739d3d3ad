"""Fine-tune a model on a project's corrections: one code path for button, shell and notebook.

The project is read and written by the caller's process (:func:`prepare_finetune`, :func:`conclude`); what lies between,
:func:`iter_finetune`, needs neither the project file nor a window and may run anywhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.annotations.lineage import ModelEntry
from napari_hicstruct.config.files import in_place_of, why
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.errors import JobError, MapError, OutputError, ProjectError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune_job import FinetuneJob, FinetuneResult

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.models import ModelInfo


def corrections(project: Project) -> tuple[int, int]:
    """Judgements in all, and those made since the last fine-tune learnt."""
    return project.corrections_since(0), project.corrections_since(project.lineage.last_learnt())


def model_in_use(project: Project) -> ModelInfo:
    """The model that predicts in this project: its own, else the installed default.

    Raises
    ------
    ModelError
        If its folder is gone or damaged.
    """
    from napari_hicstruct.workflows.models import DEFAULT, describe_model, find_model

    current = project.lineage.current()
    return find_model(DEFAULT) if current is None else describe_model(current.folder)


def open_for_learning(path: Path, map: str | None = None) -> tuple[Project, ContactSource]:
    """A project and its map: where the project says, else beside the project, else as given.

    Raises
    ------
    ProjectError
        If the map is not there, or another one.
    """
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.projects import identity_of

    with Project.open(path, read_only=True) as known:
        uri = map or known.map.uri
    if map is None:
        file, group = uri.partition("::")[::2]
        beside = path.parent / Path(file).name
        if not Path(file).exists() and beside.exists():
            uri = f"{beside}::{group}" if group else str(beside)
        elif not Path(file).exists():
            mend = "Copy it beside the project, or say where it is: --map FILE."
            raise ProjectError(f"its map is not at {file}.", where=path, mend=mend)
    source = open_map(uri)
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
        If the project cannot be written, belongs to another map, or holds no corrections or those of one kind only.
    MapError
        If a correction lies outside the map.
    ModelError
        If the model in use is not there.
    """
    config = config or FinetuneConfig()
    if project.read_only:
        text = f"cannot learn: {project.read_only_reason}."
        raise ProjectError(text, where=project.path, mend="Save a copy and fine-tune that.")
    if source.fingerprint() != project.map.fingerprint:
        mend = "Open the project's map, or relink it: hicstruct view MAP --project FILE --relink"
        raise ProjectError(f"belongs to another map ({project.map.uri}).", where=project.path, mend=mend)
    records = tuple(project.query())
    _check_corrections(project, records, source)
    parent = model_in_use(project)
    start = parent if config.start == "last" else _base(project, parent)
    number = 1 + len(project.lineage.runs())
    version = f"{_base(project, parent).version}+ft{number}"
    out = project.models_folder / f"{parent.path.name.partition('-')[0]}-{version}"
    while out.exists():
        number += 1
        version = f"{_base(project, parent).version}+ft{number}"
        out = out.with_name(f"{parent.path.name.partition('-')[0]}-{version}")
    return FinetuneJob(
        map_uri=source.uri,
        records=records,
        blocks=tuple(project.reviewed()),
        frozen=project.frozen_tiles(),
        parent=str(parent.path),
        start=str(start.path),
        out=str(out),
        name=parent.name,
        version=version,
        config=config,
        device=device,
        threads=threads,
        last_entry=project.newest_entry(),
    )


def _base(project: Project, parent: ModelInfo) -> ModelInfo:
    """The model at the root of the parent's lineage."""
    from napari_hicstruct.workflows.models import describe_model

    known = {entry.sha256 for entry in project.lineage.models()}
    if parent.sha256 not in known:
        return parent
    return describe_model(project.lineage.lineage_of(parent.sha256)[0].folder)


def _check_corrections(project: Project, records: tuple[Any, ...], source: ContactSource) -> None:
    from napari_hicstruct.labels.corrections import judgements

    judged = judgements(records)
    if not len(judged):
        mend = "Accept, reject or add some candidates first."
        raise ProjectError("holds no corrections to learn from.", where=project.path, mend=mend)
    for record in judged.judged:
        length = source.chromsizes.get(record.chrom)
        if length is None or record.span.end > length:
            what = "which the map does not have" if length is None else f"but {record.chrom} ends at {length:,} bp"
            raise MapError(f"a correction lies at {record.span}, {what}.", where=source.uri, mend="Delete or move it.")
    if not judged.positives or not (judged.negatives or project.reviewed()):
        have, lack = ("accepted", "reject") if judged.positives else ("rejected", "accept or add")
        raise ProjectError(
            f"all {len(judged)} corrections are {have}: nothing can be told apart.",
            where=project.path,
            mend=f"Also {lack} some candidates, or mark a region as reviewed.",
        )


def iter_finetune(
    job: FinetuneJob, *, token: CancelToken | None = None, stop: CancelToken | None = None
) -> Generator[Progress, None, FinetuneResult]:
    """Learn, compare with the model in use on what was not learnt from, and write the new model.

    Payloads are :class:`~napari_hicstruct.workflows.finetune_job.Live` or None.

    Parameters
    ----------
    stop : CancelToken, optional
        Ends gradient steps early; the best so far is the result.

    Raises
    ------
    Cancelled
        After ``token`` was cancelled; nothing is left behind.
    JobError, MapError, ModelError, OutputError
    """
    import torch

    from napari_hicstruct.workflows.finetune_run import FinetuneRun

    token = token or CancelToken()
    if job.threads:
        torch.set_num_threads(job.threads)
    run = FinetuneRun(job, token, stop or CancelToken(), Clock())
    try:
        return (yield from run.run())
    except RuntimeError as error:  # torch reports shapes and memory so
        from napari_hicstruct.training.update import out_of_memory

        if not out_of_memory(error):
            raise
        mend = "Train heads alone, take smaller windows (fine_size, coarse_size), or another device."
        raise JobError(f"out of memory ({error}).", mend=mend) from error


def conclude(project: Project, job: FinetuneJob, result: FinetuneResult) -> None:
    """Record the run and its model in the project; take the model into use if it is no worse.

    The parent is copied beside the project first, so that project and models travel as one folder.

    Raises
    ------
    ProjectError, OutputError
    """
    lineage = project.lineage
    known = {entry.sha256 for entry in lineage.models()}
    if result.parent not in known:
        _adopt(project, Path(job.parent))
    run = lineage.start_run(result.parent, job.config.model_dump(mode="json"), job.last_entry)
    card = {"finetuned": _told(result)}
    entry = ModelEntry(result.sha256, job.name, job.version, Path(result.model), result.parent, card)
    lineage.add(entry)
    lineage.finish_run(
        run,
        child=result.sha256,
        before=result.side("before"),
        after=result.side("after"),
        taken=result.taken,
        reason=result.reason,
    )
    if result.taken:
        lineage.use(result.sha256, "fine-tuned")


def _adopt(project: Project, folder: Path) -> None:
    """Copy a model that lies elsewhere into the project's folder and make it known."""
    from napari_hicstruct.workflows.models import describe_model

    info = describe_model(folder)
    target = project.models_folder / f"{folder.name}-{info.version}"
    try:
        if not target.exists():
            with in_place_of(target) as copy:
                shutil.copytree(folder, copy)
    except OSError as error:
        raise OutputError(
            f"the model cannot be copied ({why(error)}).", where=target, mend="Free some disk."
        ) from error
    project.lineage.add(ModelEntry(info.sha256, info.name, info.version, target, None, info.card))
    if project.lineage.current() is None:
        project.lineage.use(info.sha256, "what was in use before the first fine-tune")


def _told(result: FinetuneResult) -> dict[str, Any]:
    """What a model's card says of its fine-tuning."""
    return {
        "made_with": f"napari-hicstruct {__version__}",
        "parent": result.parent_label,
        "corrections": result.corrections,
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
        "taken": result.taken,
        "reason": result.reason,
        "before": result.side("before"),
        "after": result.side("after"),
    }
