"""Is a model that learnt from corrections of masks any better?  The four verdicts, as for loops (ADR 17).

*better*: errors on held-out tiles fall beyond chance; *no different*: the change is known to be small; *too few to
say*: neither is known, or the new model finds held-out labels no better than by always saying the commonest one, so
that corrections contradict each other or the picture; *worse*: errors rise beyond chance, or what the model was trained
on is forgotten.  *Beyond chance*: the 90 % interval of a mean, by drawing the tiles again, lies on one side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.evaluation.acceptance import BOOTSTRAP_DRAWS, MIN_REPLAY_AP_RATIO, Decision, Verdict
from napari_hicstruct.wording import how_many

MAX_RISE = 0.02
"""Relative rise of errors that is no harm yet."""

NO_DIFFERENCE = 0.05
"""Relative change of errors that must be ruled out to say *no different*."""

_SENTENCES = {
    Verdict.BETTER: "It got better on corrections that it had not learnt from.",
    Verdict.NO_DIFFERENT: "No different on corrections that it had not learnt from.",
    Verdict.TOO_FEW: "Too few corrections to say that it got better: correct more, in more places.",
    Verdict.WORSE: "It got worse on corrections that it had not learnt from.",
}
_FORGOT = "It got worse: it forgets what it was trained on."
_DISAGREE = "Your corrections and the picture do not agree well enough to say that it got better."

MAX_COMMONEST = 0.95
"""Share of the commonest label on held-out tiles, above which to say it everywhere is no guess."""


@dataclass(frozen=True, slots=True)
class TileChange:
    """Mean relative change of errors on held-out tiles and its 90 % interval; NaN without tiles."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well the new model's classes agree with held-out labels.

    Attributes
    ----------
    accuracy : float64, shape (n,)
        Share of right pixels, by tile.
    commonest : float
        Share of the commonest label on all of them.
    """

    accuracy: NDArray[np.float64]
    commonest: float

    @property
    def is_chance(self) -> bool:
        """True if saying the commonest label everywhere might do as well."""
        if self.commonest > MAX_COMMONEST:
            return False
        return not tile_change(self.accuracy - self.commonest).low > 0


def tile_change(change: NDArray[np.float64], *, seed: int = 0) -> TileChange:
    """A mean over tiles and its interval, by drawing the tiles again (bootstrap)."""
    change = change[~np.isnan(change)]
    n = len(change)
    if not n:
        return TileChange(math.nan, math.nan, math.nan, 0)
    rows = np.random.default_rng(seed).integers(0, n, (BOOTSTRAP_DRAWS, n))
    low, high = np.percentile(change[rows].mean(axis=1), [5, 95])
    return TileChange(float(change.mean()), float(low), float(high), n)


def _percent(share: float) -> str:
    return f"{share:+.1%}".replace("-", "−")


def judge_tiles(
    change: TileChange, replay: tuple[float, float] | None, *, min_tiles: int, agreement: Agreement | None = None
) -> Decision:
    """The verdict.

    Parameters
    ----------
    change : TileChange
        Of errors, relative; below 0 is better.
    replay : (before, after), optional
        Dice on what the model was trained on, held out from it.
    min_tiles : int
        With fewer nothing is said.
    agreement : Agreement, optional
    """
    details = (
        f"On {how_many(change.n, 'held-out tile')} errors change by {_percent(change.mean)} "
        f"(90 % interval {_percent(change.low)} … {_percent(change.high)})."
    )
    if replay is not None:
        details += f" Dice on pictures that it was trained on {replay[0]:.3f} → {replay[1]:.3f}."
        if not math.isnan(replay[0]) and not replay[1] >= MIN_REPLAY_AP_RATIO * replay[0]:
            return Decision(Verdict.WORSE, _FORGOT, details)
    verdict = _verdict(change, min_tiles)
    if verdict.is_taken and agreement is not None and agreement.is_chance:
        return Decision(Verdict.TOO_FEW, _DISAGREE, details)
    return Decision(verdict, _SENTENCES[verdict], details)


def _verdict(change: TileChange, min_tiles: int) -> Verdict:
    if change.n < min_tiles:
        return Verdict.TOO_FEW
    if change.low > MAX_RISE:
        return Verdict.WORSE
    if change.high < 0:
        return Verdict.BETTER
    small = change.low >= -NO_DIFFERENCE and change.high <= NO_DIFFERENCE
    return Verdict.NO_DIFFERENT if small else Verdict.TOO_FEW
