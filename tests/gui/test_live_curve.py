"""Axes of a curve say what was measured, in every theme."""

from __future__ import annotations

from typing import Any

from napari_hicstruct.plugin.panels.segment.curve import TaskCurve
from tests.gui.view_kit import pump


def test_losses_are_not_scaled_when_the_theme_changes(qtbot: Any) -> None:
    curve = TaskCurve()
    qtbot.addWidget(curve)
    curve.follow_losses({"mask": [(1, 0.5), (2, 0.3)]}, {})
    assert pump(lambda: curve._plot is not None)
    for theme in ("light", "dark"):
        curve.set_theme(theme)
        for name in ("left", "bottom"):
            axis = curve._plot.getAxis(name)
            assert axis.autoSIPrefixScale == 1, (theme, name)


def test_no_number_of_the_axes_is_cut_off(qtbot: Any) -> None:
    """The topmost one stands on the edge of the plot: half of it hangs out."""
    curve = TaskCurve()
    qtbot.addWidget(curve)
    curve.resize(300, 200)
    curve.follow_losses({"mask": [(1, 0.8), (2, 1.6)]}, {})
    curve.show()
    assert pump(lambda: curve._plot is not None and curve._plot.isVisible())
    plot, item = curve._plot, curve._plot.getPlotItem()
    top = plot.mapFromScene(item.vb.sceneBoundingRect().topLeft()).y()
    half = plot.fontMetrics().height() / 2
    assert top >= half - 2, (top, half)
