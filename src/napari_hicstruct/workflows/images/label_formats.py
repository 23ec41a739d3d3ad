"""The kinds of files that labels come in, and which of them a file is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.errors import LabelError
from napari_hicstruct.workflows.images.nifti_labels import NIFTI
from napari_hicstruct.workflows.images.stored_labels import LabelFormat, StoredLabels, Values, long_axes, reading
from napari_hicstruct.workflows.images.tiff_labels import TIFF
from napari_hicstruct.workflows.images.zarr_labels import ZARR, is_zarr


def read_npy(path: Path) -> StoredLabels:
    """Labels of a numpy file, whose axes are z, y, x or y, x.

    Raises
    ------
    LabelError
        If it cannot be read, or has not two or three axes.
    """
    with reading(path, "an array of numpy", "Save it by numpy.save."):
        values = np.load(path, allow_pickle=False)
        if not isinstance(values, np.ndarray):
            raise TypeError("an archive of several arrays")
    order = long_axes(path, values.shape)
    return StoredLabels(path, values, order, (False,) * len(order), "zyx"[-len(order) :], (1.0,) * len(order))


def write_npy(stored: StoredLabels, values: Values, path: Path) -> None:
    """Write ``values`` by numpy.

    Raises
    ------
    OutputError
    """
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    write_bytes(path, file.getvalue())


NPY = LabelFormat("npy", (".npy",), read_npy, write_npy)
FORMATS = (NIFTI, TIFF, ZARR, NPY)


def format_of(path: Path) -> LabelFormat:
    """The kind of a file, by its name, and of a folder by what is in it.

    Raises
    ------
    LabelError
        If there is none, or it is of no kind that is read.
    """
    if not path.exists():
        raise LabelError("there is no such file.", where=path, hint="Is the path spelt right?")
    if is_zarr(path):
        return ZARR
    found = next((one for one in FORMATS if path.name.lower().endswith(one.endings)), None)
    if found is None or (path.is_dir() and found is not ZARR):
        hint = f"Give {', '.join(ending for one in FORMATS for ending in one.endings)}."
        what = "is a folder without zarr arrays." if path.is_dir() else "is no kind of label file that is read."
        raise LabelError(what, where=path, hint=hint)
    return found


def sample_name(path: Path) -> str:
    """The file's name without its ending."""
    name = path.name
    lower = name.lower()
    for ending in (".ome.tif", ".ome.tiff", ".ome.zarr", ".nii.gz", *(end for one in FORMATS for end in one.endings)):
        if lower.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name
