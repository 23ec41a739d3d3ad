"""Further steps of the first hour: a fine-tune's verdict, the project's menu, a project that another process edits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.first_hour_maps import DATA
from scripts.first_hour_more import MoreSteps

_EDITS_IT = (
    "import sys; from napari_hicstruct.annotations import Project; p = Project.open(sys.argv[1]);"
    " print('open', flush=True); sys.stdin.read()"
)
_MENU = "HiC Structures"
_JUDGMENTS = 12


class ProjectSteps(MoreSteps):
    """What is learnt, where it is kept, and what happens while somebody else has it."""

    def verdict_of_a_fine_tune(self) -> None:
        """Judge some by keys, learn, read the sentence, and go back to the model before."""
        from napari_hicstruct.evaluation.acceptance import Verdict

        self.person.key("N")
        for number in range(_JUDGMENTS):
            self.person.key("A" if number % 2 else "R")
        panel = self.panel("learn")
        self.person.click(panel.button)
        self.wait(lambda: panel.state.running, 30)
        self.wait(lambda: not panel.state.running, 400)
        result = panel.state.result
        assert result is not None, panel.message.text()
        assert result.verdict in set(Verdict)
        self.person.reach(panel.result.verdict)
        assert result.reason in re.sub("<[^>]+>", "", panel.result.verdict.text())
        self.shoot("verdict")
        self.wait(lambda: not self.session.prediction.running, 300)
        if panel.state.in_use:
            self.person.click(panel.result.back_button)
        else:
            self.person.click(panel.result.anyway_button)
            assert panel.state.in_use
            self.person.click(panel.result.back_button)
        assert not panel.state.in_use

    # -------------------------------------------------------------- the project's menu
    def copy_path(self) -> Path:
        return self.out / f"copy-{self.name}.hicproj"

    def open_project(self, path: Path) -> None:
        self.person.answering(str(path), lambda: self.person.pick_from_bar(_MENU, "Open project …"))
        self.wait(lambda: self.session.project is not None and self.session.project.path == path, 20)
        self.person.rest(500)

    def save_a_copy_and_open_it(self) -> None:
        project, known, path = self.session.project, self.records(), self.copy_path()
        for old in self.out.glob(f"{path.name}*"):  # of the run before
            old.unlink()
        self.person.answering(str(path), lambda: self.person.pick_from_bar(_MENU, "Save a copy …"))
        self.wait(path.is_file, 20)
        assert self.session.project is project, "work goes on in the copy although the project can be edited"
        self.open_project(path)
        assert self.records() == known
        self.shoot("copy")

    def show_project_file(self) -> None:
        with _shown_folders() as shown:
            self.person.pick_from_bar(_MENU, "Show project file")
            self.wait(lambda: bool(shown), 10)
        assert [Path(one) for one in shown] == [self.session.project.path.parent]

    def read_only_until_the_other_has_gone(self) -> None:
        """Another process edits the copy: this window reads it, says so at A, and edits it once the other has gone."""
        own, path = self.other_project(), self.copy_path()
        with _edited_elsewhere(path):
            self.open_project(path)
            assert self.session.project.read_only
            self.go(self.place.region)
            place, (uid, *_) = self.spots()[0]
            before = self.statuses()[uid]
            self.person.click_map(place)
            self.person.key("A")
            assert self.statuses()[uid] is before
            text = self.person.viewer.canvas.overlays.text.text
            assert "Cannot be edited" in text, text
            self.shoot("read-only")
        self.errors[:] = [one for one in self.errors if "Cannot be edited" not in one]  # it was to be seen
        self.wait(lambda: not self.session.project.read_only, 15)
        self.person.click_map(place)
        self.person.key("A")
        assert self.statuses()[uid].value == "accepted"
        self.shoot("writable-again")
        self.open_project(own)

    def other_project(self) -> Path:
        """Open the map's own project again, so that the copy is free; where it lies."""
        own = Path(self.session.settings.path).parent / "projects"
        (path,) = (one for one in own.glob("*.hicproj") if one != self.copy_path())
        self.open_project(path)
        return path

    def recent_maps(self) -> None:
        """Back to the first map by the menu, to its project and to where one looked."""
        name = Path(str(DATA / "maps" / self.place.map)).name
        self.person.pick_from_bar(_MENU, "Recent maps", name)
        self.wait(lambda: self.session.source is not None and Path(self.session.source.uri).name == name)
        self.wait(lambda: self.session.project is not None, 10)
        assert self.records(), "its project is not there"
        self.person.rest(1_500)
        self.shoot("recent")

    # -------------------------------------------------------------- 150 %
    @staticmethod
    def scale() -> float:
        """By which the window is larger than at 100 %."""
        return float(os.environ.get("QT_SCALE_FACTOR", 1))

    def nothing_is_cut_when_scaled(self) -> None:
        """In a small window at 150 %: the map has its share, and no control of the dock is out of reach at the side."""
        from qtpy.QtWidgets import QAbstractButton, QComboBox, QLineEdit

        dock, window = self.person.dock, self.person.main
        assert window.devicePixelRatio() == self.scale() > 1, window.devicePixelRatio()
        for key in dock.sections:
            self.panel(key)
        self.person.rest(500)
        width = dock._scroll.viewport().width()
        for control in dock._scroll.findChildren((QAbstractButton, QComboBox, QLineEdit)):
            if control.isVisible():
                right = control.mapTo(dock._scroll.viewport(), control.rect().topRight()).x()
                assert right < width, f"{type(control).__name__} {control.toolTip()[:40]} ends at {right} of {width}"
        share = self.person.native.width() / window.width()
        assert share >= 0.5, f"the map has {share:.0%} of the width"
        self.shoot("scaled")


@contextmanager
def _edited_elsewhere(path: Path) -> Iterator[None]:
    """Another process edits a project; at the end it is killed."""
    pipe = subprocess.PIPE
    other = subprocess.Popen([sys.executable, "-c", _EDITS_IT, str(path)], stdin=pipe, stdout=pipe, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield
    finally:
        other.kill()
        other.communicate()


@contextmanager
def _shown_folders() -> Iterator[list[str]]:
    """What the computer's file browser would be asked to show; it is not started."""
    from qtpy.QtCore import QObject, QUrl, Slot
    from qtpy.QtGui import QDesktopServices

    shown: list[str] = []

    class Browser(QObject):
        @Slot(QUrl)
        def take(self, url: QUrl) -> None:
            shown.append(url.toLocalFile())

    browser = Browser()
    QDesktopServices.setUrlHandler("file", browser, "take")
    try:
        yield shown
    finally:
        QDesktopServices.unsetUrlHandler("file")
