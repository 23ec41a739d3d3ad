"""What the *Learn* section runs: fine-tuning and the models of a project, behind functions that tests can replace."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    from napari_hicstruct.annotations.project import Project
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.finetune.job import FinetuneJob, FinetuneResult

Where = Literal["process", "thread"]


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """What a person asked for.

    Attributes
    ----------
    config : FinetuneConfig
    device : str
        ``auto`` or a torch device.
    where : str
        ``process`` (a process of its own: the window stays smoother) or ``thread``.
    """

    config: FinetuneConfig = field(default_factory=FinetuneConfig)
    device: str = "auto"
    where: Where = "process"


@dataclass(frozen=True, slots=True)
class LearnBackend:
    """What the section runs; the default is ``workflows.finetune``, imported when used.

    Attributes
    ----------
    corrections : callable
        ``(project)`` → corrections in all, and those made since the last fine-tune.
    prepare : callable
        ``(project, source, request)`` → what a fine-tune reads; raises a :class:`HicStructError` if it cannot be.
    run : callable
        ``(job, where, *, token, stop)`` → generator of Progress with payloads ``Live`` or None, returns the result.
    record : callable
        ``(project, job, result)``: record the run and its model, take it into use if it was taken.
    """

    corrections: Callable[[Project], tuple[int, int]]
    prepare: Callable[[Project, ContactSource, LearnRequest], FinetuneJob]
    run: Callable[..., Generator[Progress, None, FinetuneResult]]
    record: Callable[[Project, FinetuneJob, FinetuneResult], None]


def default_learn_backend() -> LearnBackend:
    """The real thing."""

    def corrections(project: Project) -> tuple[int, int]:
        from napari_hicstruct.workflows.finetune import corrections

        return corrections(project)

    def prepare(project: Project, source: ContactSource, request: LearnRequest) -> FinetuneJob:
        from napari_hicstruct.workflows.finetune import prepare_finetune

        return prepare_finetune(project, source, request.config, device=request.device, threads=spare_threads())

    def run(
        job: FinetuneJob, where: Where, *, token: CancelToken, stop: CancelToken
    ) -> Generator[Progress, None, FinetuneResult]:
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.finetune import iter_finetune

        if where == "thread":
            return iter_finetune(job, token=token, stop=stop)
        return in_process(iter_finetune, job, token=token, stop=stop, threads=spare_threads())

    def record(project: Project, job: FinetuneJob, result: FinetuneResult) -> None:
        from napari_hicstruct.workflows.finetune import record_result

        record_result(project, job, result)

    return LearnBackend(corrections, prepare, run, record)


def spare_threads() -> int:
    """Processor threads for learning: one core is left to the window."""
    import os

    return max(1, (os.cpu_count() or 2) - 1)


@dataclass(frozen=True, slots=True)
class ProjectModel:
    """A model that was fine-tuned in a project, as menus and cards want it.

    Attributes
    ----------
    reference : str
        What a prediction request names it by: its folder.
    """

    name: str
    version: str
    label: str
    tasks: tuple[str, ...]
    card: dict[str, Any]
    sha256: str
    reference: str


def project_models(project: Project | None, installed: list[Any]) -> list[ProjectModel]:
    """Models of a project that are not among the installed ones and whose folders can be read, newest first."""
    from napari_hicstruct.errors import ModelError
    from napari_hicstruct.workflows.models import describe_model

    known = {getattr(model, "sha256", "") for model in installed}
    found = []
    for entry in reversed(project.lineage.models()) if project is not None else ():
        if entry.sha256 in known:
            continue
        try:
            info = describe_model(Path(entry.folder))
        except ModelError:
            continue  # its folder is gone; the lineage still tells of it
        if info.sha256 != entry.sha256:
            continue  # another model was put in its place
        card = {**info.card, **entry.card}
        made = ProjectModel(entry.name, entry.version, entry.label, info.tasks, card, entry.sha256, str(entry.folder))
        found.append(made)
    return found


def iter_count(backend: LearnBackend, project: Project) -> Generator[Progress, None, tuple[int, int]]:
    """Count the corrections: in all, and new ones; 0.2 s with 100,000 candidates, too long for the window."""
    yield Clock().step("counting corrections", 0, 0)
    return backend.corrections(project)


def iter_learn(
    backend: LearnBackend,
    project: Project,
    source: ContactSource,
    request: LearnRequest,
    *,
    token: CancelToken,
    stop: CancelToken,
) -> Generator[Progress, None, tuple[FinetuneJob, FinetuneResult]]:
    """Read the corrections and learn from them; gives what was read and what came of it."""
    yield Clock().step("reading corrections", 0, 0)
    job = backend.prepare(project, source, request)
    token.check()
    result = yield from backend.run(job, request.where, token=token, stop=stop)
    return job, result
