"""What a project keeps of its fine-tunes: the last one as a result again, and a new one by the name it is kept by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.workflows.finetune.job import Figure, FinetuneJob, FinetuneResult
from napari_hicstruct.workflows.finetune.record import record_result

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.annotations.lineage import FinetuneRun, ModelEntry


def as_recorded(result: FinetuneResult, entry: ModelEntry) -> FinetuneResult:
    """A result under the name of the model that the project keeps for it: the same corrections give the same model."""
    if entry.label == result.label:
        return result
    note = f"These corrections give {entry.label} again, which the project has already; no {result.label} was made."
    return replace(result, label=entry.label, model=str(entry.folder), notes=(*result.notes, note))


def record_as_kept(project: Project, job: FinetuneJob, result: FinetuneResult) -> FinetuneResult:
    """Record a run (:func:`~napari_hicstruct.workflows.finetune.record.record_result`); the result as it is kept."""
    return as_recorded(result, record_result(project, job, result))


def last_result(project: Project) -> tuple[FinetuneResult, str] | None:
    """The newest finished fine-tune that made a model, and when it ended (UTC, ISO 8601); None if there is none.

    Also None where it is of a version that kept no verdict.
    """
    done = [run for run in project.lineage.runs() if run.finished is not None and run.child is not None]
    if not done or done[-1].child is None:
        return None
    run, lineage = done[-1], project.lineage
    child, parent = lineage.get(str(run.child)), lineage.get(run.parent)
    kept = child.card.get("finetuned") or {}
    if child.sha256 != parent.sha256 and kept.get("verdict") not in list(Verdict):
        return None
    return _result(run, child, parent, kept), str(run.finished)


def _result(run: FinetuneRun, child: ModelEntry, parent: ModelEntry, kept: dict[str, Any]) -> FinetuneResult:
    is_new = child.sha256 != parent.sha256
    return FinetuneResult(
        verdict=Verdict(kept["verdict"]) if is_new else Verdict.NO_DIFFERENT,
        reason=str(kept.get("reason", "")) if is_new else run.reason,
        figures=tuple(Figure(**one) for one in kept.get("figures", ())) if is_new else (),
        model=str(child.folder),
        sha256=child.sha256,
        label=child.label,
        parent=parent.sha256,
        parent_label=parent.label,
        corrections=int(kept.get("corrections", 0)),
        steps=int(kept.get("steps", 0)),
        seconds=float(kept.get("seconds", 0.0)),
        stopped=bool(kept.get("stopped", False)),
        notes=tuple(kept.get("notes", ())),
        details=str(kept.get("details", "")) if is_new else "",
    )
