"""Text onto the clipboard."""

from __future__ import annotations

from qtpy.QtWidgets import QApplication


def copy_text(text: str) -> None:
    """Put a text onto the clipboard; without an application there is none."""
    clipboard = QApplication.clipboard() if QApplication.instance() is not None else None
    if clipboard is not None:
        clipboard.setText(text)
