"""Pictures and labels as they are given, checked and made planes of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.segmentation import MIN_TRAIN_PX, SegmentationConfig
from napari_hicstruct.errors import LabelError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.segmentation.planes import Plane
    from napari_hicstruct.workflows.segment.sample import ImageSample

MAX_INTENSITY = 1e38
"""Larger ones are infinite in 32 bits, or their differences are."""

MAX_LABEL = 2**31 - 1
"""Of classes: what labels are written as."""

MAX_CHANNELS = 8
MAX_CLASSES = 32
"""More values are objects, not classes."""

MANY_CLASSES = 5
"""So many values, each in one piece, are objects more likely than classes."""

_COLOURS = (3, 4)
_EXACT = 2**53  # whole numbers up to here are the same as floats


def size_of(shape: tuple[int, ...]) -> str:
    """``512 × 512``."""
    return " × ".join(f"{n:,}" for n in shape)


def check_picture(name: str, image: NDArray[Any]) -> None:
    """Refuse what is no picture.

    Raises
    ------
    LabelError
    """
    if image.dtype.kind not in "buif":
        raise LabelError(f"holds values of type {image.dtype}, which are no intensities.", where=name)
    if image.ndim not in (2, 3, 4) or 0 in image.shape:
        hint = "Give (Y, X), (Y, X, channels) or (Z, Y, X)."
        raise LabelError(f"is no picture: it has the shape {image.shape}.", where=name, hint=hint)
    if image.dtype.kind == "f":
        _check_floats(name, image)


def _check_floats(name: str, image: NDArray[Any]) -> None:
    """Refuse what says nothing, or what 32 bits, in which the network reads, cannot hold."""
    real = np.isfinite(image)
    if not real.any():
        raise LabelError("holds no number: every pixel is NaN or infinite.", where=name, hint="Give another picture.")
    if image.dtype.itemsize > np.dtype(np.float32).itemsize:
        largest = max(float(image.max(where=real, initial=0)), -float(image.min(where=real, initial=0)))
        if largest > MAX_INTENSITY:
            hint = "Divide it by a number that brings it to usual intensities."
            raise LabelError(f"holds values as large as {largest:.3g}.", where=name, hint=hint)


def whole_labels(name: str, labels: NDArray[Any]) -> NDArray[np.integer[Any]]:
    """Labels as whole numbers of 0 and above.

    Raises
    ------
    LabelError
        If they are none: fractions, NaN, negative numbers, text.
    """
    if labels.dtype.kind not in "buif":
        raise LabelError(f"holds labels of type {labels.dtype}; labels are whole numbers.", where=name)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise LabelError("has labels that are NaN or infinite.", where=name, hint="Replace them by 0 or a label.")
        if (broken := labels[labels != np.round(labels)]).size:
            text = f"has {how_many(broken.size, 'label')} between whole numbers, as {float(broken[0]):.4g}."
            raise LabelError(text, where=name, hint="Give labels, not probabilities or intensities.")
    if labels.size and labels.min() < 0:
        text = f"has the negative label {int(labels.min())}."
        raise LabelError(text, where=name, hint="Labels are 0 (background), 1, 2, …")
    if labels.size and labels.max() > _EXACT:
        text = f"has the label {float(labels.max()):.4g}, which is too large to be one."
        raise LabelError(text, where=name, hint="Number labels from 1.")
    return labels.astype(np.uint8 if labels.dtype == bool else np.int64)


def channels_last(name: str, image: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """The picture with an axis of channels, ``(…, C)``, where the rest is the shape of the labels.

    Raises
    ------
    LabelError
        If their sizes are unlike.
    """
    check_picture(name, image)
    if labels.ndim not in (2, 3):
        text = f"has labels of {how_many(labels.ndim, 'axis', 'axes')}."
        raise LabelError(text, where=name, hint="Give labels as (Y, X) or (Z, Y, X).")
    if labels.ndim == 3 and labels.shape[-1] in _COLOURS and min(labels.shape[:2]) > max(_COLOURS):
        raise LabelError("has labels in colours.", where=name, hint="Save labels as one channel of whole numbers.")
    if image.shape == labels.shape:
        return image[..., None]
    if image.ndim == labels.ndim + 1 and image.shape[:-1] == labels.shape:
        if image.shape[-1] > MAX_CHANNELS:
            text = f"has {image.shape[-1]} channels; {MAX_CHANNELS} are read at most."
            raise LabelError(text, where=name, hint="Leave out channels, or give labels for each slice.")
        return image
    text = f"is {size_of(image.shape)}, but its labels are {size_of(labels.shape)}."
    raise LabelError(text, where=name, hint="Give a picture and labels of one size; channels come last.")


def check_learnable(name: str, labels: NDArray[Any], weight: NDArray[Any] | None) -> None:
    """Refuse labels that teach nothing, and pictures that are too small.

    Raises
    ------
    LabelError
    """
    side = min(labels.shape[-2:])
    if side < MIN_TRAIN_PX:
        text = f"is {size_of(labels.shape[-2:])} pixels, too small to learn from."
        raise LabelError(text, where=name, hint=f"Give pictures of {MIN_TRAIN_PX} pixels or more a side.")
    if weight is not None and weight.shape != labels.shape:
        text = f"has weights of {size_of(weight.shape)}, but labels of {size_of(labels.shape)}."
        raise LabelError(text, where=name)
    found = np.unique(labels if weight is None else labels[weight > 0])
    if not len(found) or (len(found) == 1 and found[0] == 0):
        raise LabelError("holds no labels: every pixel is 0.", where=name, hint="Paint some objects, or leave it out.")
    if len(found) == 1:
        text = f"has the label {found[0]} everywhere: there is nothing to tell apart."
        raise LabelError(text, where=name, hint="Leave background at 0, or paint a second class.")


def class_values(labels: Sequence[NDArray[Any]], config: SegmentationConfig) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Label of each class and its name; no values where labels are objects.

    Raises
    ------
    LabelError
        If there are more values than classes can be.
    """
    if config.labels == "instances":
        return (), config.classes or ("object",)
    found = tuple(int(v) for v in np.unique(np.concatenate([np.unique(one) for one in labels])) if v)
    n = len(config.classes)
    if n and set(found) <= set(range(1, n + 1)):
        return tuple(range(1, n + 1)), config.classes
    if n and len(found) != n:
        named = how_many(n, "name is given", "names are given")
        text = f"labels hold {how_many(len(found), 'class', 'classes')} ({_shown(found)}), but {named}."
        raise LabelError(text, hint="Name each, in the order of the labels.")
    if len(found) > MAX_CLASSES:
        text = f"labels hold {how_many(len(found), 'value')}, too many for classes."
        raise LabelError(text, hint="If each value is an object, choose labels: instances (preset nuclei).")
    if found and found[-1] > MAX_LABEL:
        text = f"labels hold the class {found[-1]:,}; {MAX_LABEL:,} is the largest that can be written."
        raise LabelError(text, hint="Number classes from 1. If each value is an object: preset nuclei.")
    return found, config.classes or tuple(f"class {value}" for value in found)


def objects_as_classes(samples: Sequence[ImageSample], config: SegmentationConfig) -> str:
    """A sentence where labels look like numbered objects but would be learnt as classes; else empty."""
    from scipy import ndimage

    if config.labels != "classes" or config.classes:
        return ""
    most = 0
    for sample in samples:
        labels = whole_labels(sample.name, np.asarray(sample.labels))
        boxes = ndimage.find_objects(labels.astype(np.int32)) if labels.max(initial=0) <= MAX_CLASSES else []
        found = [value for value, box in enumerate(boxes, start=1) if box is not None]
        if any(ndimage.label(labels[boxes[value - 1]] == value)[1] > 1 for value in found):
            return ""
        most = max(most, len(found))
    if most < MANY_CLASSES:
        return ""
    return f"{most} values, each in one piece: if they are objects of one kind, train with --preset nuclei."


def _shown(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values[:6])) + ("…" if len(values) > 6 else "")


def planes_of(
    samples: Sequence[ImageSample], config: SegmentationConfig, values: tuple[int, ...]
) -> tuple[list[Plane], list[str]]:
    """Planes to learn from, with blocks held out, and what a person should know of them.

    Slices of a volume without any label are left out: nobody says that they are empty.
    """
    from napari_hicstruct.segmentation.planes import channel_limits, held_out_blocks, make_plane, scaled

    rng = np.random.default_rng([config.seed, len(samples)])
    planes, notes = [], []
    for sample in samples:
        labels = whole_labels(sample.name, np.asarray(sample.labels))
        image = channels_last(sample.name, np.asarray(sample.image), labels)
        limits = channel_limits(image, config.low, config.high)
        whole = labels.ndim == 2
        slices = [slice(None)] if whole else [k for k in range(len(labels)) if labels[k].any()]
        if not whole and len(slices) < len(labels):
            left_out = how_many(len(labels) - len(slices), "slice")
            notes.append(f"{sample.name}: {left_out} without any label left out.")
        for k in slices:
            weight = None if sample.weight is None else np.asarray(sample.weight[k], np.float32)
            x = scaled(image[k], limits)
            plane = make_plane(x, labels[k], weight, values, config)
            held = held_out_blocks(plane.mask, config, rng, plane.known > 0)
            planes.append(make_plane(x, labels[k], weight, values, config, held))
    if not any((plane.known > 0).any() for plane in planes):
        text = "nothing is left to learn from: no pixel has both a number and a weight."
        raise LabelError(text, where=samples[0].name, hint="Give pictures with fewer NaN.")
    return planes, notes
