"""What the rows of a map that stand out by themselves say of stripes (docs/adr/0027).

The network says of what kind a row is, the row whether it is there and how far it goes: calls without a row fall
behind, calls with one do not go on beyond it, and rows that the network sees too faintly to call are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from napari_hicstruct.config.weak import WeakStripeConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.stripe_rows import StripeRow, stripe_rows
from napari_hicstruct.decode.stripe_odds import stripe_odds
from napari_hicstruct.decode.stripe_runs import StripeRun
from napari_hicstruct.decode.stripe_settings import StripeSettings

Array = NDArray[np.float32]
Runs = list[StripeRun]

_ROOM = 0.05
"""Of the score, below the most that a row is worth, in which all that would be worth more keep their order."""


class RowEvidence:
    """Rows of a stretch of a chromosome that stand out.

    Parameters
    ----------
    band : Band
        The chromosome's map.
    stretch : range
        Bins.
    settings : StripeSettings
    """

    def __init__(self, band: Band, stretch: range, settings: StripeSettings) -> None:
        self._band, self._first, self._settings = band, stretch.start, settings
        config = WeakStripeConfig()
        self._beside = config.separation
        self._rows = stripe_rows(band, config, stretch)
        self._at: dict[tuple[int, int], StripeRow] = {(row.side, row.bin): row for row in self._rows}

    def near(self, run: StripeRun) -> StripeRow | None:
        """The row that stands out most at a run's anchor, on its side; a sure one before any other."""
        bins = range(run.low - self._beside, run.high + self._beside)
        rows = [row for x in bins if (row := self._at.get((run.side, x))) is not None]
        return max(rows, key=lambda row: (row.sure, row.z), default=None)

    def weighed(self, run: StripeRun) -> StripeRun:
        """The run with its log-odds lowered where no row, or none for sure, stands out."""
        lost = self._lost(self.near(run))
        return run._replace(score=float(expit(_logit(run.score) - lost))) if lost else run

    def odds(self, run: StripeRun, odds: float) -> float:
        """Log-odds by which a stripe is listed, be it the network's or a row's: ``odds`` are the network's."""
        row, s = self.near(run), self._settings
        if row is None or not row.sure:
            return odds - self._lost(row)
        return max(odds, _logit(_row_score(odds + s.row_odds, s)))

    def _lost(self, row: StripeRow | None) -> float:
        if row is None:
            return self._settings.unseen_odds
        return 0.0 if row.sure else self._settings.faint_odds

    def cut(self, run: StripeRun) -> StripeRun:
        """The run no longer than its row."""
        row = self.near(run)
        return run._replace(length=min(run.length, row.length)) if row is not None and row.sure else run

    def stripes(self, own: Mapping[int, Array]) -> Runs:
        """All rows that surely stand out, as stripes.

        Parameters
        ----------
        own : mapping of int to float32, shape (n_bins, n_diagonals)
            Probability of a stripe, by its side (1 down, -1 up).

        Returns
        -------
        list of StripeRun
            Scores are the network's log-odds along the row, raised by how far it stands out and by ``row_odds``; at
            most ``row_score``.
        """
        return [self._run(row, own[row.side]) for row in self._rows if row.sure]

    def likeliest(
        self, runs: Sequence[StripeRun], rows: Sequence[StripeRun]
    ) -> tuple[list[StripeRun], list[StripeRun]]:
        """Of runs and rows at one anchor and side the likelier: the runs that are left, and the rows."""
        best: dict[tuple[int, int], float] = {}
        for run in runs:
            for x in range(run.low - self._beside, run.high + self._beside):
                best[run.side, x] = max(best.get((run.side, x), 0.0), run.score)
        left = [row for row in rows if row.score > best.get((row.side, row.peak), 0.0)]
        taken = {(row.side, row.peak): row.score for row in left}

        def beaten(run: StripeRun) -> bool:
            return any((run.side, x) in taken for x in range(run.low - self._beside, run.high + self._beside))

        return [run for run in runs if not beaten(run)], left

    def _run(self, row: StripeRow, own: Array) -> StripeRun:
        s, band = self._settings, self._band
        beside = 1 if 3 * band.resolution <= s.max_width_bp else 0
        low, high = max(0, row.bin - beside), min(band.n_bins, row.bin + beside + 1)
        near, i = max(1, s.near_bp // band.resolution), row.bin - self._first
        distance = np.arange(near, min(row.length, own.shape[1]))
        known = band.weights[np.clip(row.bin + row.side * distance, 0, band.n_bins - 1)] > 0  # no network sees a gap
        along = own[max(0, i - 1) : i + 2, distance[known]].astype(np.float64)
        p = float(along.mean(axis=1).max()) if along.size else 0.0
        odds = stripe_odds(p, band, range(low, high), row.side, row.length, s)[0] + s.row_odds
        return StripeRun(0.0, row.bin, low, high, row.side, row.length, _row_score(odds, s))


def _row_score(odds: float, s: StripeSettings) -> float:
    """The score of log-odds, in its last part ever nearer to ``row_score``: rows stay in their order."""
    score, bend = float(expit(odds)), s.row_score - _ROOM
    if bend <= 0 or score <= bend:
        return min(score, s.row_score)
    return bend + _ROOM * (1 - float(np.exp(_logit(bend) - odds)))


def _logit(p: float) -> float:
    return float(logit(min(max(p, 1e-9), 1 - 1e-9)))
