"""Open a page in a browser engine and say what became of it: ``open_page.py PAGE SCREENSHOT [WIDTH HEIGHT]``.

A process of its own, for the engine is not to meet the tests' Qt; prints one line of JSON.  Without a graphics card
and as root, as in a container.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"  # root has none
os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--no-sandbox --disable-gpu --disable-dev-shm-usage"
os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"
os.environ["QT_API"] = "pyqt6"
os.environ["QT_QPA_PLATFORM"] = "offscreen"  # takes the focus from no test's window

from qtpy.QtCore import QTimer, QUrl
from qtpy.QtWebEngineCore import QWebEnginePage, QWebEngineUrlRequestInterceptor
from qtpy.QtWebEngineWidgets import QWebEngineView
from qtpy.QtWidgets import QApplication

LIMIT_MS, SETTLE_MS = 30_000, 700

FACTS = """
(() => {
  const all = name => [...document.querySelectorAll(name)];
  return JSON.stringify({
    title: document.title,
    headings: all("h1, h2, h3").map(one => one.textContent),
    rows: all("#maps ~ .wide tbody tr").length,
    images: document.images.length,
    broken: [...document.images].filter(one => !one.complete || !one.naturalWidth).length,
    unnamed: all("img:not([alt]), img[alt=''], svg:not([aria-label])").length,
    scripts: document.scripts.length,
    charts: all("svg").filter(one => one.getBoundingClientRect().height > 50).length,
    wider: document.documentElement.scrollWidth > window.innerWidth,
    dead: all("a[href^='#']").filter(one => !document.getElementById(one.hash.slice(1))).length,
  });
})()
"""


class Page(QWebEnginePage):
    """A page that keeps what it says on its console."""

    def __init__(self) -> None:
        super().__init__()
        self.console: list[str] = []

    def javaScriptConsoleMessage(self, level: object, message: str, line: int, source: str) -> None:
        """Called by Qt for warnings and errors, too: a blocked picture, markup that is none."""
        self.console.append(f"{message} ({line})")


class Requests(QWebEngineUrlRequestInterceptor):
    """All addresses that a page asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def interceptRequest(self, info: object) -> None:
        """Called by Qt for each."""
        self.asked.append(info.requestUrl().scheme())  # type: ignore[attr-defined]


def main(page: Path, screenshot: Path, width: int = 1180, height: int = 1500) -> None:
    app = QApplication(sys.argv[:1])
    view, own, requests = QWebEngineView(), Page(), Requests()
    own.setUrlRequestInterceptor(requests)
    view.setPage(own)
    view.resize(width, height)
    found: dict[str, object] = {"loaded": None}

    def end() -> None:
        view.grab().save(str(screenshot))
        app.quit()

    def keep(text: str) -> None:
        found.update(json.loads(text))
        QTimer.singleShot(SETTLE_MS, end)  # it is painted then

    def ask(loaded: bool) -> None:
        found["loaded"] = loaded
        own.runJavaScript(FACTS, keep)

    view.loadFinished.connect(ask)
    view.load(QUrl.fromLocalFile(str(page.resolve())))
    view.show()
    QTimer.singleShot(LIMIT_MS, app.quit)
    app.exec()
    view.setPage(None)
    print(json.dumps(found | {"console": own.console, "asked": sorted(set(requests.asked))}), flush=True)
    os._exit(0)  # the engine takes seconds to end


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5]))
