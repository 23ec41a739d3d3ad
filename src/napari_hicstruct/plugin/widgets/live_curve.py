"""Live curves of a training: thin lines of what it learns from, dots of what it is measured on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget
from superqt.utils import qthrottled

from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.style import subdued

_REDRAW_MS = 200
_SMOOTHING = 0.9
_HEIGHT = 140

PALETTE = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#F0E442")
"""Of Okabe & Ito, which colour-blind people tell apart; they read on dark and on light."""

Points = Sequence[tuple[int, float]]


def smoothed(values: Iterable[float], decay: float = _SMOOTHING) -> list[float]:
    """Moving average that begins at the first value, not at 0; what is not finite is skipped."""
    out, mean, weight = [], 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            mean, weight = decay * mean + (1 - decay) * value, decay * weight + (1 - decay)
        out.append(mean / weight if weight else math.nan)
    return out


class LiveCurve(QWidget):
    """Curves by name, redrawn at most five times a second; pyqtgraph is imported when the first one is drawn.

    Parameters
    ----------
    tooltip : str
        What the curves show.

    Attributes
    ----------
    losses, validation : dict of str to list of (int, float)
        Step and value; lines and dots.
    """

    smoothing = _SMOOTHING

    def __init__(self, tooltip: str) -> None:
        super().__init__()
        self._plot: Any = None
        self._lines: dict[str, Any] = {}
        self._dots: dict[str, Any] = {}
        self._theme, self._tooltip = "dark", tooltip
        self._axes = {"left": "loss", "bottom": "step"}
        self.losses: dict[str, list[tuple[int, float]]] = {}
        self.validation: dict[str, list[tuple[int, float]]] = {}
        self.legend = subdued(QLabel())
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        vbox(self.legend, on=self, spacing=2)
        self.draw_soon = qthrottled(self._draw, timeout=_REDRAW_MS, leading=False, parent=self)
        self.hide()

    # ------------------------------------------------------------------ what those who inherit say
    def colour_of(self, _name: str, place: int) -> str:
        """Hex colour of a curve."""
        return PALETTE[place % len(PALETTE)]

    def title_of(self, name: str) -> str:
        """What a curve is called in the legend."""
        return name

    def legend_names(self) -> list[str]:
        """The curves that the legend names."""
        return self._names()

    def legend_end(self) -> str:
        """What stands behind the names."""
        return ""

    # ------------------------------------------------------------------ data
    def clear(self) -> None:
        """Forget what was drawn, and fold away until there is more."""
        self.hide()
        self.forget()

    def forget(self) -> None:
        """Begin anew; what is drawn stays visible, empty."""
        self.losses, self.validation = {}, {}
        for item in (*self._lines.values(), *self._dots.values()):
            item.setData([], [])

    def set_axes(self, **labels: str) -> None:
        """Name the axes: ``left``, ``bottom``."""
        if {**self._axes, **labels} != self._axes:
            self._axes |= labels
            if self._plot is not None:
                self._dress()

    def set_theme(self, theme: str) -> None:
        """Take the colours of napari's theme ``theme``."""
        self._theme = theme
        if self._plot is not None:
            self._dress()

    # ------------------------------------------------------------------ drawing
    def _names(self) -> list[str]:
        return list(dict.fromkeys([*self.losses, *self.validation]))

    def _draw(self) -> None:
        if not self.losses and not self.validation:
            return
        if self._plot is None:
            self._build()
        for place, name in enumerate(self._names()):
            line, dots = self._items(name, place)
            steps, values = columns(self.losses.get(name, []))
            line.setData(steps, smoothed(values, self.smoothing))
            dots.setData(*columns(self.validation.get(name, [])))
        self._say_legend()
        self.show()

    def _build(self) -> None:
        import pyqtgraph

        self._plot = pyqtgraph.PlotWidget()
        self._plot.setFixedHeight(_HEIGHT)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setToolTip(self._tooltip)
        self._plot.getPlotItem().layout.setContentsMargins(0, 8, 0, 6)  # half a number and the axis label hang out
        self.layout().addWidget(self._plot)  # type: ignore[union-attr]  # it has one
        for name in self._axes:  # before there is a label: with one, switching it off scales by thousands instead
            self._plot.getAxis(name).enableAutoSIPrefix(False)
        self._dress()

    def _items(self, name: str, place: int) -> tuple[Any, Any]:
        import pyqtgraph

        if name not in self._lines:
            colour = self.colour_of(name, place)
            self._lines[name] = self._plot.plot([], [], pen=pyqtgraph.mkPen(colour, width=1.5))
            self._dots[name] = self._plot.plot(
                [], [], pen=None, symbol="o", symbolSize=7, symbolBrush=colour, symbolPen=None
            )
        return self._lines[name], self._dots[name]

    def _dress(self) -> None:
        """Background and axes in the theme's colours."""
        from napari.utils.theme import get_theme

        theme = get_theme(self._theme)
        text = theme.text.as_hex()
        self._plot.setBackground(theme.background.as_hex())
        for name, label in self._axes.items():
            axis = self._plot.getAxis(name)
            axis.setPen(theme.secondary.as_hex())
            axis.setTextPen(text)
            axis.setLabel(label, color=text)

    def _say_legend(self) -> None:
        named = self.legend_names()
        words = [
            f'<span style="color:{self.colour_of(name, place)}">●</span> {self.title_of(name)}'
            for place, name in enumerate(self._names())
            if name in named
        ]
        self.legend.setText(f"{' &nbsp; '.join(words)}{self.legend_end()}")


def columns(points: Points) -> tuple[list[int], list[float]]:
    """Steps and values of the points that can be drawn."""
    return [step for step, _ in points], [value for _, value in points]
