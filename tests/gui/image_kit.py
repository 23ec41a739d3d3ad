"""Pictures, networks and docks for tests of the panels that fuse and segment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QScrollArea

from tests.gui.view_kit import pump


def scene(size: int = 64, seed: int = 3) -> np.ndarray:
    """Bright discs on a dark ground with a little noise, 8 bits."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:size, :size]
    picture = rng.normal(40, 4, (size, size))
    for row, col, radius in discs(size):
        picture[(rows - row) ** 2 + (cols - col) ** 2 < radius**2] += 120
    return np.clip(picture, 0, 255).astype(np.uint8)


def discs(size: int) -> list[tuple[int, int, int]]:
    """Centre and radius of each disc."""
    step = size // 4
    return [(row, col, size // 11) for row in range(step // 2, size, step) for col in range(step // 2, size, step)]


def disc_labels(size: int = 64) -> np.ndarray:
    """Discs of the left half are 1, of the right half 2."""
    rows, cols = np.mgrid[:size, :size]
    labels = np.zeros((size, size), np.int32)
    for row, col, radius in discs(size):
        labels[(rows - row) ** 2 + (cols - col) ** 2 < radius**2] = 1 if col < size // 2 else 2
    return labels


def focus_pair(size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """One scene, sharp at the left and sharp at the right."""
    from scipy.ndimage import gaussian_filter

    sharp = scene(size)
    blurred = gaussian_filter(sharp.astype(float), 2).astype(np.uint8)
    first, second = sharp.copy(), sharp.copy()
    first[:, size // 2 :], second[:, : size // 2] = blurred[:, size // 2 :], blurred[:, : size // 2]
    return first, second


def tiny_fusion_network(folder: Path, preset: str = "lytro") -> str:
    """A network of few weights, drawn at random, that fuses all the same."""
    import torch

    from napari_hicstruct.config.base import with_changes
    from napari_hicstruct.config.fusion import fusion_config
    from napari_hicstruct.models.fusion.network import HybridFusionNet
    from napari_hicstruct.models.fusion.store import save_fusion

    config = with_changes(fusion_config(preset), network={"width": 8, "depth": 0, "heads": 1, "dilations": (1, 2)})
    torch.manual_seed(1)
    save_fusion(folder, config, HybridFusionNet(config.network).state_dict(), {"name": "tiny", "version": "0"})
    return str(folder)


def settled(state: Any = None) -> None:
    """Let the window do what is due, and counting end."""
    turns = iter(range(30))
    names = ("counting", "comparing")
    assert pump(lambda: next(turns, None) is None and not any(getattr(state, name, False) for name in names))


def close(dock: Any) -> None:
    """As × in its title bar."""
    dock.parentWidget().destroyOnClose()
    for _ in range(3):
        QApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete))
        QApplication.processEvents()


def dock_of(panel: Any) -> Any:
    """The dock that a panel is in."""
    return next(one for one in QApplication.allWidgets() if getattr(one, "panel", None) is panel)


def resize(viewer: Any, width: int, height: int) -> None:
    """Give the window a size."""
    window = viewer.window._qt_window
    window.resize(width, height)
    assert pump(lambda: (window.width(), window.height()) == (width, height), 5), (window.width(), window.height())
    settled()


def activate(viewer: Any) -> None:
    """Give the window the keyboard."""
    viewer.window._qt_window.activateWindow()
    QTest.qWait(100)


def scrolls_sideways(panel: Any) -> int:
    """Pixels of a panel that are cut off at the right unless one scrolls."""
    area = panel.parentWidget()
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    return int(area.horizontalScrollBar().maximum())
