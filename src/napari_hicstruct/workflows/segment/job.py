"""A training as a window starts it: the token that ends it early is made where it runs."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_hicstruct.jobs import CancelToken, Progress

if TYPE_CHECKING:
    from napari_hicstruct.workflows.segment.train import TrainedSegmentation, TrainSegmentationRequest


def iter_train_job(
    request: TrainSegmentationRequest, *, token: CancelToken, stop: CancelToken | None = None
) -> Generator[Progress, None, TrainedSegmentation]:
    """Train; tokens do not go from process to process, so ``stop`` is put into the request here."""
    from napari_hicstruct.workflows.segment.train import iter_train_segmentation

    return (yield from iter_train_segmentation(replace(request, stop=stop), token))
