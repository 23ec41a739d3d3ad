"""Stored pixels as a data frame, in cooler's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hicstruct.contacts.protocol import ContactSource, Pixels
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, format_bin_size, n_bins

if TYPE_CHECKING:
    import pandas as pd

MAX_PIXELS = 20_000_000
"""Rows of one data frame, about 1 GB."""


def pixel_frame(source: ContactSource, place: Interval, resolution: int, max_distance: int | None) -> pd.DataFrame:
    """``chrom1 start1 end1 chrom2 start2 end2 count`` of the pixels with both bins in ``place``.

    Raises
    ------
    MapError
        If there are more than :data:`MAX_PIXELS`.
    """
    import numpy as np
    import pandas as pd

    last, found, count = n_bins(place.end, resolution), list[Pixels](), 0
    for part in source.pixels(place.chrom, resolution=resolution, max_distance=max_distance, rows=place):
        inside = part.bin2 < last
        found.append(part if inside.all() else Pixels(part.bin1[inside], part.bin2[inside], part.count[inside]))
        count += len(found[-1])
        if count > MAX_PIXELS:
            text = f"holds more than {MAX_PIXELS:,} pixels at {format_bin_size(resolution)} in {place}."
            raise MapError(text, where=source.uri, hint="Give max_distance, a smaller region, or use to_dask.")
    columns = {}
    for number, name in ((1, "bin1"), (2, "bin2")):
        bins = np.concatenate([np.zeros(0, np.int64), *(getattr(part, name) for part in found)])
        columns[f"chrom{number}"] = np.full(count, place.chrom)
        columns[f"start{number}"] = bins * resolution
        columns[f"end{number}"] = np.minimum((bins + 1) * resolution, source.chromsizes[place.chrom])
    return pd.DataFrame({**columns, "count": np.concatenate([np.zeros(0), *(part.count for part in found)])})
