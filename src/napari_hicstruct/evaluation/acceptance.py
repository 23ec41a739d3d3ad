"""Is a fine-tuned model taken?  Both models on corrections that it did not learn from, and on a replay set.

The rule (ADR 17).  Taken, unless one of these holds:

1. unseen corrections are ranked worse than before, beyond chance (the 90 % interval of the change lies below −.02);
2. unseen corrections are ranked no better than chance: they contradict each other, or the map does not show what they
   say (one-sided Mann-Whitney test over all heads);
3. what is known of simulated maps is forgotten (average precision below 98 % of before).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BOOTSTRAP_DRAWS = 400
CORRECTIONS, MAX_P_VALUE = (20, 60, 150), (0.5, 0.3, 0.05)
"""Unseen corrections, and the largest p of a model that is taken with so many; between them it falls evenly.  A queue
shows the uncertain: to separate them from chance takes many, and a strict test on few would refuse nearly everything
that people mean."""

MIN_PER_CLASS = 10
"""With fewer accepted or fewer rejected ones, ``n`` counts as 0: a ranking of so few is mostly chance."""

MAX_RANKING_LOSS = 0.02
"""Ranking that may be lost: a list that is right about how sure it is may rank by a hair less."""

MIN_REPLAY_AP_RATIO = 0.98
"""Share of the average precision on replay maps that must remain."""


@dataclass(frozen=True, slots=True)
class HeldOutScores:
    """Corrections that were not learnt from, with the log-odds that both models give them.

    Attributes
    ----------
    stratum : int64, shape (n,)
        Only candidates of one stratum (a head) are compared with each other.
    target : bool, shape (n,)
        True: accepted, edited or added; False: rejected.
    before, after : float64, shape (n,)
        Log-odds by which they are listed.
    evidence : float64, shape (n,)
        What decoding adds to either before it ranks, if that is more.
    fold_offset : float64, shape (n,)
        Mean change of log-odds in the fold behind ``after`` (:func:`fold_offsets`): differs by fold, ranks nothing.
    """

    stratum: NDArray[np.int64]
    target: NDArray[np.bool_]
    before: Floats
    after: Floats
    evidence: Floats
    fold_offset: Floats

    @property
    def ranked(self) -> tuple[Floats, Floats]:
        """What ranks before and after, shape (n,) each."""
        return self.before + self.evidence, self.after + self.evidence - self.fold_offset

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> HeldOutScores:
        """Some of them."""
        return HeldOutScores(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and after, and the 90 % interval of its difference (after − before)."""

    before: float
    after: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Taken or not, and why in one sentence for people."""

    taken: bool
    reason: str


def ranking(stratum: NDArray[np.int64], target: NDArray[np.bool_], p: Floats) -> float:
    """Chance that a true candidate stands above a false one of its stratum (area under the ROC curve); NaN: no pair."""
    won = pairs = 0.0
    for part, positives, negatives in _strata(stratum, target):
        won += _wins(p[part], target[part])
        pairs += positives * negatives
    return won / pairs if pairs else math.nan


def p_value(held_out: HeldOutScores) -> float:
    """One-sided p of :func:`ranking` after the fine-tune if labels had nothing to do with the map; 1 without a pair.

    Mann and Whitney 1947, summed over strata (van Elteren 1960 without weights), normal approximation.
    """
    from scipy.stats import norm

    excess = variance = 0.0
    after = held_out.ranked[1]
    for part, positives, negatives in _strata(held_out.stratum, held_out.target):
        excess += _wins(after[part], held_out.target[part]) - positives * negatives / 2
        variance += positives * negatives * (positives + negatives + 1) / 12
    return float(norm.sf((excess - 0.5) / math.sqrt(variance))) if variance else 1.0


def fold_offsets(stratum: NDArray[np.int64], fold: NDArray[np.int64], change: Floats) -> Floats:
    """Mean change of log-odds by stratum and fold, at each candidate, shape (n,)."""
    out = np.zeros(len(change))
    for pair in set(zip(stratum.tolist(), fold.tolist(), strict=True)):
        mine = (stratum == pair[0]) & (fold == pair[1])
        out[mine] = change[mine].mean()
    return out


def ranking_change(held_out: HeldOutScores, *, seed: int = 0) -> Change:
    """:func:`ranking` before and after; the interval is of drawing the corrections again (bootstrap)."""

    def measure(some: HeldOutScores) -> tuple[float, float]:
        before, after = (ranking(some.stratum, some.target, p) for p in some.ranked)
        return before, after

    return _bootstrap(held_out, measure, seed)


def log_loss_change(held_out: HeldOutScores, *, seed: int = 0) -> Change:
    """Mean log loss (nats) before and after."""

    def measure(some: HeldOutScores) -> tuple[float, float]:
        return log_loss(some.before, some.target), log_loss(some.after, some.target)

    return _bootstrap(held_out, measure, seed)


def log_loss(logits: Floats, target: NDArray[np.bool_]) -> float:
    """Mean log loss, nats."""
    return float(np.mean(np.logaddexp(0, np.where(target, -logits, logits)))) if len(target) else math.nan


def map_change(before: Floats, after: Floats, n: int, *, seed: int = 0) -> Change:
    """Mean of one figure per replay map before and after; the interval is of drawing the maps again."""
    if not len(before):
        return Change(math.nan, math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(seed)
    gains = (after - before)[rng.integers(0, len(before), (BOOTSTRAP_DRAWS, len(before)))].mean(axis=1)
    low, high = np.percentile(gains, [5, 95])
    return Change(float(before.mean()), float(after.mean()), float(low), float(high), n)


def decide(held_out: HeldOutScores, replay: Change | None, *, seed: int = 0) -> Verdict:
    """The rule of this module with its numbers."""
    ranked, p = ranking_change(held_out, seed=seed), p_value(held_out)
    positives = int(held_out.target.sum())
    n = len(held_out) if min(positives, len(held_out) - positives) >= MIN_PER_CLASS else 0
    limit = float(np.interp(n, CORRECTIONS, MAX_P_VALUE))
    numbers = (
        f"unseen corrections are ranked {_short(ranked.after)} after {_short(ranked.before)} "
        f"(90 % interval of the change {_signed(ranked.low)} … {_signed(ranked.high)}, p {p:.2g})"
    )
    if ranked.n == 0 or math.isnan(ranked.after):
        return Verdict(False, "Nothing unseen could be compared: accept and reject more, in more places.")
    if ranked.high < -MAX_RANKING_LOSS:
        return Verdict(False, f"It got worse: {numbers}.")
    if p > limit:
        more = " They may be too few to tell, or too much alike." if n < CORRECTIONS[-1] else ""
        text = f"The corrections cannot be separated from chance (p above {limit:.2g}): {numbers}.{more}"
        return Verdict(False, text)
    if replay is not None and replay.after < MIN_REPLAY_AP_RATIO * replay.before:
        return Verdict(False, f"It forgets: average precision on replay maps {_short(replay.before)} → "
                       f"{_short(replay.after)}, below {MIN_REPLAY_AP_RATIO:.0%} of before.")  # fmt: skip
    kept = "" if replay is None else f"; replay maps {_short(replay.before)} → {_short(replay.after)}"
    few = n < CORRECTIONS[0]
    found = f"No worse, as far as {len(held_out):,} can tell" if few else "No worse"
    return Verdict(True, f"{found}: {numbers}{kept}.")


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("0.", ".").replace("-", "−")


def _strata(stratum: NDArray[np.int64], target: NDArray[np.bool_]) -> list[tuple[NDArray[np.bool_], int, int]]:
    """Rows, positives and negatives of each stratum that has both."""
    found = []
    for value in np.unique(stratum):
        part = stratum == value
        positives = int(target[part].sum())
        if 0 < positives < part.sum():
            found.append((part, positives, int(part.sum()) - positives))
    return found


def _wins(p: Floats, target: NDArray[np.bool_]) -> float:
    """Pairs in which the true one stands above; ties count half."""
    from scipy.stats import rankdata

    positives = int(target.sum())
    return float(rankdata(p)[target].sum() - positives * (positives + 1) / 2)


def _bootstrap(held_out: HeldOutScores, measure: object, seed: int) -> Change:
    assert callable(measure)
    if not len(held_out):
        return Change(math.nan, math.nan, math.nan, math.nan, 0)
    rng, gains = np.random.default_rng(seed), []
    for _ in range(BOOTSTRAP_DRAWS):
        before, after = measure(held_out.take(rng.integers(0, len(held_out), len(held_out))))
        if not math.isnan(after - before):
            gains.append(after - before)
    before, after = measure(held_out)
    low, high = np.percentile(gains, [5, 95]) if gains else (math.nan, math.nan)
    return Change(float(before), float(after), float(low), float(high), len(held_out))
