"""How good is a fine-tuned model?  Both models on corrections that it did not learn from, and on a replay set.

The rule (ADR 17) has four verdicts, of which the first two bring the new model into use:

*better*
    unseen corrections are ranked better, or their probabilities fit better (log loss), beyond chance;
*no different*
    the change is known to be small;
*too few to say*
    neither is known; also where unseen corrections are ranked no better than chance (one-sided Mann-Whitney test over
    all heads): they contradict each other, or the map does not show what they say;
*worse*
    unseen corrections are ranked worse beyond chance, or what is known of simulated maps is forgotten.

*Beyond chance*: the 90 % interval of the change, by drawing the corrections again, lies on one side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.wording import how_many

Floats = NDArray[np.float64]

TOO_FEW = "Too few corrections to say that it got better."

BOOTSTRAP_DRAWS = 400
CORRECTIONS, MAX_P_VALUE = (20, 50, 150), (0.5, 0.1, 0.05)
"""Unseen corrections, and the largest p of a model that is taken with so many; between them it falls evenly.  A queue
shows the uncertain: twenty of them can seldom be separated from chance, and a strict test would refuse nearly all that
people mean."""

UNCERTAIN, MOSTLY = 0.85, 0.8
"""Log-odds within which a correction was uncertain to the model (p of .3 to .7), and the share from which nearly all
are: a queue that begins with them shows nothing else."""

MIN_PER_CLASS = 5
"""With fewer accepted or fewer rejected ones a ranking is mostly chance: ``n`` counts as 0, and of fifty and more
corrections the change of log loss alone decides."""

CHANCE = 0.1
"""p from which a ranking is called no better than a coin."""

MAX_RANKING_LOSS = 0.02
"""Ranking that may be lost: a list that is right about how sure it is may rank by a hair less."""

MAX_UNKNOWN_RANKING_LOSS = 0.1
"""Of a model that is taken, a larger loss of ranking must be ruled out."""

MAX_LOG_LOSS_RISE = 0.02
"""Rise of log loss (nats) that is no harm yet."""

NO_DIFFERENCE = 0.05
"""Loss of ranking, and rise of log loss (nats), that must be ruled out to say *no different*."""

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


class Verdict(StrEnum):
    """What held-out corrections say of a new model."""

    BETTER = "better"
    NO_DIFFERENT = "no different"
    TOO_FEW = "too few to say"
    WORSE = "worse"

    @property
    def is_taken(self) -> bool:
        """Whether a model of this verdict comes into use by itself."""
        return self in (Verdict.BETTER, Verdict.NO_DIFFERENT)


_DISAGREE = "Your judgments and the map do not agree well enough to say that it got better."
_SENTENCES = {
    Verdict.BETTER: "It got better on corrections that it had not learnt from.",
    Verdict.NO_DIFFERENT: "No different on corrections that it had not learnt from.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the same as one plain sentence, and the numbers that it rests on in words."""

    verdict: Verdict
    reason: str
    details: str = ""


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
    """Mean log loss (nats) before and after; the interval is of drawing the corrections again (bootstrap)."""
    n = len(held_out)
    before, after = (log_loss(p, held_out.target) for p in (held_out.before, held_out.after))
    if not n:
        return Change(before, after, math.nan, math.nan, 0)
    gains = _losses(held_out.after, held_out.target) - _losses(held_out.before, held_out.target)
    rows = np.random.default_rng(seed).integers(0, n, (BOOTSTRAP_DRAWS, n))
    low, high = np.percentile(gains[rows].mean(axis=1), [5, 95])
    return Change(before, after, float(low), float(high), n)


def log_loss(logits: Floats, target: NDArray[np.bool_]) -> float:
    """Mean log loss, nats."""
    return float(_losses(logits, target).mean()) if len(target) else math.nan


def _losses(logits: Floats, target: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.logaddexp(0, np.where(target, -logits, logits)), np.float64)


def map_change(before: Floats, after: Floats, n: int, *, seed: int = 0) -> Change:
    """Mean of one figure per replay map before and after; the interval is of drawing the maps again."""
    if not len(before):
        return Change(math.nan, math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(seed)
    gains = (after - before)[rng.integers(0, len(before), (BOOTSTRAP_DRAWS, len(before)))].mean(axis=1)
    low, high = np.percentile(gains, [5, 95])
    return Change(float(before.mean()), float(after.mean()), float(low), float(high), n)


def decide(held_out: HeldOutScores, replay: Change | None, *, seed: int = 0) -> Decision:
    """The rule of this module: a verdict, a sentence, and its numbers."""
    ranked, loss = ranking_change(held_out, seed=seed), log_loss_change(held_out, seed=seed)
    p, limit = p_value(held_out), max_p_value(held_out)
    if ranked.n == 0 or math.isnan(ranked.after):
        return Decision(Verdict.TOO_FEW, f"{TOO_FEW} {what_is_missing(held_out)}")
    details = _details(held_out, ranked, loss, p, replay)
    is_ranked = not (_is_one_sided(held_out) and len(held_out) >= CORRECTIONS[1])  # else log loss alone decides
    if is_ranked and ranked.high < -MAX_RANKING_LOSS:
        return Decision(Verdict.WORSE, "It got worse: it ranks unseen corrections less well than before.", details)
    if loss.low > MAX_LOG_LOSS_RISE:
        return Decision(Verdict.WORSE, "It got worse: its probabilities fit unseen corrections less well.", details)
    if replay is not None and replay.after < MIN_REPLAY_AP_RATIO * replay.before:
        return Decision(Verdict.WORSE, "It got worse: it forgets what it knew of simulated maps.", details)
    if p > limit:
        few = len(held_out) < CORRECTIONS[-1]
        reason = f"{TOO_FEW} {what_is_missing(held_out)}" if few else _DISAGREE
        return Decision(Verdict.TOO_FEW, reason, f"{details} Chance cannot be ruled out (p above {limit:.2g}).")
    verdict = _compared(ranked, loss) if is_ranked else _compared(None, loss)
    return Decision(verdict, _SENTENCES.get(verdict) or f"{TOO_FEW} {what_is_missing(held_out)}", details)


def what_is_missing(held_out: HeldOutScores) -> str:
    """How many corrections more, and of which kind, would make the next comparison say more; no digit is a promise."""
    n, accepted = len(held_out), int(held_out.target.sum())
    wanted = next((count for count in CORRECTIONS if count > n), n + CORRECTIONS[0])
    text = f"Judge about {wanted - n:,} more, in more places"
    lacking = {"accepted": MIN_PER_CLASS - accepted, "rejected": MIN_PER_CLASS - (n - accepted)}
    words = [f"at least {count} {word}" for word, count in lacking.items() if count > 0]
    text += f", {' and '.join(words)}." if words else "."
    if n and float((np.abs(held_out.before) < UNCERTAIN).mean()) >= MOSTLY:
        text += " Nearly all so far were uncertain ones (p near 0.5): judge also some sure ones."
    return text


def _compared(ranked: Change | None, loss: Change) -> Verdict:
    """The verdict on a model that is not worse; ``ranked`` None: too few of one word to rank by."""
    low, rises = (0.0, False) if ranked is None else (ranked.low, ranked.low > 0)
    if low < -MAX_UNKNOWN_RANKING_LOSS:
        return Verdict.TOO_FEW
    if loss.high < 0 or rises:
        return Verdict.BETTER
    return Verdict.NO_DIFFERENT if low >= -NO_DIFFERENCE and loss.high <= NO_DIFFERENCE else Verdict.TOO_FEW


def _is_one_sided(held_out: HeldOutScores) -> bool:
    positives = int(held_out.target.sum())
    return min(positives, len(held_out) - positives) < MIN_PER_CLASS


def max_p_value(held_out: HeldOutScores) -> float:
    """The largest :func:`p_value` of a model that is taken, by the number of corrections."""
    n = 0 if _is_one_sided(held_out) else len(held_out)
    return float(np.interp(n, CORRECTIONS, MAX_P_VALUE))


def _details(held_out: HeldOutScores, ranked: Change, loss: Change, p: float, replay: Change | None) -> str:
    """The numbers: one plain sentence, then all of them."""
    accepted = int(held_out.target.sum())
    parts = [
        f"Of {how_many(len(held_out), 'unseen correction')} ({accepted:,} accepted, {len(held_out) - accepted:,} "
        f"rejected): ranking (area under the ROC curve) {_short(ranked.before)} → {_short(ranked.after)} "
        f"(90 % interval of the change {_interval(ranked)}; p of chance {p:.2g})",
        f"log loss of the probabilities, 0 is best, {_short(loss.before)} → {_short(loss.after)} (90 % interval of the "
        f"change {_interval(loss)})",
    ]
    if replay is not None:
        maps = how_many(replay.n, "simulated map")
        parts.append(f"average precision on {maps}, 1 is best, {_short(replay.before)} → {_short(replay.after)}")
    return f"{_how_ranked(ranked, p)} {'; '.join(parts)}."


def _how_ranked(ranked: Change, p: float) -> str:
    """How well the new model ranks, as people say it."""
    how = "no better than a coin" if p > CHANCE else "better than a coin"
    return (
        f"The model ranks your accepted above your rejected ones {how} (of all pairs of one accepted and one rejected "
        f"of a kind, {ranked.after:.0%} stand in this order now, {ranked.before:.0%} before; by a coin 50%)."
    )


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("0.", ".").replace("-", "−")


def _interval(change: Change) -> str:
    return f"{_signed(change.low)} … {_signed(change.high)}"


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
