"""Stripes that a map shows by itself and a network sees too faintly to call (docs/adr/0027)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakStripeConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.stripe_rows import StripeRow, stripe_rows
from napari_hicstruct.decode.stripe_odds import stripe_odds
from napari_hicstruct.decode.stripe_runs import StripeRun
from napari_hicstruct.decode.stripe_settings import StripeSettings

Array = NDArray[np.float32]


def row_stripes(
    own: Mapping[int, Array], band: Band, called: Sequence[StripeRun], settings: StripeSettings, first_bin: int
) -> list[StripeRun]:
    """Rows that surely stand out, where the network calls no stripe on that side.

    Parameters
    ----------
    own : mapping of int to float32, shape (n_bins, n_diagonals)
        Probability of a stripe, by its side (1 down, -1 up).
    band : Band
        The chromosome's map.
    called : sequence of StripeRun
        What the network calls.
    settings : StripeSettings
    first_bin : int
        Bin of the first row of ``own``.

    Returns
    -------
    list of StripeRun
        Scores are the network's log-odds along the row, raised by how far it stands out and by ``row_odds``; at most
        ``row_score``.
    """
    config = WeakStripeConfig()
    stretch = range(first_bin, first_bin + len(own[1]))
    taken = np.zeros((2, band.n_bins), bool)
    for run in called:
        taken[int(run.side < 0), max(0, run.low - config.separation) : run.high + config.separation] = True
    return [
        _run(row, own[row.side], band, settings, first_bin)
        for row in stripe_rows(band, config, stretch)
        if row.sure and not taken[int(row.side < 0), row.bin]
    ]


def _run(row: StripeRow, own: Array, band: Band, s: StripeSettings, first_bin: int) -> StripeRun:
    beside = 1 if 3 * band.resolution <= s.max_width_bp else 0
    low, high = max(0, row.bin - beside), min(band.n_bins, row.bin + beside + 1)
    near, i = max(1, s.near_bp // band.resolution), row.bin - first_bin
    along = own[max(0, i - 1) : i + 2, near : row.length].astype(np.float64)
    p = float(along.mean(axis=1).max()) if along.size else 0.0
    odds = stripe_odds(p, band, range(low, high), row.side, row.length, s)[0] + s.row_odds
    score = min(float(1 / (1 + np.exp(-odds))), s.row_score)
    return StripeRun(0.0, row.bin, low, high, row.side, row.length, score)
