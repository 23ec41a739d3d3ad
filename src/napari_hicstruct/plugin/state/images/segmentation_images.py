"""A picture and its labels as a training reads them, what came of segmenting one, and what was painted since."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import LabelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.images.pictures import Picture, why_not_picture
from napari_hicstruct.plugin.state.images.repair_images import LabelImage, count_values

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.images.segmentation_settings import LabelsAre
    from napari_hicstruct.workflows.segment.train import ImageSample


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedPicture:
    """What a model said of a picture; the window shows it as a Labels layer, on which a person may paint.

    Attributes
    ----------
    picture : Picture
    model : Path
        That segmented it.
    labels : integer array
        As segmented: what is painted later is found by comparing with it.
    extras : dict of str to array
        Further pictures of the same shape by name: probability of each class, distance, boundary.
    """

    picture: Picture
    model: Path
    labels: NDArray[Any]
    extras: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Painted:
    """How much of a segmentation was painted over."""

    pixels: int
    places: int


def why_not_labels(picture: Picture, labels: LabelImage) -> str:
    """Why a picture cannot be learnt from with these labels; empty if it can."""
    if why_not := why_not_picture(picture):
        return why_not
    shape = tuple(int(n) for n in labels.data.shape)
    if shape != picture.shape:
        size = " × ".join(f"{n:,}" for n in shape)
        return f"“{labels.name}” is {size}, “{picture.name}” {picture.size_text}: choose labels of this picture."
    return ""


def iter_counted(labels: LabelImage, token: CancelToken) -> Generator[Progress, None, dict[int, int]]:
    """Pixels of each value."""
    yield Clock().step("counting pixels", 0, 0)
    token.check()
    return count_values(labels.read())


def iter_painted(before: NDArray[Any], after: LabelImage, token: CancelToken) -> Generator[Progress, None, Painted]:
    """Where labels differ from what was segmented: pixels, and connected places of them."""
    from scipy import ndimage

    yield Clock().step("comparing", 0, 0)
    now = after.read()
    token.check()
    if now.shape != before.shape:
        raise LabelError(
            f"“{after.name}” has another shape than what was segmented.", hint="Segment the picture again."
        )
    changed = now != before
    n_pixels = int(np.count_nonzero(changed))
    if not n_pixels:
        return Painted(0, 0)
    _, n_places = ndimage.label(changed, ndimage.generate_binary_structure(changed.ndim, changed.ndim))
    return Painted(n_pixels, int(n_places))


def sample_of(
    picture: Picture, labels: LabelImage, *, left_out: Sequence[int] = (), are: LabelsAre = "classes"
) -> ImageSample:
    """A picture with its labels as the workflow learns from it; pixels of values that are left out weigh nothing."""
    from napari_hicstruct.workflows.segment.train import ImageSample

    values = labels.read()
    if values.dtype == bool:
        values = values.astype(np.uint8)
    if are == "instances" or not left_out:
        return ImageSample(picture.name, picture.read(), values)
    out = np.isin(values, left_out)
    weight = np.where(out, np.float32(0), np.float32(1))
    return ImageSample(picture.name, picture.read(), np.where(out, values.dtype.type(0), values), weight)
