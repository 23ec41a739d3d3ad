"""Why a model called an object: the work behind the *Why* section."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from napari_hicstruct.jobs import CancelToken, Progress, preload_torch

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.contacts.protocol import ContactSource

Explain = Callable[..., Generator[Progress, None, Any]]


def default_explain() -> Explain:
    """``workflows.explain`` with one explainer, so that the next object of a chromosome is quick."""
    kept: list[Any] = []
    busy = threading.Lock()

    def explain(
        source: ContactSource, annotation: Annotation, *, model: str, run: Mapping[str, Any] | None, token: CancelToken
    ) -> Generator[Progress, None, Any]:
        preload_torch()
        from napari_hicstruct.workflows.explain import Explainer, model_of
        from napari_hicstruct.workflows.predict.request import PredictRequest

        request = None if run is None else PredictRequest(**run)
        while not busy.acquire(timeout=0.05):  # an older look ends at its next check
            token.check()
        try:
            kept[:] = kept or [Explainer()]
            chosen = model_of(annotation) or model
            return (yield from kept[0].iter_explain(source, annotation, chosen, request=request, token=token))
        finally:
            busy.release()

    return explain
