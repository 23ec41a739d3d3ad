"""Labels as a file holds them: values, the order and direction of their axes, lengths of voxels; and the way back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import output_error
from napari_hicstruct.errors import HicStructError, LabelError, OutputError

Values = NDArray[Any]

_MAX_SHOWN = 6
_MAX_VALUE = 2**63
"""Labels reach up to it, as whole numbers of 64 bits do."""


@contextlib.contextmanager
def reading(path: Path, kind: str, hint: str) -> Iterator[None]:
    """Whatever a library raises at a damaged file becomes one line: nobody can list all that it may be.

    Raises
    ------
    LabelError
    """
    try:
        yield
    except HicStructError:
        raise
    except MemoryError as error:
        raise LabelError("does not fit into memory.", where=path, hint="Is its header damaged?") from error
    except Exception as error:
        raise LabelError(f"is not readable as {kind}.", where=path, hint=hint) from error


@contextlib.contextmanager
def writing(path: Path, kind: str) -> Iterator[None]:
    """What a library refuses to write becomes one line, for the repair behind it took hours.

    Raises
    ------
    OutputError
    """
    try:
        yield
    except HicStructError:
        raise
    except OSError as error:
        raise output_error(path, error) from error
    except Exception as error:
        text = f"cannot be written as {kind} ({' '.join(str(error).split()) or type(error).__name__})."
        raise OutputError(text, where=path, hint="Save the input in another form and repeat.") from error


@dataclass(frozen=True)
class StoredLabels:
    """What was read of a file, and what its writer needs to write the like.

    Attributes
    ----------
    path : Path
    values : ndarray
        As stored, each axis of the file.
    order : tuple of int
        Axes of ``values`` in the order of a sample (z, y, x, or y, x).  Those left out have length 1.
    flipped : tuple of bool
        For each of ``order``: it counts the other way in a sample.
    directions : str
        Letter of each of ``order``: where it points to (S, A, R), or what the file calls it (z, y, x); "" unknown.
    spacing : tuple of float
        Length of a voxel along each of ``order``.
    unit : str
        Of ``spacing``; "" unknown.
    kept : object
        The writer's: header, affine, attributes, compression.
    """

    path: Path
    values: Values
    order: tuple[int, ...]
    flipped: tuple[bool, ...]
    directions: str
    spacing: tuple[float, ...]
    unit: str = ""
    kept: Any = None

    def to_sample(self) -> Values:
        """The values as a sample has them: whole numbers, or floats that are whole."""
        rest = tuple(axis for axis in range(self.values.ndim) if axis not in self.order)
        turned = self.values.transpose(self.order + rest).reshape([self.values.shape[axis] for axis in self.order])
        turned = turned[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]
        # torch knows no foreign byte order, in which some scanners write
        native = np.uint8 if turned.dtype == bool else turned.dtype.newbyteorder("=")
        return np.ascontiguousarray(turned, native)

    def to_stored(self, labels: Values) -> Values:
        """Labels of a sample in the axes and the dtype of the file.

        Raises
        ------
        ValueError
            If they have another shape than the sample.
        """
        turned = labels[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]
        rest = tuple(axis for axis in range(self.values.ndim) if axis not in self.order)
        turned = turned.reshape(turned.shape + (1,) * len(rest))
        back = np.argsort(self.order + rest)
        turned = turned.transpose(back)
        if turned.shape != self.values.shape:
            raise ValueError(f"labels of shape {labels.shape} do not fit a file of shape {self.values.shape}")
        return np.ascontiguousarray(turned.astype(self.values.dtype))


@dataclass(frozen=True)
class LabelFormat:
    """One kind of file: its endings, its name for people, and how it is read and written."""

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path], StoredLabels]
    write: Callable[[StoredLabels, Values, Path], None]


def long_axes(path: Path, shape: tuple[int, ...], what: str = "axes") -> tuple[int, ...]:
    """Axes that are no single voxel: two or three.

    Raises
    ------
    LabelError
        If there are fewer, or more: a file of several images.
    """
    found = tuple(axis for axis, length in enumerate(shape) if length > 1)
    size = " × ".join(map(str, shape))
    if len(found) > 3:
        hint = "Give one file for each time or channel: several files are several samples of one function."
        raise LabelError(f"holds {len(found)} {what} ({size}); a labelling has two or three.", where=path, hint=hint)
    if len(found) < 2 or 0 in shape:
        hint = "Give a labelled image or volume."
        raise LabelError(f"is no image: it holds {size} values.", where=path, hint=hint)
    return found


def check_space(path: Path, names: Sequence[str]) -> None:
    """Refuse axes that are channels or times.

    Raises
    ------
    LabelError
    """
    for name, many in (("c", "channels"), ("t", "times")):
        if name in names:
            raise LabelError(f"has several {many} (axis {name}).", where=path, hint="Give one file for each.")


def check_values(stored: StoredLabels, known: tuple[int, ...]) -> None:
    """Refuse what is no labelling, by what is stored.

    Parameters
    ----------
    stored : StoredLabels
    known : tuple of int
        Values of the classes; empty: any.

    Raises
    ------
    LabelError
    """
    values, where = stored.values, stored.path
    if values.dtype.kind not in "buif":
        hint = "Give whole numbers: 0 for background, one value for each class."
        raise LabelError(f"holds values of type {values.dtype}, which are no labels.", where=where, hint=hint)
    if values.dtype.kind == "f":
        _check_whole(values, where)
    found = np.unique(values)
    if found[0] < 0:
        hint = "Labels are 0 (background), 1, 2, …"
        raise LabelError(f"holds the negative label {found[0]:.0f}.", where=where, hint=hint)
    if values.dtype.kind == "f" and found[-1] >= _MAX_VALUE:
        hint = "Labels are 0 (background), 1, 2, …"
        raise LabelError(f"holds {found[-1]:g}, which is too large a label.", where=where, hint=hint)
    if found[-1] == 0:
        raise LabelError("holds no labels: every voxel is 0.", where=where, hint="Leave this file out.")
    if known and (unknown := np.setdiff1d(found, [0, *known])).size:
        shown = ", ".join(f"{value:.0f}" for value in unknown[:_MAX_SHOWN]) + ("…" if unknown.size > _MAX_SHOWN else "")
        raise LabelError(
            f"holds {'label' if unknown.size == 1 else 'labels'} {shown}, which no class of the settings has.",
            where=where,
            hint=f"The classes have {', '.join(map(str, known))}. Name it among the classes, or use --preset generic.",
        )


def _check_whole(values: Values, where: Path) -> None:
    if not np.isfinite(values).all():
        hint = "Replace them by 0 or a label."
        raise LabelError("holds NaN or infinite values, which are no labels.", where=where, hint=hint)
    broken = values[values != np.round(values)]
    if broken.size:
        hint = "Give labels, no probabilities or intensities; resample labels by the nearest neighbour."
        text = f"holds {broken.size:,} values between whole numbers, as {broken[0]:.4g}, which are no labels."
        raise LabelError(text, where=where, hint=hint)
