"""Pictures and labels as files: TIFF, PNG, JPEG, NIfTI, zarr, npy; labels are written as the picture was stored."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.errors import HicStructError, LabelError, OutputError
from napari_hicstruct.workflows.images.label_formats import FORMATS, format_of, sample_name
from napari_hicstruct.workflows.images.stored_labels import LabelFormat, StoredLabels, reading, writing
from napari_hicstruct.workflows.images.zarr_labels import ZARR

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
_TIFF = (".tif", ".tiff")

_MIN_LABEL_BYTES = 2
"""A zarr array is written in the picture's numbers; bytes would hold no more than 255 objects, so that becomes TIFF."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """A picture that was read.

    Attributes
    ----------
    path : Path
    image : ndarray
        ``(Y, X)``, ``(Y, X, C)`` or ``(Z, Y, X)``.
    stored, format : optional
        How labels of it are written; None: as TIFF.
    """

    path: Path
    image: NDArray[Any]
    stored: StoredLabels | None = None
    format: LabelFormat | None = None

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return sample_name(self.path) if self.stored is not None else self.path.stem

    def target_in(self, folder: Path) -> Path:
        """Where labels of it belong."""
        if self.stored is None or self.format is None:
            return folder / f"{self.name}.tif"
        ending = self.path.name[len(self.name) :]
        return folder / f"{self.name}{ending or '.zarr'}"

    def write_labels(self, labels: NDArray[Any], path: Path) -> None:
        """Write labels of the picture's shape.

        Raises
        ------
        OutputError
        """
        smallest = smallest_kind(labels)
        if self.format is ZARR and self.stored is not None:
            smallest = self._as_stored(smallest, self.stored, path)
        if self.stored is None or self.format is None:
            write_tiff_labels(smallest, path)
            return
        with writing(path, self.format.name):
            shape = self.stored.values.shape
            stored = replace(self.stored, values=np.zeros(shape, smallest.dtype))
            self.format.write(stored, stored.to_stored(smallest), path)

    @staticmethod
    def _as_stored(labels: NDArray[Any], stored: StoredLabels, path: Path) -> NDArray[Any]:
        """Labels in the numbers of the picture, in which an array of zarr is written, if they fit."""
        if int(labels.max(initial=0)) > np.iinfo(stored.values.dtype).max:
            hint = "Save the picture as TIFF, and its labels will be one."
            raise OutputError(
                f"cannot hold the label {int(labels.max()):,} as {stored.values.dtype}.", where=path, hint=hint
            )
        return labels.astype(stored.values.dtype)


def smallest_kind(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as bytes if they fit, else as 16 or 32 bits."""
    largest = int(labels.max()) if labels.size else 0
    kind = np.uint8 if largest < 2**8 else np.uint16 if largest < 2**16 else np.int32
    return labels.astype(kind)


def write_tiff_labels(labels: NDArray[Any], path: Path) -> None:
    """Labels, or a stack of any numbers, as TIFF.

    Raises
    ------
    OutputError
    """
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(file, labels, photometric="minisblack", compression="zlib")
    write_bytes(path, file.getvalue())


def read_image(path: Path) -> ImageFile:
    """Read a picture.

    Raises
    ------
    LabelError
        If it is missing, damaged, or of no kind that is read.
    """
    lower = path.name.lower()
    if not path.exists():
        raise LabelError("there is no such file.", where=path, hint="Is the path spelt right?")
    if lower.endswith(PICTURES):
        return ImageFile(path, _coloured(_read_picture(path)))
    if lower.endswith(_TIFF):
        return _read_tiff(path)
    if lower.endswith(".npy"):
        with reading(path, "an array of numpy", "Save it by numpy.save."):
            values = np.load(path, allow_pickle=False)
            if not isinstance(values, np.ndarray):
                raise TypeError("an archive of several arrays")
        return ImageFile(path, values)
    kind = _kind(path)
    stored = kind.read(path)
    if kind is ZARR and (stored.values.dtype.kind not in "ui" or stored.values.dtype.itemsize < _MIN_LABEL_BYTES):
        return ImageFile(path, stored.to_sample())
    return ImageFile(path, stored.to_sample(), stored, kind)


def _kind(path: Path) -> LabelFormat:
    try:
        return format_of(path)
    except LabelError as error:
        endings = ", ".join((*PICTURES, *(ending for one in FORMATS for ending in one.endings)))
        raise LabelError("is no kind of picture that is read.", where=path, hint=f"Give {endings}.") from error


def _read_picture(path: Path) -> NDArray[Any]:
    from skimage.io import imread

    with reading(path, "a picture", "Is it complete?"):
        return np.asarray(imread(path))


def _read_tiff(path: Path) -> ImageFile:
    """A TIFF file: as the labels' reader has it, if that takes it; else with its channels last."""
    from napari_hicstruct.workflows.images.tiff_labels import TIFF

    try:
        stored = TIFF.read(path)
        return ImageFile(path, stored.to_sample(), stored, TIFF)
    except HicStructError as refused:
        import tifffile

        with reading(path, "TIFF", "Is it complete, and is it a TIFF?"), tifffile.TiffFile(path) as tif:
            if len(tif.series) != 1:
                raise refused
            series = tif.series[0]
            values, axes = series.asarray(), series.axes.upper()
        if not set(axes) <= set("ZIQYXCS") or values.ndim > 4:
            raise
        for name in "CS":
            if name in axes:
                values = np.moveaxis(values, axes.index(name), -1)
                axes = axes.replace(name, "") + name
        return ImageFile(path, _coloured(values))


def _coloured(image: NDArray[Any]) -> NDArray[Any]:
    """Without an opacity that is the same everywhere, and a colour picture of greys is still a colour picture."""
    if image.ndim == 3 and image.shape[-1] == 4 and image.dtype == np.uint8 and (image[..., 3] == image[0, 0, 3]).all():
        return image[..., :3]
    return image


def read_labels(path: Path) -> NDArray[Any]:
    """Labels of a picture, from any kind of file that pictures are read from.

    Raises
    ------
    LabelError
    """
    return read_image(path).image


def check_targets(files: Sequence[ImageFile], folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Where labels will be; refuses to replace an input, or what stands there unless ``overwrite``.

    Raises
    ------
    OutputError
    """
    targets = [file.target_in(folder) for file in files]
    for k, target in enumerate(targets):
        if target in targets[:k]:
            raise OutputError("two pictures would be written here.", where=target, hint="Segment them in two runs.")
        if any(target.exists() and target.samefile(one.path) for one in files):
            raise OutputError(
                "is read for this, and is not replaced by it.", where=target, hint="Choose another folder."
            )
        if target.exists() and not overwrite:
            hint = "Choose another folder, or replace it with --overwrite."
            raise OutputError("exists. Nothing was written.", where=target, hint=hint)
    return targets
