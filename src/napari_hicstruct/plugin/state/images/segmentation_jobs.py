"""The long work on pictures of a window: read the layers, and have the workflows train, segment and correct."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from napari_hicstruct.config.base import FrozenConfig
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.images.pictures import Picture
from napari_hicstruct.plugin.state.images.repair_images import LabelImage
from napari_hicstruct.plugin.state.images.segmentation_images import SegmentedPicture, sample_of
from napari_hicstruct.plugin.state.models.prediction import spare_threads

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.images.segmentation_settings import SegmentationSettings
    from napari_hicstruct.workflows.segment.apply import Segmented, SegmentRequest
    from napari_hicstruct.workflows.segment.correct import CorrectedSegmentation, CorrectSegmentationRequest
    from napari_hicstruct.workflows.segment.train import TrainedSegmentation, TrainSegmentationRequest


class SegmentationBackend:
    """``workflows.segment`` in a process of its own, imported when used; tests put another in its place."""

    def train(
        self, request: TrainSegmentationRequest, *, token: CancelToken, stop: CancelToken
    ) -> Generator[Progress, None, TrainedSegmentation]:
        """Train; the payload of a step is a dict of losses."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.segment.train import iter_train_job

        return in_process(iter_train_job, request, token=token, stop=stop, threads=spare_threads())

    def segment(self, request: SegmentRequest, *, token: CancelToken) -> Generator[Progress, None, Segmented]:
        """Segment a picture."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.segment.apply import iter_segment

        return in_process(iter_segment, request, token=token, threads=spare_threads())

    def correct(
        self, request: CorrectSegmentationRequest, *, token: CancelToken, stop: CancelToken
    ) -> Generator[Progress, None, CorrectedSegmentation]:
        """Learn from corrections; the payload of a step is as of a training."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.segment.correct import iter_correct_segmentation

        return in_process(iter_correct_segmentation, request, token=token, stop=stop, threads=spare_threads())


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How pictures are segmented.

    Attributes
    ----------
    instances : bool or None
        Each object gets a label of its own; None: as the model's labels were.
    min_size : int
        Pixels; smaller objects are left out.
    extras : bool
        Show probability, distance and boundary, too.
    """

    instances: bool | None = None
    min_size: int = 0
    extras: bool = False


class CorrectionSettings(FrozenConfig):
    """How a model learns from corrections."""

    steps: int = Field(150, ge=1, description="training steps, first on two thirds of what was painted, then on all")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="where the model learns")


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A segmentation that was painted on.

    Attributes
    ----------
    segmented : SegmentedPicture
    painted : LabelImage
        The same labels as they are now.
    """

    segmented: SegmentedPicture
    painted: LabelImage


def iter_train_picture(
    backend: SegmentationBackend,
    picture: Picture,
    labels: LabelImage,
    settings: SegmentationSettings,
    *,
    token: CancelToken,
    stop: CancelToken,
) -> Generator[Progress, None, TrainedSegmentation]:
    """Read a picture and its labels, and train on them."""
    from napari_hicstruct.workflows.segment.models import free_folder
    from napari_hicstruct.workflows.segment.train import TrainSegmentationRequest

    yield Clock().step("reading labels", 0, 0)
    sample = sample_of(picture, labels, left_out=settings.left_out, are=settings.labels)
    token.check()
    name = settings.name or picture.name
    request = TrainSegmentationRequest(
        (sample,), free_folder(name), config=settings.config(name), threads=spare_threads(), device="auto"
    )
    return (yield from backend.train(request, token=token, stop=stop))


def iter_segment_picture(
    backend: SegmentationBackend, picture: Picture, model: Path, options: SegmentOptions, token: CancelToken
) -> Generator[Progress, None, tuple[SegmentedPicture, tuple[str, ...]]]:
    """Read a picture and segment it; gives it with what is to be said of it."""
    from napari_hicstruct.workflows.segment.apply import SegmentRequest

    yield Clock().step("reading picture", 0, 0)
    image = picture.read()
    token.check()
    request = SegmentRequest(
        image, model, threads=spare_threads(), instances=options.instances, min_size=options.min_size
    )
    found = yield from backend.segment(request, token=token)
    extras = {}
    if options.extras:
        extras = {f"p({name})": found.probability[k] for k, name in enumerate(found.classes)}
        extras |= {"distance": found.distance, "boundary": found.boundary}
    there = {name: values for name, values in extras.items() if values is not None}
    return SegmentedPicture(picture, model, found.labels, there), tuple(found.notes)


def iter_correct_picture(
    backend: SegmentationBackend,
    correction: Correction,
    settings: CorrectionSettings,
    *,
    whole: bool,
    token: CancelToken,
    stop: CancelToken,
) -> Generator[Progress, None, CorrectedSegmentation]:
    """Read what was painted and learn from it."""
    from napari_hicstruct.workflows.segment.correct import CorrectSegmentationRequest
    from napari_hicstruct.workflows.segment.models import picture_models_dir

    yield Clock().step("reading corrections", 0, 0)
    segmented = correction.segmented
    image, after = segmented.picture.read(), correction.painted.read()
    token.check()
    request = CorrectSegmentationRequest(
        image,
        segmented.labels,
        after,
        segmented.model,
        picture_models_dir(),
        reviewed=np.ones(after.shape, bool) if whole else None,
        steps=settings.steps,
        device=settings.device,
        threads=spare_threads(),
    )
    return (yield from backend.correct(request, token=token, stop=stop))
