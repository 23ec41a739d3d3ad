"""One stored resolution of one chromosome, balanced and, on request, over its expected."""

from __future__ import annotations

import hashlib
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.block_cache import Rectangle
from napari_hicstruct.contacts.expected import expected_block, expected_by_distance
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome import Interval, n_bins


class FileLevel:
    """Reads rectangles (bins) of a resolution that the file has.

    With ``ratio`` the values are observed over expected, NaN at distances whose expected is 0 or unknown.
    """

    def __init__(self, source: ContactSource, chrom: str, resolution: int, norm: str, *, ratio: bool) -> None:
        self.source = source
        self.chrom = chrom
        self.resolution = resolution
        self.norm = norm
        self.ratio = ratio
        self.length = source.chromsizes[chrom]
        self.n = n_bins(self.length, resolution)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Multiplicative weight per bin, NaN where bad."""
        return self.source.weights(self.chrom, resolution=self.resolution, norm=self.norm)

    @cached_property
    def expected(self) -> NDArray[np.float64]:
        """Mean per distance in bins; computed on first use."""
        return expected_by_distance(self.source, self.chrom, resolution=self.resolution, norm=self.norm)

    def digest(self) -> str:
        """Tells these weights from any other; part of the key of whatever is cached."""
        return hashlib.sha256(np.ascontiguousarray(self.weights).tobytes()).hexdigest()

    def read(self, wanted: Rectangle) -> NDArray[np.float32]:
        """Fresh values of a rectangle inside the chromosome."""
        r0, r1, c0, c1 = wanted
        block = self.source.fetch(self.span(r0, r1), self.span(c0, c1), resolution=self.resolution, norm=self.norm)
        if self.ratio:
            divide_by_distance(block, wanted, self.expected)
        return block

    def span(self, start: int, end: int) -> Interval:
        """The base pairs of stored bins ``start``…``end``."""
        return Interval(self.chrom, start * self.resolution, min(end * self.resolution, self.length))


def divide_by_distance(block: NDArray[np.float32], place: Rectangle, expected: NDArray[np.float64]) -> None:
    """Divide ``block`` in place by the expected at each bin pair's distance; NaN where that is not above 0."""
    block /= expected_block(expected.astype(np.float32), place[:2], place[2:])
