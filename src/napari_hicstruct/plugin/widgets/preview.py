"""A picture from a file that fills its place and keeps its shape."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QPixmap, QResizeEvent
from qtpy.QtWidgets import QLabel, QSizePolicy


class Preview(QLabel):
    """A picture that fills its place and keeps its shape."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("figurePreview")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(280, 240)
        self.setWordWrap(True)  # of a sentence that stands there instead
        self._whole = QPixmap()

    def show_file(self, path: Path) -> None:
        """Show a picture."""
        self._whole = QPixmap(str(path))
        self._fit()

    def say(self, text: str) -> None:
        """Show a line in place of a picture."""
        self._whole = QPixmap()
        self.setText(text)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Scale the picture anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._whole.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = QSize(int(self.width() * ratio), int(self.height() * ratio))
        scaled = self._whole.scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        scaled.setDevicePixelRatio(ratio)
        self.setPixmap(scaled)
