"""A repair as a window starts it: all that it needs in one object that can go to another process."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_hicstruct.jobs import CancelToken, Progress

if TYPE_CHECKING:
    from napari_hicstruct.config.repair import RepairConfig
    from napari_hicstruct.label_repair.sample import LabelSample
    from napari_hicstruct.workflows.repair import RepairResult

Until = Literal["shape", "fusion", "joint"]


@dataclass(frozen=True, slots=True)
class RepairJob:
    """What to repair and how.

    Attributes
    ----------
    samples : tuple of LabelSample
    config : RepairConfig
    until : "shape", "fusion" or "joint"
        The last stage that runs.
    device : str
    threads : int, optional
    """

    samples: tuple[LabelSample, ...]
    config: RepairConfig
    until: Until = "joint"
    device: str = "auto"
    threads: int | None = None


def iter_repair_job(
    job: RepairJob, *, token: CancelToken, stop: CancelToken | None = None
) -> Generator[Progress, None, RepairResult]:
    """Run it: the tokens are made where it runs, for they do not go from process to process."""
    from napari_hicstruct.workflows.repair import RepairOptions, iter_repair

    options = RepairOptions(until=job.until, device=job.device, threads=job.threads, token=token, stop=stop)
    return (yield from iter_repair(job.samples, job.config, options))
