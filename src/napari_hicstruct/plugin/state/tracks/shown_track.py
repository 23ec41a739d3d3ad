"""One track as a window shows it: its file or what it is computed from, its colour, height and scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_hicstruct.tracks import GeneTrack, IntervalTrack, SignalTrack

COLOURS = ("#4F8FD6", "#E08A3C", "#3FAE86", "#B56BC6", "#D9596F", "#8E9F35", "#38A6B8", "#A9805A")
"""Of equal weight, and read on a dark ground and on a light one."""

FORWARD, REVERSE = "#E0662B", "#3F7FD0"
"""Motifs that point forward along the genome, and backward."""

MIN_HEIGHT, MAX_HEIGHT = 18, 240
_HEIGHTS = {"signal": 54, "intervals": 26, "motifs": 26, "genes": 62}

OWN_PREFIX = "own:"
OWN = {
    "insulation": ("Insulation", "log2 of the contacts across each bin over their mean, square of 10 bins"),
    "directionality": ("Directionality", "whether a bin's contacts point upstream (below 0) or downstream"),
    "boundary": ("Boundary evidence", "the map's own evidence of a TAD boundary, 0 to 1"),
    "calls": ("Boundary probability", "of the borders of TADs and boundaries in the sets that are shown"),
    "coverage": ("Coverage", "contacts of each bin within its chromosome, as counted"),
    "4c": ("Virtual 4C", "observed over expected of the anchor under the cursor, else of the chosen object"),
}
"""Tracks that are computed from the map: name, and what they show."""


@dataclass(slots=True)
class ShownTrack:
    """A track in a window.

    Attributes
    ----------
    key : str
        Path of its file, or ``own:insulation`` and the like.
    name : str
    track : SignalTrack, IntervalTrack, GeneTrack or None
        None while it is being opened, or where it cannot be.
    colour : str
    height_px : int
    limits : (float, float) or None
        Of the scale; None: those of what is seen.
    shown : bool
    problem : str
        Why it cannot be shown; empty if it can.
    notes : tuple of str
    """

    key: str
    name: str
    colour: str
    height_px: int = 0
    limits: tuple[float, float] | None = None
    shown: bool = True
    track: Any = None
    problem: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def own(self) -> str:
        """Which of :data:`OWN` it is; empty for a file."""
        return self.key.removeprefix(OWN_PREFIX) if self.key.startswith(OWN_PREFIX) else ""

    @property
    def kind(self) -> str:
        """``signal``, ``intervals``, ``motifs`` or ``genes``; empty while it is not known."""
        if isinstance(self.track, GeneTrack):
            return "genes"
        if isinstance(self.track, IntervalTrack):
            return "motifs" if self.track.stranded else "intervals"
        return "signal" if isinstance(self.track, SignalTrack) else ""

    @property
    def pixels(self) -> int:
        """Height, as chosen or as its kind has it."""
        return self.height_px or _HEIGHTS.get(self.kind, _HEIGHTS["intervals"])

    def to_settings(self) -> dict[str, Any]:
        """What is remembered."""
        return {
            "key": self.key,
            "colour": self.colour,
            "height": self.height_px,
            "limits": None if self.limits is None else list(self.limits),
            "shown": self.shown,
        }

    @classmethod
    def from_settings(cls, kept: Mapping[str, Any], number: int) -> ShownTrack | None:
        """What was remembered; None if somebody spoilt it."""
        from napari_hicstruct.errors import readable

        key = kept.get("key")
        if not isinstance(key, str) or not key:
            return None
        own = OWN.get(key.removeprefix(OWN_PREFIX))
        if key.startswith(OWN_PREFIX) and own is None:
            return None
        name = own[0] if own and key.startswith(OWN_PREFIX) else readable(key.replace("\\", "/").rsplit("/", 1)[-1])
        height, colour = kept.get("height"), kept.get("colour")
        return cls(
            key,
            name,
            colour if isinstance(colour, str) and colour.startswith("#") else COLOURS[number % len(COLOURS)],
            height if isinstance(height, int) and MIN_HEIGHT <= height <= MAX_HEIGHT else 0,
            _limits(kept.get("limits")),
            bool(kept.get("shown", True)),
        )


def _limits(kept: Any) -> tuple[float, float] | None:
    """Two numbers, the smaller first; None for anything else."""
    if not isinstance(kept, list) or len(kept) != 2 or not all(isinstance(one, int | float) for one in kept):
        return None
    low, high = map(float, kept)
    return (low, high) if low < high else None
