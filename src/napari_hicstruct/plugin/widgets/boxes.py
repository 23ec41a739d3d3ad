"""Widgets below or beside each other: a layout with all that is in it, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from qtpy.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

_Box = TypeVar("_Box", bound=QBoxLayout)
_NONE = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Wide:
    """A part that takes the room that the others leave, by its share of it."""

    part: QWidget | QLayout
    share: int = 1


GAP = None
"""Room between the parts before and behind."""

Part: TypeAlias = "QWidget | QLayout | Wide | None"


def vbox(
    *parts: Part,
    on: QWidget | None = None,
    spacing: int | None = None,
    margins: tuple[int, int, int, int] | None = _NONE,
) -> QVBoxLayout:
    """Parts below each other.

    Parameters
    ----------
    parts : QWidget, QLayout, Wide or GAP
    on : QWidget, optional
        The widget whose layout this is.
    spacing : int, optional
        Between two parts, px; default: of the style.
    margins : tuple of int, optional
        Left, top, right and bottom, px; None: of the style.
    """
    return _filled(QVBoxLayout() if on is None else QVBoxLayout(on), parts, spacing, margins)


def hbox(
    *parts: Part,
    on: QWidget | None = None,
    spacing: int | None = None,
    margins: tuple[int, int, int, int] | None = _NONE,
) -> QHBoxLayout:
    """Parts beside each other; parameters as of :func:`vbox`."""
    return _filled(QHBoxLayout() if on is None else QHBoxLayout(on), parts, spacing, margins)


def _filled(box: _Box, parts: tuple[Part, ...], spacing: int | None, margins: tuple[int, int, int, int] | None) -> _Box:
    if margins is not None:
        box.setContentsMargins(*margins)
    if spacing is not None:
        box.setSpacing(spacing)
    for one in parts:
        part, share = (one.part, one.share) if isinstance(one, Wide) else (one, 0)
        if part is None:
            box.addStretch(1)
        elif isinstance(part, QLayout):
            box.addLayout(part, share)
        else:
            box.addWidget(part, share)
    return box
