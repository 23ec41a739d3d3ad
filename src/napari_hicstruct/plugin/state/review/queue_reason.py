"""In words: why a candidate comes where it does, and why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping

from napari_hicstruct.active.candidate_table import QueueFilter, ReviewMode
from napari_hicstruct.active.disagreement import Contradictions
from napari_hicstruct.active.strategies import BY_PROBABILITY
from napari_hicstruct.annotations.loci import CORNER_BP, SAME_CALL_BP
from napari_hicstruct.genome import format_bp
from napari_hicstruct.plugin.state.labels.numbers import CONFIDENCE, SOFT_SCORE
from napari_hicstruct.wording import how_many

_AGAINST = {
    "caller": "found by one program only",
    "corner": "no TAD corner there",
    "boundary": "no boundary at its anchor",
    "resolution": "found at one resolution only",
}
_UNCERTAINTY = {"entropy", "margin"}
"""Strategies that go by how near the probability is to one half, and by nothing else."""

_WORDS = {"bald": "difference of votes", "score": CONFIDENCE}
_NEAR_HALF, _UNCERTAIN = (0.495, 0.505), (0.2, 0.8)
_WITHOUT_NUMBER = {"diversity": "unlike the candidates before", "random": "in random order"}
_SPREAD = 1.0  # what diversity gives to those that it spread over the features

EXPLAINED = {
    "caller": f"no other program or model has it within {format_bp(SAME_CALL_BP)}",
    "corner": f"no TAD has its corner within {format_bp(CORNER_BP)}",
    "boundary": f"no TAD border or boundary within {format_bp(CORNER_BP)} of the stripe's anchor",
    "resolution": "not found in the set of the same program or model at the other resolution",
}
"""What each check means, for a tooltip."""


def queue_reason(
    values: Mapping[str, float],
    contradictions: Contradictions,
    row: int,
    *,
    probability: float,
    soft: bool = False,
) -> str:
    """What the strategies say of one candidate, then what contradicts it.

    Parameters
    ----------
    values : mapping of str to float
        By strategy.
    contradictions : Contradictions
    row : int
    probability : float
        NaN where nobody says how probable it is: it counts as ½.
    soft : bool
        It is the soft score of a consensus, which counts as one and is none.
    """
    sure = not math.isnan(probability)
    parts = [] if sure or not values.keys() & BY_PROBABILITY else ["no probability"]
    for name, value in values.items():
        if name in BY_PROBABILITY and not sure:
            continue
        if name in _WITHOUT_NUMBER:
            if name == "random" or value > _SPREAD:
                parts.append(_WITHOUT_NUMBER[name])
        elif name == "orientation":
            parts += [] if value >= 0 else ["no motifs known"]
        elif name == "pair":
            parts += [] if value >= 0 else ["no enhancer–promoter pair known"]
        elif name in _UNCERTAINTY:
            parts.append(_certainty(probability, SOFT_SCORE if soft else "p ="))
        elif name != "disagreement":
            parts.append(f"{_WORDS.get(name, name)} {value:.2f}")
    said = dict.fromkeys([*parts, *(_AGAINST[name] for name in contradictions.reasons(row))])
    return " · ".join(said)


def _certainty(probability: float, name: str) -> str:
    """``as uncertain as can be (p = 0.50)``."""
    if _NEAR_HALF[0] <= probability <= _NEAR_HALF[1]:
        word = "as uncertain as can be"
    else:
        word = "uncertain" if _UNCERTAIN[0] <= probability <= _UNCERTAIN[1] else "rather sure"
    return f"{word} ({name} {probability:.2f})"


def against(contradictions: Contradictions, row: int) -> str:
    """What contradicts a candidate, one line each; empty where nothing does."""
    return "\n".join(f"{_AGAINST[name]}: {EXPLAINED[name]}" for name in contradictions.reasons(row))


def empty_reason(wanted: QueueFilter, known: int, judged: int, away: int) -> str:
    """Why the queue is empty, and what to do.

    Parameters
    ----------
    wanted : QueueFilter
    known, judged : int
        Objects in the project, and candidates among them that were judged.
    away : int
        Candidates in sets that are hidden or locked.
    """
    if not known:
        return "Nothing to review yet: run a model (Predict), import labels (Labels), or add objects with L, S, T, B."
    if away:
        return f"{how_many(away, 'candidate')} in sets that are hidden or locked: show or unlock these in Labels."
    if wanted.n_conditions:
        return "Nothing that is left passes the filter: widen it."
    if wanted.mode is ReviewMode.REJECTS:
        return "None of your rejected candidates is left to review."
    if wanted.mode is ReviewMode.ACCEPTED:
        return "None of your accepted candidates is left to review."
    if judged:
        return "All judged. Fine-tune, run the model elsewhere, or review your rejected candidates again."
    return "Nothing to judge: what people drew needs no review. Run a model (Predict) or import labels (Labels)."
