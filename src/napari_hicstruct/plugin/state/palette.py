"""Names of kinds, colours of sources and statuses (Okabe–Ito: safe for colour-blind eyes), strength by score."""

from __future__ import annotations

import math

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status

PREDICTED, IMPORTED, HUMAN = "#56B4E9", "#E69F00", "#009E73"
EDITED, REJECTED = "#CC79A7", "#999999"

LEGEND: tuple[tuple[str, str, str], ...] = (
    ("predicted", PREDICTED, "called by a model"),
    ("imported", IMPORTED, "read from a label file"),
    ("human", HUMAN, "drawn by a person, or a call that a person accepted"),
    ("edited", EDITED, "a call that a person moved or resized"),
    ("rejected", REJECTED, "a person said: not there"),
)
"""Name, colour and meaning, in the order of the legend."""

_BY_ORIGIN = {Origin.PREDICTED: PREDICTED, Origin.IMPORTED: IMPORTED, Origin.HUMAN: HUMAN}


def name_of(kind: Kind) -> str:
    """The kind as people write it."""
    return KINDS[kind].singular


def plural_of(kind: Kind) -> str:
    """Several of a kind."""
    return KINDS[kind].plural


def colour_of(origin: Origin, status: Status) -> str:
    """Hex colour: the status where a person judged the object, else its source."""
    judged = {Status.REJECTED: REJECTED, Status.EDITED: EDITED, Status.ACCEPTED: HUMAN}
    return judged.get(status, _BY_ORIGIN[origin])


def strength_of(record: Annotation) -> float:
    """Soft score, else probability, else score, in [0, 1]; 1 where there is none."""
    for value in (record.soft_score, record.probability, record.score):
        if not math.isnan(value):
            return min(max(value, 0.0), 1.0)
    return 1.0


def rgba(origin: Origin, record: Annotation, *, by_score: bool) -> tuple[float, float, float, float]:
    """Edge colour with opacity: full, or 0.3 … 1 by score; rejected objects step back."""
    code = colour_of(origin, record.status)
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    alpha = 0.3 + 0.7 * strength_of(record) if by_score else 1.0
    return red, green, blue, alpha * (0.6 if record.status is Status.REJECTED else 1.0)
