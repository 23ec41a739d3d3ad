"""What is to be predicted of a chromosome, and where its windows lie: known before anything is read, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.decode.limits import DecodingLimits
from napari_hicstruct.inference.tiling import Tiling


class Shape(Protocol):
    """Extent of a band; a :class:`~napari_hicstruct.contacts.band.Band` is one."""

    @property
    def resolution(self) -> int:
        """Bin size, bp."""

    @property
    def n_bins(self) -> int:
        """Bins covered."""

    @property
    def n_diagonals(self) -> int:
        """Diagonals held, the main one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is to be predicted: a stretch of one chromosome, in bp.

    Attributes
    ----------
    start, end, length : int
        bp; ``length`` is the chromosome's.
    tasks : tuple of str
    max_distance : int
        Farthest anchors of loops and stripes, bp.
    model : str
        Name for the records.
    min_probability : mapping of str to float
        Smallest probability of a call to be listed, by task; else the decoders' own thresholds.
    limits : DecodingLimits
    """

    start: int
    end: int
    length: int
    tasks: tuple[str, ...]
    max_distance: int
    model: str = ""
    min_probability: Mapping[str, float] = field(default_factory=dict)
    limits: DecodingLimits = field(default_factory=DecodingLimits)

    def tasks_of(self, config: ModelConfig, head: str) -> list[str]:
        """Names of a network's tasks that are wanted and have this head."""
        return [task.name for task in config.tasks if task.head == head and task.name in self.tasks]

    def bins(self, band: Shape) -> tuple[int, int]:
        """Bins of the stretch, half-open."""
        return self.start // band.resolution, -(-self.end // band.resolution)

    def reach(self, band: Shape) -> int:
        """Bins from the diagonal that are read."""
        return self.max_distance // band.resolution + 2

    def fine_tiling(self, config: ModelConfig, fine: Shape | None, overlap: int) -> Tiling | None:
        """Windows at fine bins; None where nothing is called at these."""
        if fine is None or not self.tasks_of(config, "point"):
            return None
        w = config.windows
        reach = min(self.reach(fine), fine.n_diagonals)
        return Tiling(fine.n_bins, reach, w.fine_size, w.fine_margin, overlap, *self.bins(fine))

    def coarse_tiling(self, config: ModelConfig, coarse: Shape, overlap: int, *, has_fine: bool) -> Tiling | None:
        """Windows at coarse bins; None where nothing is called at these."""
        points, dense = self.tasks_of(config, "point"), self.tasks_of(config, "mask")
        far = bool(dense or (points and not has_fine))
        if not far and not self.tasks_of(config, "boundary"):
            return None
        w = config.windows
        reach = self.reach(coarse) if far else 1  # boundaries alone need the windows on the diagonal only
        reach = min(reach, coarse.n_diagonals)
        return Tiling(coarse.n_bins, reach, w.coarse_size, w.coarse_margin, overlap, *self.bins(coarse))
