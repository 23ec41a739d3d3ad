"""The folder to export to: beside the map until somebody names another, and the question before it is replaced."""

from __future__ import annotations

import os
from pathlib import Path

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QLineEdit, QMessageBox, QWidget

from napari_hicstruct.errors import readable
from napari_hicstruct.plugin.state.labels.export import AskIfTaken, IfTaken
from napari_hicstruct.plugin.state.window import WindowState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import compact_button, wordy_button
from napari_hicstruct.workflows.export import default_folder, free_folder

_TABLE = "export_folders"
"""Of the settings: the folder that a person chose, by the map's fingerprint."""


class ExportFolder(QWidget):
    """A line with the folder and *Browse*; follows map and project.  A folder that a person chose stays with its map.

    Attributes
    ----------
    if_taken : callable
        ``(what the folder holds)`` → what to do; asks in a box, tests put another in its place.
    open_button : QPushButton
        *Show in folder*; where it stands is the panel's business.
    """

    def __init__(self, session: WindowState) -> None:
        super().__init__()
        self._session = session
        self._written: Path | None = None
        self.if_taken: AskIfTaken = self._ask
        self.line = QLineEdit()
        self.line.textEdited.connect(self._typed)
        browse = compact_button("…", "Choose the folder", self._browse)
        self.open_button = wordy_button(
            "Show in folder", "Show the folder in the computer's file browser", self.open_folder
        )
        hbox(Wide(self.line), browse, on=self)
        follow(self, session.map_changed, self.follow)
        follow(self, session.project_changed, self.follow)
        self.follow()

    def text(self) -> str:
        """The folder as it stands in the line."""
        return self.line.text()

    def setText(self, text: str) -> None:
        """Choose a folder for this map."""
        self.line.setText(text)
        self._typed(text)

    def path(self) -> Path:
        """The folder in full."""
        return Path(os.path.abspath(os.path.expanduser(self.text().strip())))

    def follow(self, *_: object) -> None:
        """Name the folder that was chosen for the map that is open now, else its own."""
        self._written = None
        source, project = self._session.source, self._session.project_path
        if source is not None and project is not None:
            own = str(default_folder(project, source.name, source.uri))
            self.line.setText(self._session.settings.entry(_TABLE, source.fingerprint(), own))
        self._update()

    def open_folder(self) -> bool:
        """Show the folder that was written last, else the one in the line, in the file browser."""
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written or self.path())))

    def written(self, folder: Path) -> None:
        """An export went there."""
        self._written = folder
        self.refresh()

    def _typed(self, text: str) -> None:
        if self._session.source is not None:
            self._session.settings.set_entry(_TABLE, self._session.source.fingerprint(), text.strip() or None)
        self._update()

    def _update(self) -> None:
        self.line.setToolTip(f"Folder to write to; made if it is missing:\n{readable(self.text())}")
        self.refresh()

    def refresh(self) -> None:
        """The folder can be shown once it is there."""
        self.open_button.setEnabled(self._written is not None or (bool(self.text().strip()) and self.path().is_dir()))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Export to", self.text())
        if folder:
            self.setText(folder)

    def _ask(self, what: str) -> IfTaken:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Export")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{readable(self.text())} {what}")
        other = free_folder(self.path()).name
        box.setInformativeText(
            "Replace: what an earlier export left there goes, so that no files of two maps lie together.\n"
            f"Keep: all of it stays, and this export goes to {readable(other)} beside it."
        )
        replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
        beside = box.addButton(f"Keep, write to {readable(other)}", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        answers = {replace: IfTaken.REPLACE, beside: IfTaken.BESIDE}
        return answers.get(box.clickedButton(), IfTaken.LEAVE)
