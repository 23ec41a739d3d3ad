"""Coordinates along the map: whether they are shown, and where ticks stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

from psygnal import Signal

from napari_hicstruct.plugin.state.settings import Settings

_MINOR = {1: 5, 2: 4, 5: 5}  # parts of a step of 1, 2 or 5
_SETTING = "axes"


class AxesState:
    """Whether the coordinates are shown; remembered.

    Attributes
    ----------
    changed : Signal(bool)
    """

    changed = Signal(bool)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def on(self) -> bool:
        """True if they are shown beside every map."""
        return bool(self._settings.get(_SETTING, True))

    def show(self, on: bool) -> None:
        """Show them, or not, now and in windows to come."""
        if on != self.on:
            self._settings.set(_SETTING, on)
            self.changed.emit(on)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Round numbers along one axis.

    Attributes
    ----------
    step : int
        From one number to the next, bp.
    unit : str
        ``Mb``, or ``kb`` where numbers are less than 10 kb apart.
    major : tuple of (int, str)
        Position (bp) and number.
    minor : tuple of int
        Positions between them, bp.
    """

    step: int
    unit: str
    major: tuple[tuple[int, str], ...]
    minor: tuple[int, ...]


def step_of(bp: float) -> int:
    """The smallest of 1, 2, 5, 10, 20 … bp that is at least ``bp``."""
    power = 10 ** max(0, math.floor(math.log10(max(bp, 1))))
    return next(int(factor * power) for factor in (1, 2, 5, 10) if factor * power >= bp)


def ticks(start: float, end: float, apart: float, length: int) -> Ticks:
    """Ticks from ``start`` to ``end`` (bp) on a chromosome of ``length`` bp, numbers at least ``apart`` (bp)."""
    step = step_of(apart)
    unit, size = ("Mb", 1_000_000) if step >= 10_000 else ("kb", 1_000)
    decimals = max(0, math.ceil(math.log10(size / step)))
    low, high = max(0.0, start), min(float(length), end)
    major = tuple((at, f"{at / size:,.{decimals}f}") for at in _multiples(step, low, high))
    fine = step // _MINOR[int(str(step)[0])]
    minor = () if fine * _MINOR[int(str(step)[0])] != step else _multiples(fine, low, high)
    return Ticks(step, unit, major, tuple(at for at in minor if at % step))


def _multiples(step: int, low: float, high: float) -> tuple[int, ...]:
    return tuple(range(math.ceil(low / step) * step, math.floor(high) + 1, step)) if high >= low else ()
