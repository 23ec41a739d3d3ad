"""Names of kinds; the colour of a set, and what is drawn differently once a person judged an object.

A set has the hue.  A judgment changes the line: its width, its shape, what is inside.  So sets differ from each other
and judgments are seen at the same time, also by colour-blind eyes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status
from napari_hicstruct.annotations.sets import SET_COLOURS

RGBA = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class StatusStyle:
    """How a status is drawn.

    Attributes
    ----------
    mark : str
        One letter beside the word.
    meaning : str
    width : float
        Of the line, in canvas pixels.
    opacity : float
    inside, inside_shape : float
        Opacity inside of rings, and inside of stripes and TADs, whose contacts shall be seen.
    loop, boundary : str
        napari's symbol of the mark.
    """

    mark: str
    meaning: str
    width: float
    loop: str
    boundary: str
    opacity: float = 1.0
    inside: float = 0.0
    inside_shape: float = 0.0


STATUS_STYLES = {
    Status.PROPOSED: StatusStyle("○", "called by a model or read from a file, not judged", 1.6, "disc", "diamond"),
    Status.ACCEPTED: StatusStyle(
        "✓", "a person said: it is there, or drew it", 2.8, "disc", "diamond", inside=0.45, inside_shape=0.05
    ),
    Status.EDITED: StatusStyle("✎", "a person moved or resized it", 2.8, "square", "square"),
    Status.REJECTED: StatusStyle("✗", "a person said: it is not there", 1.2, "x", "x", opacity=0.55),
}
"""Line style, marker and opacity belong to the status, the hue to the set."""


DIRECTION_WORDS = {Direction.DOWN: "downstream", Direction.UP: "upstream"}
"""Where a stripe extends from its anchor along the genome: files say down and up, on the screen it may lie sideways."""


def name_of(kind: Kind) -> str:
    """The kind as people write it."""
    return KINDS[kind].singular


def plural_of(kind: Kind) -> str:
    """Several of a kind."""
    return KINDS[kind].plural


def status_text(status: Status) -> str:
    """A mark and the word: ``✓ accepted``."""
    return f"{STATUS_STYLES[status].mark} {status.value}"


def strength_of(record: Annotation) -> float:
    """Soft score, else probability, else score, in [0, 1]; 1 where there is none."""
    for value in (record.soft_score, record.probability, record.score):
        if not math.isnan(value):
            return min(max(value, 0.0), 1.0)
    return 1.0


def has_score(record: Annotation) -> bool:
    """True if :func:`strength_of` is a number that the record has."""
    return not all(map(math.isnan, (record.soft_score, record.probability, record.score)))


@lru_cache
def _parts(colour: str) -> tuple[float, float, float]:
    """``#RRGGBB`` as numbers, 0 … 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def line_rgba(colour: str, record: Annotation, *, by_score: bool) -> RGBA:
    """A set's colour as the line of one object: full, or 0.3 … 1 by score; rejected objects step back."""
    red, green, blue = _parts(colour)
    alpha = 0.3 + 0.7 * strength_of(record) if by_score else 1.0
    return red, green, blue, alpha * STATUS_STYLES[record.status].opacity


FIRST_COLOUR = SET_COLOURS[0]
"""Of what is drawn before it belongs to a set."""
