"""What came of a fine-tuning, written down: the new model in its folder, then models, run and use in the project.

And read again: the last one that the project keeps.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.lineage import FinetuneRun, ModelEntry
from napari_hicstruct.config.files import in_place_of, output_error, writing
from napari_hicstruct.errors import ModelError, OutputError
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.finetune.job import Figure, FinetuneJob, FinetuneResult

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.workflows.finetune.learners import Trained
    from napari_hicstruct.workflows.finetune.models import LoadedModels


def write_model(
    job: FinetuneJob, models: LoadedModels, trained: Trained, result: FinetuneResult, *, map_name: str
) -> FinetuneResult:
    """Write the new model, whole or not at all; none where the weights are those of the model in use.

    ``parent`` of its card is the model that was trained on (``start``).  Elsewhere, in the project's lineage and in the
    card's ``finetuned`` too, a parent is the model that was in use, which this one was compared with.

    Returns
    -------
    FinetuneResult
        With the new model's ``sha256``.

    Raises
    ------
    OutputError
    """
    from napari_hicstruct.models.store import load_model, read_card, save_model
    from napari_hicstruct.training.replay import save_replay
    from napari_hicstruct.workflows.finetune.replay import FILE

    out, start = Path(job.out), models.start
    card = dict(read_card(start.path)["card"])
    card["lineage"] = [*card.get("lineage", ()), f"{start.label} ({start.sha256[:12]})"]
    card |= {"name": job.name, "version": job.version, "parent": {"name": start.label, "sha256": start.sha256}}
    card["data"] = f"{how_many(result.corrections, 'correction')} on {map_name}, from {start.label}"
    try:
        with in_place_of(out) as folder:
            save_model(folder, models.net.config, trained.state, card | {"finetuned": result.to_card()})
            load_model(folder)  # what was written can be read: else the old model stays in use
            if trained.replay_set is not None:  # or the next round that starts here would simulate them again
                save_replay(replace(trained.replay_set, sha256=str(read_card(folder)["sha256"])), folder / FILE)
        sha256 = str(read_card(out)["sha256"])
        if sha256 == models.parent.sha256:
            shutil.rmtree(out)
    except OSError as error:
        raise output_error(out, error, what="the model could not be written") from error
    except OutputError as error:
        raise OutputError(error.message, where=out, hint=error.hint) from error
    finally:
        with contextlib.suppress(OSError):
            out.parent.rmdir()  # made for nothing, if it is empty
    if sha256 != models.parent.sha256:
        return replace(result, sha256=sha256)
    reason = "Nothing new was learnt: these corrections give the model that is in use already."
    place, label = str(models.parent.path), models.parent.label
    verdict = Verdict.NO_DIFFERENT
    return replace(result, verdict=verdict, reason=reason, details="", model=place, sha256=sha256, label=label)


def record_result(project: Project, job: FinetuneJob, result: FinetuneResult) -> ModelEntry:
    """Record the run and its model in the project; take the model into use if it is better or no different.

    The parent is copied beside the project first, so that project and models travel as one folder; then models, run and
    use are written as one.  If anything fails the project is as before, the new model stays in its folder, and the same
    call may be made again.

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
    made, lineage = Path(result.model), project.lineage
    if not _holds(made, result.sha256):
        raise ModelError("does not hold the new model any more.", where=made, hint="Fine-tune again.")
    child = ModelEntry(result.sha256, job.name, job.version, made, result.parent, {"finetuned": result.to_card()})
    known = {entry.sha256: entry for entry in lineage.models()}
    _put_back(known.get(result.sha256, child), made)
    with _beside(project, Path(job.parent), known.get(result.parent)) as parent, lineage.as_one():
        lineage.add(parent)
        if lineage.current() is None:
            lineage.use(parent.sha256, "what was in use before the first fine-tune")
        run = lineage.start_run(parent.sha256, job.config.model_dump(mode="json"), job.last_entry)
        child = lineage.add(child)
        if result.taken:
            lineage.use(child.sha256, "fine-tuned")
        sides = {side: result.side(side) for side in ("before", "after")}
        reason = f"{result.reason} {result.details}".strip()
        lineage.finish_run(run, child=child.sha256, taken=result.taken, reason=reason, **sides)
    if child.folder.resolve() != Path(job.out).resolve():  # one that the project knew: the run's own copy is spare
        shutil.rmtree(job.out, ignore_errors=True)
    return child


def _holds(folder: Path, sha256: str) -> bool:
    """True if a whole model with these weights lies there."""
    from napari_hicstruct.models.store import load_model, read_card

    try:
        load_model(folder)  # compares the weights with the card
        return str(read_card(folder)["sha256"]) == sha256
    except ModelError:
        return False


def _put_back(entry: ModelEntry, made: Path) -> None:
    """The same corrections give the same weights: a model that the project knows stays where it knows it."""
    from napari_hicstruct.workflows.models import describe_model

    if entry.folder.resolve() == made.resolve() or _holds(entry.folder, entry.sha256):
        return
    with contextlib.suppress(ModelError):  # nothing there, or damaged: it may be replaced
        if describe_model(entry.folder).sha256 != entry.sha256:
            raise OutputError(f"holds another model than {entry.label}.", where=entry.folder, hint="Move it away.")
    with writing(entry.folder, what="the model cannot be put back there"), in_place_of(entry.folder) as copy:
        shutil.copytree(made, copy)


@contextlib.contextmanager
def _beside(project: Project, folder: Path, known: ModelEntry | None) -> Iterator[ModelEntry]:
    """The parent as the project shall know it: a copy of its folder among the project's models.

    The copy is taken away again if what follows fails.
    """
    from napari_hicstruct.workflows.models import describe_model

    if known is not None:
        yield known
        return
    info = describe_model(folder)
    stem = f"{info.name}-{info.version}".replace("/", "_")
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    target = next(
        place
        for place in (project.models_folder / name for name in names)
        if not place.exists() or _holds(place, info.sha256)
    )
    is_new = not target.exists()
    if is_new:
        _copy(folder, target)
    try:
        yield ModelEntry(info.sha256, info.name, info.version, target, None, info.card)
    except Exception:
        if is_new and info.sha256 not in {entry.sha256 for entry in project.lineage.models()}:
            shutil.rmtree(target, ignore_errors=True)
        raise


def _copy(folder: Path, target: Path) -> None:
    """Copy a model folder, whole or not at all."""
    try:
        with in_place_of(target) as copy:
            shutil.copytree(folder, copy)
    except OSError as error:
        if isinstance(error, shutil.Error):  # it lists every file that failed: one will do
            error = OSError(error.args[0][0][-1])
        raise output_error(target, error, what="the model in use cannot be copied") from error


def as_recorded(result: FinetuneResult, entry: ModelEntry) -> FinetuneResult:
    """A result under the name of the model that the project keeps for it: the same corrections give the same model."""
    if entry.label == result.label:
        return result
    note = f"These corrections give {entry.label} again, which the project has already; no {result.label} was made."
    return replace(result, label=entry.label, model=str(entry.folder), notes=(*result.notes, note))


def record_as_kept(project: Project, job: FinetuneJob, result: FinetuneResult) -> FinetuneResult:
    """Record a run (:func:`record_result`); the result as it is kept."""
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
