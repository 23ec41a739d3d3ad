"""The decision mask of a fused map as a pyramid: at each pair of bins the share that the first map has in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.block_cache import BlockCache
from napari_hicstruct.contacts.fused import fusion_of, names_of
from napari_hicstruct.contacts.protocol import RAW
from napari_hicstruct.contacts.pyramid import Level, build_levels
from napari_hicstruct.contacts.sources.first_part import first_part

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource


class ShareLevel:
    """One resolution of one chromosome, read lazily one rectangle at a time.

    ``level[rows, cols]`` (bins) gives float32 in [0, 1]: 1 where all is of the first map, 0 where all is of the second,
    NaN where the fused map holds nothing.  Of a coarser bin pair it is the mean over what lies in it, by value.

    Attributes
    ----------
    resolution : int
        Bin size, bp.
    shape : tuple of int
        As of the fused map's own level.
    """

    dtype = np.dtype(np.float32)
    ndim = 2
    norm = RAW

    def __init__(self, part: Level, whole: Level) -> None:
        self._part, self._whole = part, whole
        self.resolution, self.shape, self.derived = whole.resolution, whole.shape, whole.derived

    @property
    def n_bins(self) -> int:
        """Bins of the chromosome, without those that only pad."""
        return self._whole.n_bins

    @property
    def size(self) -> int:
        """Number of bin pairs."""
        return self.shape[0] * self.shape[1]

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        part, whole = self._part[key], self._whole[key]
        with np.errstate(divide="ignore", invalid="ignore"):
            share: NDArray[np.float32] = np.clip(part / whole, 0, 1)
        return share

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:, :], dtype=dtype or self.dtype)


def share_levels(source: ContactSource, chrom: str, *, cache_bytes: int = 2**24) -> list[ShareLevel]:
    """Pyramid of the decision mask of one chromosome, finest first; empty where the map is not a fused one.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    cache_bytes : int
        Of what was read last, for each of the two that are divided.
    """
    part = first_part(source)
    if part is None:
        return []
    parts, wholes = (build_levels(one, chrom, norm=RAW, cache=BlockCache(cache_bytes)) for one in (part, source))
    return [ShareLevel(first, whole) for first, whole in zip(parts, wholes, strict=True)]


def first_name(source: ContactSource) -> str:
    """What the first of the two maps is called, of which a map was fused."""
    fusion = fusion_of(source)
    return "first map" if fusion is None else names_of(fusion)[0]
