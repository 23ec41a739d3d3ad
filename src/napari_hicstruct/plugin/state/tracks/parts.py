"""What of a track is read for a view: more than is seen, in bins of about a pixel, so that most moves read nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import Job
from napari_hicstruct.plugin.state.map.seen import AxisSpan
from napari_hicstruct.tracks import Genes, Intervals, SignalTrack

_MARGIN = 0.75
"""Of what is seen, read on either side of it."""

_COARSER, _FINER = 1.01, 6.0
"""A part does while a pixel holds no less than one and no more than so many of its bins."""

_MAX_BINS = 40_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stretch of one chromosome in ``n`` bins of ``size`` bp from ``start``."""

    chrom: str
    start: int
    size: int
    n: int

    @property
    def end(self) -> int:
        """Behind the last bin, bp."""
        return self.start + self.size * self.n

    def serves(self, span: AxisSpan) -> bool:
        """True if all that is seen lies in it, in bins that suit the pixels."""
        low, high = max(0.0, span.start), min(float(span.length), span.end)
        inside = self.chrom == span.chrom and self.start <= low and high <= max(self.end, low)
        per_bin = span.bp_per_px / self.size
        return inside and (1 / _COARSER <= per_bin or self.size == 1) and per_bin <= _FINER


def wanted_for(span: AxisSpan) -> Wanted | None:
    """What to read for a view; None where it shows nothing of the chromosome."""
    low, high = max(0.0, span.start), min(float(span.length), span.end)
    if high <= low:
        return None
    size = max(1, bin_for(span.bp_per_px))
    margin = _MARGIN * (high - low)
    first = max(0, int((low - margin) // size))
    last = min(-(-span.length // size), int((high + margin) // size) + 1)
    return Wanted(span.chrom, first * size, size, min(max(last - first, 1), _MAX_BINS))


def bin_for(bp_per_px: float) -> int:
    """The largest of 1, 2, 5, 10, 20 … bp that is no more than a pixel."""
    if bp_per_px < 1:
        return 1
    power = 10 ** int(np.floor(np.log10(bp_per_px)))
    return int(power * max(factor for factor in (1, 2, 5) if factor * power <= bp_per_px))


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of one track.

    Attributes
    ----------
    wanted : Wanted
    values : float32, shape (n,), or None
        Of a signal.
    intervals : Intervals or Genes or None
        Of all other tracks.
    """

    wanted: Wanted
    values: NDArray[np.float32] | None = None
    intervals: Intervals | Genes | None = None


def read_part(track: Any, wanted: Wanted) -> Part:
    """Read one track."""
    place = Interval(wanted.chrom, wanted.start, wanted.end)
    if isinstance(track, SignalTrack):
        return Part(wanted, values=track.values(place, wanted.n))
    return Part(wanted, intervals=track.within(place))


def reading(asked: Sequence[tuple[Any, Any, Wanted]], token: CancelToken) -> Job:
    """Read parts of ``(key, track, wanted)`` one after another; gives them by key, errors in their place."""
    from napari_hicstruct.errors import HicStructError

    clock = Clock()
    found: dict[Any, Any] = {}
    for key, track, wanted in asked:
        yield clock.step("tracks", len(found), len(asked))
        token.check()
        try:
            found[key] = read_part(track, wanted)
        except HicStructError as error:
            found[key] = error
    return found
