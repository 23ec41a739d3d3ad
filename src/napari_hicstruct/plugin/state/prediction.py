"""What the *Predict* section runs: the installed models, behind three functions that tests can replace."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_hicstruct.jobs import CancelToken, Progress

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource


@dataclass(frozen=True, slots=True)
class Backend:
    """What the panel runs; the default is ``workflows.predict`` and ``workflows.models``, imported when used.

    Attributes
    ----------
    predict : callable
        ``(source, *, regions, tasks, model, device, norm, token)`` → generator of Progress whose payloads are tuples
        of annotations.
    capabilities : callable
        ``(source)`` → task → why it cannot be done (empty if it can).
    models : callable
        ``()`` → models with ``name``, ``version``, ``tasks`` and ``card``.
    """

    predict: Callable[..., Generator[Progress, None, Any]]
    capabilities: Callable[[ContactSource], dict[str, str]]
    models: Callable[[], list[Any]]


def default_backend() -> Backend:
    """The real thing."""

    def predict(source: ContactSource, *, token: CancelToken, **request: Any) -> Generator[Progress, None, Any]:
        from napari_hicstruct.workflows.predict import iter_predict
        from napari_hicstruct.workflows.predict.request import PredictRequest

        threads = max(1, (os.cpu_count() or 2) - 1)  # one core is left to the window
        return iter_predict(source, PredictRequest(threads=threads, **request), token=token)

    def capabilities(source: ContactSource) -> dict[str, str]:
        from napari_hicstruct.workflows.predict.request import capabilities

        return capabilities(source)

    def models() -> list[Any]:
        from napari_hicstruct.workflows.models import list_models

        return list_models()

    return Backend(predict, capabilities, models)
