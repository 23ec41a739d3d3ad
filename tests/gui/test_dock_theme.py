"""Text reads on both of napari's themes, and the control that has the keyboard is seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLabel, QLineEdit, QSlider

from napari_hicstruct.plugin.widgets.inks import DARK, LIGHT, Inks, contrast
from tests.gui.view_kit import open_in

Make = Callable[..., Any]
SMALL = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
MIN_CONTRAST = 4.5
CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QSlider)
COLOUR = re.compile(r"color:\s*(#[0-9a-fA-F]{6}|[a-z]+)")


@pytest.mark.parametrize(("theme", "inks"), [("dark", DARK), ("light", LIGHT)])
def test_every_ink_reads_on_the_backgrounds_of_its_theme(theme: str, inks: Inks) -> None:
    known = get_theme(theme)
    for background in (known.background, known.foreground):
        behind = QColor(background.as_hex(format="long"))
        for name, ink in asdict(inks).items():
            least = 3.0 if name == "focus" else MIN_CONTRAST  # WCAG 1.4.11: of what is not text
            assert contrast(QColor(ink), behind) >= least, (theme, name)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_texts_of_the_dock_read(make_napari_viewer: Make, data_dir: Path, theme: str) -> None:
    viewer = make_napari_viewer(show=True)
    _, dock = open_in(viewer, data_dir / "maps" / SMALL)
    for section in dock.sections.values():
        section.unfold(True)
    dock.header.about.setChecked(True)
    viewer.theme = "light" if theme == "dark" else "dark"
    viewer.theme = theme  # and back: what was set once would stay
    QTest.qWait(50)
    behind = QColor(get_theme(theme).background.as_hex(format="long"))
    seen = 0
    for label in dock.findChildren(QLabel):
        if not label.isVisible() or not label.isEnabled() or not label.text().strip():
            continue
        seen += 1
        written = label.palette().color(label.foregroundRole())
        assert contrast(written, behind) >= MIN_CONTRAST, (label.text(), written.name())
    assert seen > 15
    assert "better" not in {found for one in dock.findChildren(QLabel) for found in COLOUR.findall(one.text())}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_control_with_the_keyboard_is_seen(make_napari_viewer: Make, data_dir: Path, theme: str) -> None:
    viewer = make_napari_viewer(show=True)
    _, dock = open_in(viewer, data_dir / "maps" / SMALL)
    viewer.theme = theme
    for section in dock.sections.values():
        section.unfold(True)
    window = viewer.window._qt_window
    window.activateWindow()
    QTest.qWait(100)
    unseen, seen = [], 0
    for control in dock.findChildren(CONTROLS):
        if not control.isVisible() or not control.isEnabled() or not control.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        window.setFocus()
        QApplication.processEvents()
        before = picture(control)
        control.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if not control.hasFocus():
            continue  # one that passes the focus on: its part is looked at by itself
        seen += 1
        if np.array_equal(before, picture(control)):
            unseen.append(f"{type(control).__name__} {getattr(control, 'text', str)()} {control.toolTip()[:30]}")
    assert seen > 25
    assert not unseen


def picture(widget: Any) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, np.uint8).copy()
