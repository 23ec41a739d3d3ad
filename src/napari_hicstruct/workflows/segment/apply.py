"""Segment a picture by a trained model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import LabelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.segment.samples import check_picture, size_of

if TYPE_CHECKING:
    import torch

    from napari_hicstruct.segmentation.apply import PlaneOutput
    from napari_hicstruct.segmentation.store import SegmentationModel

_COLOURS = (3, 4)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRequest:
    """What to segment, and by what.

    Attributes
    ----------
    image : ndarray
        As the model was trained on: ``(Y, X)``, ``(Y, X, C)`` with channels last, ``(Z, Y, X)``, ``(Z, Y, X, C)``.
    model : Path
        Folder of the model.
    device : str
    threads : int, optional
    instances : bool, optional
        Each object gets a label of its own: touching ones are split by a watershed on distance and boundary.  None:
        as the labels were that the model learnt from.
    min_size : int
        Pixels; smaller objects are left out, of classes smaller parts.
    name : str
        Of the picture, for what is said of it.
    """

    image: NDArray[Any]
    model: Path
    device: str = "auto"
    threads: int | None = None
    instances: bool | None = None
    min_size: int = 0
    name: str = "the picture"


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """A picture that was segmented.

    Attributes
    ----------
    labels : int32 ndarray, ``([Z,] Y, X)``
        The classes' values as they were learnt, or numbers of objects; 0 is background.
    probability : float32 ndarray, ``(C, [Z,] Y, X)``
        Of each class.
    distance : float32 ndarray, ``([Z,] Y, X)``, or None
        Pixels to the nearest border, above 0 inside objects, truncated; None if the model has no such task.
    boundary : float32 ndarray, ``([Z,] Y, X)``, or None
        Probability of a border.
    classes : tuple of str
        In the order of ``probability``.
    notes : tuple of str
    """

    labels: NDArray[np.int32]
    probability: NDArray[np.float32]
    distance: NDArray[np.float32] | None
    boundary: NDArray[np.float32] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def iter_segment(request: SegmentRequest, token: CancelToken) -> Generator[Progress, None, Segmented]:
    """Segment, tile by tile and slice by slice; stage ``segment``, ``done`` tiles of ``total``.

    Raises
    ------
    ModelError
        If the folder holds no model of pictures, or a damaged one.
    LabelError
        If the picture is not of the kind that the model was trained on.
    Cancelled
    """
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.segmentation.apply import count_tiles
    from napari_hicstruct.segmentation.store import load_segmentation

    device = choose_device(request.device)
    model = load_segmentation(request.model, device=device)
    slices = slices_of(np.asarray(request.image), model.config.channels, request.name)
    clock, total = Clock(), len(slices) * count_tiles(slices.shape[1:3], model.config)
    made = _Volume(slices.shape[:3], model)
    with torch_threads(request.threads or 0):
        done = 0
        for z, steps in enumerate(_planes(slices, model, device)):
            while True:
                token.check()
                try:
                    next(steps)
                except StopIteration as end:
                    made.put(z, end.value, request)
                    break
                done += 1
                yield clock.step("segment", done, total)
    return made.result(np.asarray(request.image).ndim - (model.config.channels > 1) == 2)


def slices_of(image: NDArray[Any], channels: int, name: str = "the picture") -> NDArray[Any]:
    """A picture or volume as ``(Z, Y, X, C)``, if it is what a model of so many channels reads.

    Raises
    ------
    LabelError
    """
    check_picture(name, image)
    if channels == 1:
        looks_coloured = image.ndim == 3 and image.shape[-1] in _COLOURS and min(image.shape[:2]) > 4
        if looks_coloured or image.ndim == 4:
            text = f"has colours or channels ({size_of(image.shape)}), but the model was trained on grey pictures."
            raise LabelError(text, where=name, hint="Give one channel, or train on pictures like this one.")
        return (image[None] if image.ndim == 2 else image)[..., None]
    if image.ndim < 3 or image.shape[-1] != channels:
        given = "is grey" if image.ndim == 2 else f"is {size_of(image.shape)}"
        text = f"{given}, but the model was trained on pictures of {channels} channels."
        hint = f"Give (Y, X, {channels}) or (Z, Y, X, {channels}), or train on pictures like this one."
        raise LabelError(text, where=name, hint=hint)
    return image[None] if image.ndim == 3 else image


def _planes(slices: NDArray[Any], model: SegmentationModel, device: torch.device) -> Generator[Any, None, None]:
    """Steps of each slice; limits of intensities are those of the whole volume."""
    from napari_hicstruct.segmentation.apply import iter_plane
    from napari_hicstruct.segmentation.planes import channel_limits, scaled

    limits = channel_limits(slices, model.config.low, model.config.high)
    for plane in slices:
        yield iter_plane(model.net, scaled(plane, limits), model.config, device)


class _Volume:
    """Results of the slices, laid into one array each."""

    def __init__(self, shape: tuple[int, int, int], model: SegmentationModel) -> None:
        heads = {task.head for task in model.config.model.tasks}
        self.model = model
        self.labels = np.zeros(shape, np.int32)
        self.probability = np.zeros((len(model.classes), *shape), np.float32)
        self.distance = np.zeros(shape, np.float32) if "signed_distance" in heads else None
        self.boundary = np.zeros(shape, np.float32) if "edge" in heads else None

    def put(self, z: int, output: PlaneOutput, request: SegmentRequest) -> None:
        """One slice; numbers of objects go on from the slice before."""
        from napari_hicstruct.segmentation.figures import labels_of

        instances = not self.model.values if request.instances is None else request.instances
        config = self.model.config
        labels = labels_of(output, config, self.model.values, instances=instances, min_size=request.min_size)
        if instances and z:
            labels = np.where(labels > 0, labels + self.labels[:z].max(), 0)
        self.labels[z], self.probability[:, z] = labels, output.probability
        if self.distance is not None and output.distance is not None:
            self.distance[z] = output.distance
        if self.boundary is not None and output.boundary is not None:
            self.boundary[z] = output.boundary

    def result(self, flat: bool) -> Segmented:
        """With or without the axis of slices."""
        at = 0 if flat else slice(None)
        distance, boundary = (None if one is None else one[at] for one in (self.distance, self.boundary))
        notes: tuple[str, ...] = () if self.labels.any() else ("Nothing was found: every pixel is background.",)
        if not flat and not self.model.values:
            notes += ("Objects are numbered slice by slice: one that goes through slices has a number in each.",)
        return Segmented(self.labels[at], self.probability[:, at], distance, boundary, self.model.classes, notes)
