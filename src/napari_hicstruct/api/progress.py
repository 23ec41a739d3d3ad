"""Long work called from Python: silent, with a callback, or with a bar (a widget in Jupyter)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import Progress, drain
from napari_hicstruct.jobs.runner import Job
from napari_hicstruct.wording import clock

T = TypeVar("T")

ProgressOption = bool | Callable[[Progress], None] | None
"""What ``progress=`` may be: None or False, True for a bar, or a function that is given every :class:`Progress`."""

_FORMAT = "{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}"


def run(job: Job[T], progress: ProgressOption = None) -> T:
    """Run a job to its end and give its result.

    Parameters
    ----------
    job : generator of Progress
    progress : None, bool or callable

    Raises
    ------
    ConfigError
        If ``progress`` is none of these.
    """
    if progress is None or progress is False:
        return drain(job)
    if callable(progress):
        return drain(job, progress)
    if progress is not True:
        hint = "Give True, None, or a function of one Progress."
        raise ConfigError(f"progress={progress!r} is no way to show progress.", hint=hint)
    with _bar() as update:
        return drain(job, update)


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A bar on standard error, or a widget in a notebook."""
    from tqdm.auto import tqdm

    with tqdm(total=1.0, bar_format=_FORMAT) as bar:

        def update(step: Progress) -> None:
            if step.notice:
                bar.write(f"note: {step.message}")
            bar.n = step.fraction
            left = step.seconds_left
            bar.set_postfix_str("" if left is None else f"{clock(left)} left", refresh=False)
            bar.set_description_str(f"{step.stage} · {step.message}" if step.message else step.stage, refresh=False)
            bar.refresh()

        yield update
