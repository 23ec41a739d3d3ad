"""Occupancies of all classes at all voxels, on disk: the teachers of stage 3."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import check_room, output_error

LEVELS = 255
"""Of one occupancy in a byte."""


class Occupancies:
    """One array ``(*shape, classes)`` of bytes per sample, 0–255 for 0–1, in files that are read where they are needed.

    Parameters
    ----------
    folder : Path
    shapes : sequence of tuple of int
        Of the samples.
    classes : int
    write : bool
        Make the files anew, all zero; else they are there.
    """

    def __init__(self, folder: Path, shapes: Sequence[tuple[int, ...]], classes: int, *, write: bool) -> None:
        self.paths = [folder / f"occupancy-{k}.npy" for k in range(len(shapes))]
        self._write = write
        self.classes = classes
        if write:
            self._make(shapes)

    def _make(self, shapes: Sequence[tuple[int, ...]]) -> None:
        check_room(self.paths[0], sum(int(np.prod(shape)) for shape in shapes) * self.classes)
        for path, shape in zip(self.paths, shapes, strict=True):
            try:
                np.lib.format.open_memmap(path, "w+", np.uint8, (*shape, self.classes)).flush()
                _reserve(path)
            except OSError as error:
                self.remove()
                raise output_error(path, error) from error

    def of(self, sample: int) -> NDArray[np.uint8]:
        """The array of a sample, on disk."""
        return np.load(self.paths[sample], mmap_mode="r+" if self._write else "r")  # type: ignore[no-any-return]

    def put(self, sample: int, number: int, where: tuple[slice, ...], values: NDArray[Any]) -> None:
        """Store occupancies of class ``number`` (0-based), 0–1, of a box of voxels; one process writes."""
        if self._write:
            array = self.of(sample)
            array[..., number][where] = np.rint(LEVELS * values).astype(np.uint8)
            array.flush()  # type: ignore[attr-defined]

    def remove(self) -> None:
        """Remove the files; for the one process that writes."""
        for path in self.paths:
            path.unlink(missing_ok=True)


def _reserve(path: Path) -> None:
    """Take the disk that a file needs now: a full disk would end the program when a page is written, without a word."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
