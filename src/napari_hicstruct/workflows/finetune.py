"""Fine-tune a model on a project's corrections: one code path for button, shell and notebook.

The project is read and written by the caller's process (:func:`prepare_finetune`, :func:`conclude`); what lies between,
:func:`iter_finetune`, needs neither the project file nor a window and may run anywhere.
"""

from __future__ import annotations

from collections.abc import Generator

from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune_conclude import conclude
from napari_hicstruct.workflows.finetune_job import FinetuneJob, FinetuneResult
from napari_hicstruct.workflows.finetune_prepare import (
    corrections,
    model_in_use,
    open_for_learning,
    prepare_finetune,
)

__all__ = ["conclude", "corrections", "iter_finetune", "model_in_use", "open_for_learning", "prepare_finetune"]


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
    ProjectError
        If the corrections cannot teach anything.
    MapError, ModelError, OutputError
        If the map or a model cannot be read, or the new model cannot be written.
    JobError
        If memory is used up or torch fails; the model in use stays as it is.
    """
    import torch

    from napari_hicstruct.workflows.finetune_run import FinetuneRun

    threads = torch.get_num_threads()
    if job.threads:
        torch.set_num_threads(job.threads)
    run = FinetuneRun(job, token or CancelToken(), stop or CancelToken(), Clock())
    try:
        return (yield from run.run())
    except (RuntimeError, MemoryError) as error:  # torch says both by RuntimeError: wrong shapes and no memory
        raise _failed(error) from error
    finally:
        torch.set_num_threads(threads)


def _failed(error: RuntimeError | MemoryError) -> JobError:
    """What a person reads when learning broke off."""
    from napari_hicstruct.training.update import out_of_memory

    if isinstance(error, MemoryError) or out_of_memory(error):
        hint = "Learn in the heads alone, take smaller windows (fine_size, coarse_size), or another device."
        return JobError("memory is used up; the model in use stays.", hint=hint)
    text = " ".join(str(error).split()) or "no more was said"
    return JobError(f"learning failed ({type(error).__name__}: {text}); the model in use stays.", hint="Try again.")
