"""Fine-tune a model on a project's corrections: one code path for button, shell and notebook.

A correction goes one way, a module for each stage (``docs/glossary.md``): ``prepare`` reads the corrections from the
project, ``examples`` says what is there and what is not, ``score`` adds what the network gives them, ``learners`` fit,
``acceptance`` compares, ``record`` writes down.  The project is read and written by the caller's process
(:func:`prepare_finetune`, :func:`record_result`); what lies between, :func:`iter_finetune`, needs neither the project
file nor a window and may run anywhere.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune.job import FinetuneJob, FinetuneResult
from napari_hicstruct.workflows.finetune.prepare import (
    count_corrections,
    model_in_use,
    open_for_learning,
    prepare_finetune,
)
from napari_hicstruct.workflows.finetune.record import last_result, record_as_kept, record_result

if TYPE_CHECKING:
    from napari_hicstruct.workflows.finetune.learners import Learner

__all__ = [
    "count_corrections",
    "iter_finetune",
    "last_result",
    "model_in_use",
    "open_for_learning",
    "prepare_finetune",
    "record_as_kept",
    "record_result",
]


def iter_finetune(
    job: FinetuneJob, *, token: CancelToken | None = None, stop: CancelToken | None = None
) -> Generator[Progress, None, FinetuneResult]:
    """Learn, compare with the model in use on what was not learnt from, and write the new model.

    Payloads are :class:`~napari_hicstruct.workflows.finetune.job.Live` or None.

    Parameters
    ----------
    stop : CancelToken, optional
        Ends gradient steps early; the best so far is the result.

    Raises
    ------
    Cancelled
        After ``token`` was cancelled; nothing is left behind.
    ProjectError
        If the corrections cannot teach anything.
    MapError, ModelError, OutputError
        If the map or a model cannot be read, or the new model cannot be written.
    JobError
        If memory is used up or torch fails; the model in use stays as it is.
    """
    from napari_hicstruct.inference.device import torch_threads

    try:
        with torch_threads(job.threads):
            return (yield from _iter_stages(job, token or CancelToken(), stop or CancelToken(), Clock()))
    except (RuntimeError, MemoryError) as error:  # torch says both by RuntimeError: wrong shapes and no memory
        raise _failed(error) from error


def _iter_stages(
    job: FinetuneJob, token: CancelToken, stop: CancelToken, clock: Clock
) -> Generator[Progress, None, FinetuneResult]:
    """Everything, in order."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.finetune.acceptance import accept, iter_held_out_scores
    from napari_hicstruct.workflows.finetune.examples import teaching_examples
    from napari_hicstruct.workflows.finetune.learners.gradients import GradientLearner
    from napari_hicstruct.workflows.finetune.learners.heads import HeadLearner
    from napari_hicstruct.workflows.finetune.models import load_models
    from napari_hicstruct.workflows.finetune.record import write_model
    from napari_hicstruct.workflows.finetune.score import Scorer, iter_read_bands, iter_score_examples

    yield clock.step("load model", 0, 0)
    models, source = load_models(job), open_map(job.map_uri)
    corrections = job.corrections
    teaching = teaching_examples(corrections, job.config)
    chroms = [one.record.chrom for one in teaching] + [block.rows.chrom for block in corrections.blocks]
    bands = yield from iter_read_bands(source, chroms, models.net.config, token=token, clock=clock)
    scorer = Scorer(models.device, bands, token, clock)
    examples = yield from iter_score_examples(teaching, corrections, models.net, scorer, learnt=job.learnt)
    learner: Learner
    if job.config.trainable == "heads":
        learner = HeadLearner(models.net, models.start, job.config, token, clock)
    else:
        learner = GradientLearner(models.net, scorer, source, corrections, job.config, stop)
    trained = yield from learner.fit(examples)
    yield clock.step("compare", 0, 0)
    held_out = yield from iter_held_out_scores(examples, trained, scorer, models.parent_net)
    accepted = accept(examples, trained, held_out, start=models.start.label)
    result = FinetuneResult(
        verdict=accepted.verdict,
        reason=accepted.reason,
        figures=accepted.figures,
        model=job.out,
        sha256="",  # comes with writing it
        label=f"{job.name} {job.version}",
        parent=models.parent.sha256,
        parent_label=models.parent.label,
        corrections=examples.corrections,
        steps=trained.steps,
        seconds=clock.step("", 0, 0).elapsed,
        stopped=stop.cancelled,
        notes=accepted.notes,
        details=accepted.details,
    )
    result = write_model(job, models, trained, result, map_name=source.name)
    return replace(result, seconds=clock.step("", 0, 0).elapsed)


def _failed(error: RuntimeError | MemoryError) -> JobError:
    """What a person reads when learning broke off."""
    from napari_hicstruct.training.update import out_of_memory

    if isinstance(error, MemoryError) or out_of_memory(error):
        hint = "Learn in the heads alone, take smaller windows (fine_size, coarse_size), or another device."
        return JobError("memory is used up; the model in use stays.", hint=hint)
    text = " ".join(str(error).split()) or "no details"
    return JobError(f"learning failed ({type(error).__name__}: {text}); the model in use stays.", hint="Try again.")
