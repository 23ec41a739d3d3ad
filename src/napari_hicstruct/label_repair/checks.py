"""Labels and classes as they are given: what is refused, what is left out, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.repair import LabelClass, RepairConfig, check_names
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.wording import how_many

MAX_FOUND_CLASSES = 64
"""More values than that are an image or a list of objects, no classes."""
_WHOLE = "Labels are whole numbers: 0 for background, one value for each class."


@dataclass(frozen=True)
class Labelled:
    """Samples as class numbers, with the classes that occur.

    Attributes
    ----------
    classes : tuple of LabelClass
        That occur in any sample, in the order of their priority: the first wins.
    images : tuple of ndarray
        uint8 per sample: 0 background, k the k-th class (1-based).
    notes : tuple of str
        For people.
    """

    samples: tuple[LabelSample, ...]
    classes: tuple[LabelClass, ...]
    images: tuple[NDArray[np.uint8], ...]
    notes: tuple[str, ...]

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return self.images[0].ndim

    def restored(self, images: Sequence[NDArray[np.uint8]]) -> tuple[LabelSample, ...]:
        """Class numbers as labels of the samples' own values and dtype."""
        # uint64 holds every label; numpy alone would take floats for the largest, and lose them
        values = np.array([0, *(one.value % 2**64 for one in self.classes)], np.uint64)
        return tuple(
            LabelSample(sample.name, values.astype(sample.labels.dtype)[image], sample.spacing)
            for sample, image in zip(self.samples, images, strict=True)
        )


def check_labels(samples: Sequence[LabelSample], config: RepairConfig, *, keep_missing: bool = False) -> Labelled:
    """Samples as class numbers, in the order of priority.

    Parameters
    ----------
    keep_missing : bool
        Classes that occur in no sample are kept: the labels are for a function that knows them.

    Raises
    ------
    LabelError
        Labels of neither 2 nor 3 dimensions, of unlike dimensions, that are no whole numbers, or of a value that is no
        class; no class at all.
    ConfigError
        A priority or rule that names a class that does not occur among the classes.
    """
    if not samples:
        raise LabelError("no labels were given.", hint="Give at least one labelled image.")
    whole = [_whole_numbers(sample) for sample in samples]
    if len({image.ndim for image in whole}) > 1:
        raise LabelError("images in 2-D and in 3-D were given together.", hint="Repair them in two runs.")
    counts = _count_values(samples, whole, config)
    classes = config.classes or tuple(LabelClass(name=f"class {value}", value=value) for value in sorted(counts))
    try:
        check_names(config, [one.name for one in classes])
    except ValueError as error:
        raise ConfigError(f"{error}.", hint="Correct the name, or the table of classes.") from error
    missing = [] if keep_missing else [one for one in classes if not counts.get(one.value)]
    notes = [f"{one.name} ({one.value}) occurs in no sample and is left out." for one in missing]
    found = [one for one in classes if one not in missing]
    if not counts:
        raise LabelError("no sample has a labelled voxel.", hint="Nothing is there to be repaired.")
    order = {name: place for place, name in enumerate(config.priority)}
    found.sort(key=lambda one: (order.get(one.name, len(order)), counts.get(one.value, 0)))
    table = {one.value: k for k, one in enumerate(found, start=1)}
    images = tuple(_numbered(image, table) for image in whole)
    notes += _small(samples, images, found)
    return Labelled(tuple(samples), tuple(found), images, tuple(notes))


def _whole_numbers(sample: LabelSample) -> NDArray[Any]:
    """The labels, checked; floats become integers."""
    labels = np.asarray(sample.labels)
    if labels.ndim not in (2, 3):
        hint = "Give each time point or channel as a sample of its own." if labels.ndim > 3 else None
        raise LabelError(f"has {labels.ndim} dimensions, not 2 or 3.", where=sample.name, hint=hint)
    if not labels.size:
        raise LabelError("has no voxel.", where=sample.name)
    if len(sample.spacing) != labels.ndim or not all(np.isfinite(s) and s > 0 for s in sample.spacing):
        raise LabelError("needs one spacing above 0 for each axis.", where=sample.name)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise LabelError("holds values that are no numbers (NaN or infinite).", where=sample.name, hint=_WHOLE)
        if (odd := labels[labels != np.rint(labels)]).size:
            raise LabelError(f"holds {odd[0]:g}, which is no label.", where=sample.name, hint=_WHOLE)
        labels = labels.astype(np.int64)
    elif labels.dtype.kind not in "iub":
        raise LabelError(f"holds {labels.dtype}, which are no labels.", where=sample.name, hint=_WHOLE)
    if labels.dtype.kind == "i" and labels.min() < 0:
        raise LabelError(f"holds the negative label {labels.min()}.", where=sample.name, hint=_WHOLE)
    return labels


def _count_values(samples: Sequence[LabelSample], whole: list[NDArray[Any]], config: RepairConfig) -> dict[int, int]:
    """Voxels of each label in all samples; refuses a label that is no class."""
    known, counts = {one.value for one in config.classes}, dict[int, int]()
    for sample, image in zip(samples, whole, strict=True):
        for value, count in zip(*(part.tolist() for part in np.unique(image, return_counts=True)), strict=True):
            if value and known and value not in known:
                hint = f"Classes have the values {', '.join(map(str, sorted(known)))}. Add it to the table of classes."
                raise LabelError(
                    f"holds the label {value} ({count:,} voxels), which is no class.", where=sample.name, hint=hint
                )
            counts[int(value)] = counts.get(int(value), 0) + count
    counts.pop(0, None)
    if len(counts) > MAX_FOUND_CLASSES:
        hint = "Give a table of classes; objects of one class must share a value."
        most = how_many(MAX_FOUND_CLASSES, "class", "classes")
        raise LabelError(f"{how_many(len(counts), 'value')} found, more than {most}.", hint=hint)
    return counts


def _numbered(image: NDArray[Any], table: dict[int, int]) -> NDArray[np.uint8]:
    values, places = np.unique(image, return_inverse=True)
    numbers = np.array([table.get(int(value), 0) for value in values], np.uint8)
    return numbers[places].reshape(image.shape)


def _small(
    samples: Sequence[LabelSample], images: tuple[NDArray[np.uint8], ...], classes: list[LabelClass]
) -> list[str]:
    """Remarks on classes that have next to nothing to learn from."""
    notes = []
    for sample, image in zip(samples, images, strict=True):
        counts = np.bincount(image.ravel(), minlength=len(classes) + 1)
        for k, one in enumerate(classes, start=1):
            if counts[k] == 1:
                notes.append(f"{sample.name}: {one.name} is a single voxel; its shape is a guess.")
    return notes
