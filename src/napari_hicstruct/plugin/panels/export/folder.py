"""The folder to export to: beside the project until somebody names another, and the question before it is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMessageBox, QPushButton, QWidget

from napari_hicstruct.errors import readable
from napari_hicstruct.plugin.state.project import ProjectState
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import compact_button
from napari_hicstruct.workflows.export import default_folder


class ExportFolder(QWidget):
    """A line with the folder, *Browse*, *Open*; follows map and project unless a person chose another.

    Attributes
    ----------
    may_replace : callable
        ``(what the folder holds)`` → whether that may be replaced; asks in a box, tests put another in its place.
    """

    def __init__(self, session: ProjectState) -> None:
        super().__init__()
        self._session = session
        self._is_chosen = False
        self.may_replace: Callable[[str], bool] = self._ask
        self.line = QLineEdit()
        self.line.textEdited.connect(self._typed)
        browse = compact_button("…", "Choose the folder")
        browse.clicked.connect(self._browse)
        self.open_button = QPushButton("Open")
        self.open_button.setToolTip("Show the folder in the computer's file browser")
        self.open_button.clicked.connect(self.open_folder)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(browse)
        row.addWidget(self.open_button)
        follow(self, session.map_changed, self.follow)
        follow(self, session.project_changed, self.follow)
        self.follow()

    def text(self) -> str:
        """The folder as it stands in the line."""
        return self.line.text()

    def setText(self, text: str) -> None:
        """Choose a folder; it stays when map or project change."""
        self.line.setText(text)
        self._typed(text)

    def path(self) -> Path:
        """The folder in full."""
        return Path(os.path.abspath(os.path.expanduser(self.text().strip())))

    def follow(self, *_: object) -> None:
        """Name the folder of the map and project that are open now, unless a person chose one."""
        source, project = self._session.source, self._session.project_path
        if not self._is_chosen and source is not None and project is not None:
            self.line.setText(str(default_folder(project, source.name)))
        self._update()

    def open_folder(self) -> bool:
        """Show the folder in the file browser."""
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path())))

    def _typed(self, text: str) -> None:
        self._is_chosen = bool(text.strip())
        self._update()

    def _update(self) -> None:
        self.line.setToolTip(f"Folder to write to; made if it is missing:\n{readable(self.text())}")
        self.refresh()

    def refresh(self) -> None:
        """The folder can be shown once it is there."""
        self.open_button.setEnabled(bool(self.text().strip()) and self.path().is_dir())

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Export to", self.text())
        if folder:
            self.setText(folder)

    def _ask(self, what: str) -> bool:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Export")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{readable(self.text())}\n{what}")
        box.setInformativeText("Replace them? Those of an earlier export that are not written anew are removed.")
        yes = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is yes
