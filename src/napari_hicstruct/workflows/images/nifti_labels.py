"""NIfTI label files through nibabel: the output has the input's affine, header and dtype, so that it overlays it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.errors import LabelError
from napari_hicstruct.workflows.images.stored_labels import LabelFormat, StoredLabels, Values, long_axes, reading

_AXES = "RAS"
"""Where the axes of nibabel's world point to: right, anterior, superior."""

_UNITS = {"mm": "mm", "micron": "µm", "meter": "m"}


@dataclass(frozen=True)
class _Kept:
    """The image's class, affine and header, and the shape with all its axes of length 1."""

    kind: type
    affine: Any
    header: Any
    shape: tuple[int, ...]


def read_nifti(path: Path) -> StoredLabels:
    """Labels of a NIfTI file, turned so that a sample's axes are superior, anterior, right, as far as it goes.

    So hearts that are stored in different orientations lie alike in the one function that they share.

    Raises
    ------
    LabelError
        If the file cannot be read, is none, has more than three axes, or an affine without lengths.
    """
    import nibabel

    with reading(path, "NIfTI", "Is it complete, and is it .nii or .nii.gz?"):
        image: Any = nibabel.load(path)
        kept = _Kept(type(image), image.affine, image.header.copy(), image.shape)
        _check_space(path, image.shape, long_axes(path, image.shape))
        values = _labels_of(image)
    values = values.reshape((image.shape + (1, 1, 1))[:3])
    order, flipped, directions = _order(path, kept.affine, [axis for axis in range(3) if values.shape[axis] > 1])
    spacing = np.sqrt((kept.affine[:3, :3] ** 2).sum(0))
    unit = _UNITS.get(kept.header.get_xyzt_units()[0], "")
    return StoredLabels(path, values, order, flipped, directions, tuple(spacing[list(order)].tolist()), unit, kept)


def _check_space(path: Path, shape: tuple[int, ...], long: tuple[int, ...]) -> None:
    """Refuse pictures along time or channels, which have no place in space."""
    if max(long) > 2:
        size = " × ".join(map(str, shape))
        text = f"holds {size} values: its axis {max(long) + 1} is time or channels, not space."
        raise LabelError(text, where=path, hint="Give one file for each time or channel.")


def _labels_of(image: Any) -> Values:
    """Values as stored; where the header scales them, the scaled ones in whole numbers if they are."""
    values = np.asanyarray(image.dataobj)
    stored = image.header.get_data_dtype()
    if values.dtype != stored and stored.kind in "ui" and np.isfinite(values).all():
        whole = np.round(values)
        if np.array_equal(whole, values):
            span = np.result_type(np.min_scalar_type(int(whole.min())), np.min_scalar_type(int(whole.max())))
            return whole.astype(span if span.itemsize > stored.itemsize else stored)
    return values


def _order(path: Path, affine: Any, long: list[int]) -> tuple[tuple[int, ...], tuple[bool, ...], str]:
    """Stored axes that are superior, anterior, right; which count the other way; the letters of those that are long."""
    from nibabel.orientations import io_orientation

    turns = io_orientation(affine) if np.isfinite(affine).all() else np.full((3, 2), np.nan)
    if np.isnan(turns).any():
        hint = "Set its sform or qform: every axis needs a direction and a length."
        raise LabelError("has an affine in which a voxel has no size.", where=path, hint=hint)
    found = []
    for world in (2, 1, 0):
        axis = int(np.flatnonzero(turns[:, 0] == world)[0])
        if axis in long:
            found.append((axis, bool(turns[axis, 1] < 0), _AXES[world]))
    axes, flips, letters = zip(*found, strict=True)
    return axes, flips, "".join(letters)


def write_nifti(stored: StoredLabels, values: Values, path: Path) -> None:
    """Write ``values`` with the affine, header and extensions of the file that was read.

    Raises
    ------
    OutputError
    """
    kept: _Kept = stored.kept
    header = kept.header.copy()
    header.set_data_dtype(values.dtype)
    header.set_slope_inter(1, 0)
    image = kept.kind(values.reshape(kept.shape), kept.affine, header)
    data = image.to_bytes()
    write_bytes(path, gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data)


NIFTI = LabelFormat("NIfTI", (".nii", ".nii.gz"), read_nifti, write_nifti)
