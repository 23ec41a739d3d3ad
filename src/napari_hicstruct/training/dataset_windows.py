"""Windows of a data set as plain arrays: what the list names, cut as training and prediction cut them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.channels import window_channels
from napari_hicstruct.errors import ModelError
from napari_hicstruct.labels.targets import boundary_target, mask_target, point_target
from napari_hicstruct.training.dataset import Region, load_region
from napari_hicstruct.training.maps import region_tracks

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """One window with its targets; S bins wide, margin included.

    Attributes
    ----------
    chrom : str
    resolution : int
        bp.
    start1, start2 : int
        bp; chromosome position of the first row and column (negative where the window begins before it).
    x : float32, shape (C, S, S)
        Channels as the network sees them (``config.inputs``).
    heat, offset : float32, shapes (S, S) and (2, S, S)
        Loops: Gaussians, and offsets in bins.
    mask, down, along : float32, shape (S, S)
        Stripes, whether they go down, and whether they run along the window's row (what the network learns).
    boundary : float32, shape (S,)
        Soft boundary label of each row.
    known : dict of str to float32
        ``loop`` and ``stripe`` (S, S), ``boundary`` (S,): weight of each target, 0 where nobody knows, in bad bins and
        in the margin.
    """

    chrom: str
    resolution: int
    start1: int
    start2: int
    x: Array
    heat: Array
    offset: Array
    mask: Array
    down: Array
    along: Array
    boundary: Array
    known: dict[str, Array]


class DatasetWindows(Sequence[LabelledWindow]):
    """Windows of one split, read when asked for.

    Parameters
    ----------
    folder : Path
    split : str
        train, validation or test.
    resolution : int, optional
        bp; windows of this bin size only.
    config : ModelConfig, optional
        Channels and margins; window centres are those of the list.
    """

    def __init__(
        self, folder: str | Path, split: str, *, resolution: int | None = None, config: ModelConfig | None = None
    ) -> None:
        self.folder, self.config = Path(folder), config or ModelConfig()
        try:
            with (self.folder / "windows.tsv").open(encoding="utf-8", newline="") as file:
                rows = [row for row in csv.DictReader(file, delimiter="\t") if row["split"] == split]
        except (OSError, KeyError) as error:
            hint = "Make it with hicstruct dataset."
            raise ModelError("is no data set.", where=self.folder, hint=hint) from error
        self.rows = [row for row in rows if resolution in (None, int(row["resolution"]))]
        self._region = lru_cache(maxsize=1)(load_region)  # the list goes region by region

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> LabelledWindow:  # type: ignore[override]
        row = self.rows[index]
        region = self._region(self.folder / row["region"])
        corner = (int(row["row"]), int(row["col"]))
        return cut_window(region, corner, int(row["size"]), int(row["resolution"]), self.config)


def open_dataset(
    folder: str | Path, split: str = "train", *, resolution: int | None = None, config: ModelConfig | None = None
) -> DatasetWindows:
    """Windows of a data set written by ``hicstruct dataset``; see :class:`DatasetWindows`.

    Raises
    ------
    ModelError
        If the folder is no data set.
    """
    return DatasetWindows(folder, split, resolution=resolution, config=config)


def cut_window(
    region: Region, corner: tuple[int, int], size: int, resolution: int, config: ModelConfig
) -> LabelledWindow:
    """The window whose supervised centre has its corner at bin ``corner`` of the region and is ``size`` bins wide."""
    fine = resolution == region.fine.resolution
    band, truth = (region.fine, region.fine_truth) if fine else (region.coarse, region.coarse_truth)
    margin = config.windows.fine_margin if fine else config.windows.coarse_margin
    row, col = corner[0] - margin, corner[1] - margin
    whole = size + 2 * margin
    tracks = region_tracks(region, config.tracks).get(resolution)
    x = window_channels(band, row, col, whole, config.inputs, tracks)
    loops, stripes = point_target(truth, row, col, whole), mask_target(truth, row, col, whole)
    boundary = boundary_target(truth, row, whole)
    scope = region.scope
    inner = np.zeros(whole, np.float32)
    inner[margin : whole - margin] = 1
    valid = x[config.inputs.index("valid")] * inner[:, None] * inner
    bins = np.arange(row, row + whole)
    inside = (bins >= 0) & (bins < band.n_bins)
    seen = inner * inside * band.valid[np.clip(bins, 0, band.n_bins - 1)]
    known = {
        "loop": scope.apply("point", loops.known * valid, loops.heat > 0.1, (row, col), fine=fine),
        "stripe": scope.apply("mask", stripes.known * valid, stripes.mask > 0, (row, col), fine=fine),
        "boundary": seen * scope.strip(boundary > 0.1, row, fine=fine),
    }
    start = (band.first_bin + row) * resolution, (band.first_bin + col) * resolution
    arrays = (x, loops.heat, loops.offset, stripes.mask, stripes.down, stripes.along, boundary)
    return LabelledWindow(band.chrom, resolution, *start, *arrays, {k: v.astype(np.float32) for k, v in known.items()})
