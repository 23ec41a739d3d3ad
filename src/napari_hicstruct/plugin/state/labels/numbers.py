"""The numbers of a record by their names: one name for one thing, wherever it is shown."""

from __future__ import annotations

import math

from napari_hicstruct.annotations.records import Annotation, Status

PROBABILITY = "probability"
RANKING_SCORE = "ranking score"
SOFT_SCORE = "soft score"
NETWORK_OUTPUT = "network output"
CONFIDENCE = "confidence"

MEANINGS = {
    SOFT_SCORE: "how far the callers of a consensus agree, 0 to 1",
    PROBABILITY: "the model's calibrated chance that the structure is there: of calls with 0.7 about 70 % are right",
    RANKING_SCORE: "orders the calls of one set, the best near 1; no probability, it compares only within its set",
    NETWORK_OUTPUT: "what the network itself gives at the place, before ranking and calibration",
    CONFIDENCE: "the soft score; where there is none the probability, else the ranking score",
}
"""What each number is, for tooltips."""

BEFORE_EDIT = "before the edit"
"""Said of all numbers of an edited record: the model gave them to the place that it had."""


def numbers_of(record: Annotation) -> dict[str, float]:
    """Name → value of all numbers that the record has."""
    values = {SOFT_SCORE: record.soft_score, PROBABILITY: record.probability, RANKING_SCORE: record.score}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def first_number(record: Annotation) -> str:
    """The number that :data:`CONFIDENCE` takes, by its own name: ``probability 0.035``; empty where there is none."""
    when = f" {BEFORE_EDIT}" if record.status is Status.EDITED else ""
    return next((f"{name} {value:.3f}{when}" for name, value in numbers_of(record).items()), "")


def numbers_text(record: Annotation) -> str:
    """All numbers with what they mean, one line each; for tooltips."""
    lines = [f"{name} {value:.4f}: {MEANINGS[name]}" for name, value in numbers_of(record).items()]
    if lines and record.status is Status.EDITED:
        lines.append(f"All are of the place {BEFORE_EDIT}; Why says what the model gives here.")
    return "\n".join(lines) or "no score"
