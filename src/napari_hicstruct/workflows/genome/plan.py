"""The pieces of a genome-wide run, known before anything is read: which there are, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band_loading import BandShape, band_shape
from napari_hicstruct.contacts.band_pair import loop_resolution
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, united
from napari_hicstruct.inference.stretch import Stretch
from napari_hicstruct.inference.tiling import Tiling
from napari_hicstruct.workflows.models import ModelInfo, config_of
from napari_hicstruct.workflows.predict.request import MAX_DISTANCE, MODES, PredictRequest

Bins = Literal["fine", "coarse"]

ROWS = 4
"""Rows of tiles of a unit: what is finished together, and one chunk of a stored map."""

SECONDS_PER_TASK = (1.0, 8.0)
"""Least and most seconds that a task of windows should take: long beside what a scheduler adds, short beside what a
lost worker loses."""

TASKS_PER_WORKER = 4
"""Tasks of windows that each worker gets at least, where that leaves them long enough: none waits long at the end."""

SECONDS_PER_BIN = {"read": 1e-4, "decode": 2e-4}
"""Of reading and balancing, and of decoding, by bin of the finer band; measured (docs/scale.md)."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What every worker must know of a run; travels with each task.

    Attributes
    ----------
    store : Path
        Folder of the run's store.
    map : str
        URI of the map, as workers open it.
    fingerprint : str
        Of the map when the run was planned.
    request : PredictRequest
    model : str
        Name or folder of the model.
    sha256 : str
        Of the model's weights.
    regions : tuple of Interval
        What is predicted, in the order of the result.
    """

    store: Path
    map: str
    fingerprint: str
    request: PredictRequest
    model: str
    sha256: str
    regions: tuple[Interval, ...]

    @property
    def content(self) -> dict[str, Any]:
        """What the result depends on: names the store."""
        return {
            "map": {"uri": self.map, "fingerprint": self.fingerprint},
            "model": {"name": self.model, "sha256": self.sha256},
            "parameters": self.request.to_run(),
        }

    @property
    def overlap(self) -> int:
        """1 fast, 2 accurate."""
        return MODES[self.request.mode]


def name_of_region(index: int) -> str:
    """Of a region's arrays and pieces in the store."""
    return f"r{index:05d}"


@dataclass(frozen=True)
class RegionPlan:
    """Where the windows of one region lie.

    Attributes
    ----------
    index : int
        Of the region in the run.
    config : ModelConfig
        The network's, in the bins in which it reads the map.
    stretch : Stretch
    fine : BandShape or None
        None where the map has no fine bins.
    coarse : BandShape
    overlap : int
    """

    index: int
    config: ModelConfig
    stretch: Stretch
    fine: BandShape | None
    coarse: BandShape
    overlap: int

    @cached_property
    def tilings(self) -> dict[Bins, Tiling]:
        """Windows at fine and coarse bins, where any are read."""
        fine = self.stretch.fine_tiling(self.config, self.fine, self.overlap)
        coarse = self.stretch.coarse_tiling(self.config, self.coarse, self.overlap, has_fine=self.fine is not None)
        found: dict[Bins, Tiling | None] = {"fine": fine, "coarse": coarse}
        return {bins: tiling for bins, tiling in found.items() if tiling is not None}

    def tasks(self, bins: Bins) -> tuple[list[str], list[str], list[str]]:
        """Point, mask and boundary tasks that run at these bins."""
        points = self.stretch.tasks_of(self.config, "point")
        if bins == "fine":
            return points, [], []
        own = points if self.fine is None else []
        return own, self.stretch.tasks_of(self.config, "mask"), self.stretch.tasks_of(self.config, "boundary")

    def units(self, bins: Bins) -> list[tuple[int, int]]:
        """First and last (half-open) row of tiles of each unit."""
        n = len(self.tilings[bins].row_tiles())
        return [(k, min(n, k + ROWS)) for k in range(0, n, ROWS)]

    def windows(self, bins: Bins) -> list[int]:
        """Windows of each unit."""
        tiling = self.tilings[bins]
        rows = [sum(1 for _ in tiling.corners(row)) for row in tiling.row_tiles()]
        return [sum(rows[first:last]) for first, last in self.units(bins)]

    def grouped(self, bins: Bins, seconds_per_window: float, seconds: float) -> Iterator[range]:
        """Units of each task, so that a task takes about ``seconds``."""
        first, spent = 0, 0.0
        counts = self.windows(bins)
        for k, n in enumerate(counts):
            spent += n * seconds_per_window
            if spent >= seconds or k + 1 == len(counts):
                yield range(first, k + 1)
                first, spent = k + 1, 0.0


def seconds_per_task(seconds: float, threads: int) -> float:
    """How long tasks of windows should be, where all take ``seconds`` together on ``threads`` threads."""
    low, high = SECONDS_PER_TASK
    return min(high, max(low, seconds / (TASKS_PER_WORKER * max(1, threads))))


def plan_regions(source: ContactSource, spec: RunSpec, info: ModelInfo) -> list[RegionPlan | MapError]:
    """The plan of every region of a run; why not, where a chromosome lacks the bins."""
    config = spec.request.bins(source, config_of(info))
    return [_plan(source, spec, info, config, index) for index in range(len(spec.regions))]


def stretch_of(source: ContactSource, spec: RunSpec, label: str, index: int) -> Stretch:
    """What is to be predicted of a region."""
    region, request = spec.regions[index], spec.request
    return Stretch(
        start=region.start,
        end=region.end,
        length=source.chromsizes[region.chrom],
        tasks=request.tasks,
        max_distance=round(MAX_DISTANCE / request.scale(source)),
        model=label,
        min_probability=request.min_probability,
        limits=request.limits,
    )


def _plan(
    source: ContactSource, spec: RunSpec, info: ModelInfo, config: ModelConfig, index: int
) -> RegionPlan | MapError:
    chrom = spec.regions[index].chrom
    resolution = loop_resolution(source, config, chrom)
    try:
        if not resolution:
            raise MapError(f"{chrom} has no contacts at bins that sum to those of the model.", where=source.uri)
        reach = round(config.max_distance / spec.request.scale(source))
        shape = band_shape(source, chrom, resolution=resolution, max_distance=reach)
    except MapError as error:
        return error
    has_fine = resolution != config.coarse_resolution
    coarse = shape.coarsened(config.coarse_resolution // resolution) if has_fine else shape
    stretch = stretch_of(source, spec, info.label, index)
    return RegionPlan(index, config, stretch, shape if has_fine else None, coarse, spec.overlap)


def regions_of(source: ContactSource, request: PredictRequest) -> tuple[Interval, ...]:
    """Regions of a request as a run takes them: united, without those on chromosomes too short to hold anything."""
    return tuple(r for r in united(request.regions) if source.chromsizes[r.chrom] >= request.min_length(source))
