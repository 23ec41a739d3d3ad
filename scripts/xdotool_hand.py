"""Mouse and keyboard of the X server, for scripts that drive a window as a person does."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar


class XdotoolHand:
    """The pointer and the keyboard of the X server; Qt's loop runs until what was done has arrived."""

    _NAMES: ClassVar = {"?": "question"}

    def _run(self, *words: str) -> None:
        from tests.gui.view_kit import pump

        done = subprocess.Popen(["xdotool", *words])
        pump(lambda: done.poll() is not None, 20)
        end = time.monotonic() + 0.03
        pump(lambda: time.monotonic() > end)

    def _to(self, at: Any) -> tuple[str, str, str]:
        """To a place in Qt's pixels, which are larger than the screen's where the window is scaled."""
        from qtpy.QtWidgets import QApplication

        screen = QApplication.primaryScreen()
        ratio = 1.0 if screen is None else screen.devicePixelRatio()
        return "mousemove", str(round(at.x() * ratio)), str(round(at.y() * ratio))

    def move(self, at: Any) -> None:
        self._run(*self._to(at))

    def down(self, at: Any, button: Any) -> None:
        self._run(*self._to(at), "mousedown", self._number(button))

    def up(self, at: Any, button: Any) -> None:
        self._run(*self._to(at), "mouseup", self._number(button))

    def wheel(self, at: Any, notches: int) -> None:
        self._run(*self._to(at), "click", "5" if notches > 0 else "4")

    def key(self, name: str) -> None:
        *modifiers, last = name.split("+")
        last = self._NAMES.get(last, last if len(last) > 1 else last.lower())
        self._run("key", "+".join([*(one.lower() for one in modifiers), last]))

    def type(self, text: str) -> None:
        self._run("type", "--delay", "8", text)

    @staticmethod
    def _number(button: Any) -> str:
        from qtpy.QtCore import Qt

        return {Qt.MouseButton.LeftButton: "1", Qt.MouseButton.RightButton: "3"}[button]


@contextmanager
def window_manager() -> Iterator[None]:
    """Openbox, where it is installed: without one, nothing says which window has the keyboard."""
    manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL) if shutil.which("openbox") else None
    try:
        time.sleep(0.5 if manager else 0)
        yield
    finally:
        if manager is not None:
            manager.terminate()
            manager.wait()
