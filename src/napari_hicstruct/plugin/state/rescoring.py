"""What *Ask the model* runs: how it sees the candidates, and where it doubts; functions that tests can replace."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_hicstruct.jobs import CancelToken, Progress

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval


@dataclass(frozen=True, slots=True)
class AskBackend:
    """What the part runs; the default is ``workflows.rescore`` and ``workflows.propose``, in a process of their own.

    Attributes
    ----------
    look : callable
        ``(source, project, records, *, token)`` → generator of Progress, returns ``CandidateScore`` by uid.
    propose : callable
        ``(source, project, known, region, *, token)`` → generator of Progress, returns proposals.
    """

    look: Callable[..., Generator[Progress, None, dict[str, Any]]]
    propose: Callable[..., Generator[Progress, None, list[Annotation]]]


def default_ask_backend() -> AskBackend:
    """The real thing."""

    def look(
        source: ContactSource, project: Project, records: Sequence[Annotation], *, token: CancelToken
    ) -> Generator[Progress, None, dict[str, Any]]:
        from napari_hicstruct.workflows.rescore import iter_rescore

        return _elsewhere(partial(iter_rescore, model=_model(project)), source, tuple(records), token=token)

    def propose(
        source: ContactSource,
        project: Project | None,
        known: Sequence[Annotation],
        region: Interval,
        *,
        token: CancelToken,
    ) -> Generator[Progress, None, list[Annotation]]:
        from napari_hicstruct.workflows.propose import iter_propose

        return _elsewhere(partial(iter_propose, model=_model(project)), source, tuple(known), region, token=token)

    return AskBackend(look, propose)


def _model(project: Project | None) -> str:
    from napari_hicstruct.workflows.finetune import model_in_use
    from napari_hicstruct.workflows.models import DEFAULT, find_model

    return str((find_model(DEFAULT) if project is None else model_in_use(project)).path)


def _elsewhere(make_job: Any, *args: Any, token: CancelToken) -> Generator[Progress, None, Any]:
    from napari_hicstruct.jobs import in_process
    from napari_hicstruct.plugin.state.learning import spare_threads

    threads = spare_threads()
    return in_process(partial(make_job, threads=threads), *args, token=token, threads=threads)
