"""Live curves of a training: loss per task as thin lines, validation per task as dots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget
from superqt.utils import qthrottled

from napari_hicstruct.annotations.kinds import KINDS, plural_of_task
from napari_hicstruct.plugin.widgets.style import subdued

if TYPE_CHECKING:
    from napari_hicstruct.workflows.finetune.job import Live

TASK_COLOURS = {kind.value: info.colour for kind, info in KINDS.items()}
"""They read on dark and on light."""

_OTHERS = ("#D55E00", "#0072B2", "#F0E442")
_REDRAW_MS = 200
_SMOOTHING = 0.9
_HEIGHT = 140


def colour_of_task(task: str, place: int = 0) -> str:
    """Hex colour of a task; ``place`` chooses for tasks of one's own."""
    return TASK_COLOURS.get(task, _OTHERS[place % len(_OTHERS)])


def smoothed(values: list[float], decay: float = _SMOOTHING) -> list[float]:
    """Moving average that begins at the first value, not at 0; what is not finite is skipped."""
    out, mean, weight = [], 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            mean, weight = decay * mean + (1 - decay) * value, decay * weight + (1 - decay)
        out.append(mean / weight if weight else math.nan)
    return out


class LossCurve(QWidget):
    """The curves of the training that runs now; the next one (a fold, the model itself) begins anew.

    pyqtgraph is imported when the first curve is drawn, and redraws at most five times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._plot: Any = None
        self._lines: dict[str, Any] = {}
        self._dots: dict[str, Any] = {}
        self._theme = "dark"
        self._step = 0
        self.losses: dict[str, list[tuple[int, float]]] = {}
        self.validation: dict[str, list[tuple[int, float]]] = {}
        self.legend = subdued(QLabel())
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.legend)
        self._later = qthrottled(self._draw, timeout=_REDRAW_MS, leading=False, parent=self)
        self.hide()

    def add(self, live: Live) -> None:
        """One step more; where steps are counted anew, another training has begun."""
        if live.step < self._step:
            self._forget()
        self._step = live.step
        for store, values in ((self.losses, live.losses), (self.validation, live.validation)):
            for task, value in values.items():
                store.setdefault(task, []).append((live.step, float(value)))
        self._later()

    def clear(self) -> None:
        """Forget what was drawn, and fold away until there is more."""
        self.hide()
        self._forget()

    def _forget(self) -> None:
        self._step = 0
        self.losses, self.validation = {}, {}
        for item in (*self._lines.values(), *self._dots.values()):
            item.setData([], [])

    def set_theme(self, theme: str) -> None:
        """Take the colours of napari's theme ``theme``."""
        self._theme = theme
        if self._plot is not None:
            self._dress()

    # ------------------------------------------------------------------ drawing
    def _draw(self) -> None:
        if not self.losses and not self.validation:
            return
        if self._plot is None:
            self._build()
        for place, task in enumerate(dict.fromkeys([*self.losses, *self.validation])):
            line, dots = self._items(task, place)
            steps, values = _columns(self.losses.get(task, []))
            line.setData(steps, smoothed(values))
            dots.setData(*_columns(self.validation.get(task, [])))
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
        self._plot.setToolTip(
            "Loss by training step, less is better: lines on what is learnt from (smoothed), dots on what is not."
        )
        self._plot.getPlotItem().layout.setContentsMargins(0, 0, 0, 6)  # the axis label hangs out by that much
        self.layout().addWidget(self._plot)
        self._dress()

    def _items(self, task: str, place: int) -> tuple[Any, Any]:
        import pyqtgraph

        if task not in self._lines:
            colour = colour_of_task(task, place)
            self._lines[task] = self._plot.plot([], [], pen=pyqtgraph.mkPen(colour, width=1.5))
            self._dots[task] = self._plot.plot(
                [], [], pen=None, symbol="o", symbolSize=7, symbolBrush=colour, symbolPen=None
            )
        return self._lines[task], self._dots[task]

    def _dress(self) -> None:
        """Background and axes in the theme's colours."""
        from napari.utils.theme import get_theme

        theme = get_theme(self._theme)
        text = theme.text.as_hex()
        self._plot.setBackground(theme.background.as_hex())
        for name, label in (("left", "loss"), ("bottom", "step")):
            axis = self._plot.getAxis(name)
            axis.setPen(theme.secondary.as_hex())
            axis.setTextPen(text)
            axis.setLabel(label, color=text)
            axis.enableAutoSIPrefix(False)

    def _say_legend(self) -> None:
        tasks = dict.fromkeys([*self.losses, *self.validation])
        words = [
            f'<span style="color:{colour_of_task(t, i)}">●</span> {plural_of_task(t)}' for i, t in enumerate(tasks)
        ]
        held_out = " · dots: not learnt from" if self.validation else ""
        self.legend.setText(f"{' &nbsp; '.join(words)}{held_out}")


def _columns(points: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    """Steps and values of the points that can be drawn."""
    return [step for step, _ in points], [value for _, value in points]
