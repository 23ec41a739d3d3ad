"""Export: which sets and statuses go into which files, and what was written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_hicstruct.annotations.records import Annotation, Status
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.plugin.controllers.editing import attach
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.plugin.panels.export.folder import ExportFolder
from napari_hicstruct.plugin.widgets.later import Later
from napari_hicstruct.plugin.widgets.style import subdued

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_hicstruct.annotations import Project
    from napari_hicstruct.plugin.controllers.session import Session
    from napari_hicstruct.workflows.export import ExportRequest, ExportResult

_FORMATS = {
    "bedpe": ("BEDPE", "loops.bedpe and stripes.bedpe, 0-based half-open"),
    "bed": ("BED", "tads.bed and boundaries.bed, 0-based half-open"),
    "stripenn": ("Stripenn", "stripes.tsv with Stripenn's twelve columns, 1-based closed"),
    "juicebox": ("Juicebox", "2D annotations for Juicebox, in colour"),
    "higlass": ("HiGlass", "BEDPE for HiGlass 2D domains"),
    "parquet": ("Parquet", "all fields in one table"),
}
_DEFAULT_STATUSES = (Status.ACCEPTED, Status.EDITED, Status.PROPOSED)


class ExportPanel(QWidget):
    """Formats, sets and statuses to write, folder, *Save*; what it writes reads back the same."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        attached = attach(session)
        self._editor, self._queue = attached.editor, attached.review.queue
        self.formats: dict[str, QCheckBox] = {}
        self.statuses: dict[Status, QCheckBox] = {}
        self._build()
        self._later = Later(self, self._update_if_seen)
        self._editor.changed.connect(self._later)
        self._update()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        grid = QGridLayout()
        for place, (name, (text, tooltip)) in enumerate(_FORMATS.items()):
            box = QCheckBox(text)
            box.setToolTip(tooltip)
            box.setChecked(name in ("bedpe", "bed"))
            box.toggled.connect(self._update)
            self.formats[name] = box
            grid.addWidget(box, place // 3, place % 3)
        column.addLayout(grid)
        self.sets = QListWidget()
        self.sets.setToolTip("Sets to write")
        self.sets.setMaximumHeight(84)
        self.sets.itemChanged.connect(self._update_summary)
        column.addWidget(self.sets)
        row = QGridLayout()
        for place, status in enumerate(Status):
            box = QCheckBox(status.value)
            box.setToolTip(f"Write {status.value} objects")
            box.setChecked(status in _DEFAULT_STATUSES)
            box.toggled.connect(self._update_summary)
            self.statuses[status] = box
            row.addWidget(box, place // 2, place % 2)
        self.once = QCheckBox("each place once")
        self.once.setToolTip(
            "Of what several sets call at one place (10 kb) one is written: the judged, else that of the newest set.\n"
            "What was rejected anywhere is not written as another set's open call."
        )
        self.once.setChecked(True)
        self.once.toggled.connect(self._update_summary)
        row.addWidget(self.once, 2, 0)
        column.addLayout(row)
        self.folder = ExportFolder(self._session)
        self.save = QPushButton("Save")
        self.save.clicked.connect(self.write)
        self.save_project = QPushButton("Save project as …")
        self.save_project.setToolTip("Copy the whole project (labels, journal, models) to another file and go on there")
        self.save_project.clicked.connect(self.save_project_as)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save, 1)
        buttons.addWidget(self.save_project)
        column.addWidget(self.folder)
        column.addLayout(buttons)
        self.summary = subdued(QLabel())
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.summary)

    def chosen(self) -> list[Annotation]:
        """The records that *Save* would write."""
        catalogue = self._editor.catalogue
        if catalogue is None:
            return []
        set_ids = set(self._set_ids())
        statuses = {status for status, box in self.statuses.items() if box.isChecked()}
        found = [
            record
            for uid, record in catalogue.records.items()
            if catalogue.set_ids[uid] in set_ids and record.status in statuses
        ]
        if self.once.isChecked():
            pool = self._queue.pool
            mine = np.zeros(len(pool), bool)
            mine[[pool.row(record.uid) for record in found]] = True
            found = [catalogue.records[uid] for uid in pool.uids(pool.deduplicated(mine))]
        return sorted(found, key=lambda record: catalogue.arrival(record.uid))

    def write(self) -> list[Path]:
        """Write the chosen records; the line below the button says what was written.

        Before label files of another map or project are replaced, or such that nobody knows, the person is asked.
        """
        written = None
        if self.chosen():
            written = self._editor.attempt(self._write, keeps=False)
            self.folder.refresh()
        if not written:
            self.summary.setText("Nothing was written.")
            return []
        folder, number = readable(str(self.folder.path())), sum(written.counts.values())
        self.summary.setText(f"Wrote {number:,} objects to {folder}:\n{_names(written.files)}")
        return list(written.files)

    def request(self) -> ExportRequest:
        """What is checked."""
        from napari_hicstruct.workflows.export import ExportRequest

        chosen = self._set_ids()
        return ExportRequest(
            formats=tuple(name for name, box in self.formats.items() if box.isChecked()),
            set_ids=tuple(chosen) if len(chosen) < self.sets.count() else None,
            statuses=tuple(status for status, box in self.statuses.items() if box.isChecked()),
            deduplicate=self.once.isChecked(),
        )

    def _write(self, project: Project) -> ExportResult | None:
        from napari_hicstruct.annotations.writers.folder import FolderTaken
        from napari_hicstruct.workflows.export import export_project

        folder, request = self.folder.path(), self.request()
        where = getattr(self._session.source, "uri", "")
        try:
            return export_project(project, folder, request, map_uri=where)
        except FolderTaken as taken:
            if not self.folder.may_replace(taken.message):
                return None
        return export_project(project, folder, request, map_uri=where, overwrite=True)

    def save_project_as(self) -> None:
        """Ask for a file, copy the project there and go on in the copy."""
        suggested = self._session.project_path
        if suggested is None:
            return
        text, _ = QFileDialog.getSaveFileName(self, "Save project as", str(suggested), "Projects (*.hicproj)")
        if not text:
            return
        path = Path(text if text.endswith(".hicproj") else f"{text}.hicproj")
        try:
            self._session.save_project_as(path)
        except HicStructError as error:
            show_problem(error)
        else:
            self.summary.setText(f"The project is now {readable(str(path))}.")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what happened while the section was folded."""
        super().showEvent(event)
        self._later()

    def _update_if_seen(self) -> None:
        """Counting what would be written takes a while in large projects: not at every judgement while folded."""
        if self.isVisible():
            self._update()

    def _update(self) -> None:
        unchecked = {self._item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.sets.count()) if not self._on(i)}
        self.sets.blockSignals(True)
        self.sets.clear()
        for annotation_set in self._editor.sets():
            item = QListWidgetItem(annotation_set.name)
            item.setData(Qt.ItemDataRole.UserRole, annotation_set.id)
            item.setCheckState(Qt.CheckState.Unchecked if annotation_set.id in unchecked else Qt.CheckState.Checked)
            self.sets.addItem(item)
        self.sets.blockSignals(False)
        self._update_summary()

    def _update_summary(self) -> None:
        number = len(self.chosen())
        formats = any(box.isChecked() for box in self.formats.values())
        self.save.setEnabled(number > 0 and formats)
        why = "Nothing to write: no object has these sets and statuses." if not number else "Choose a format."
        self.save.setToolTip(f"Write {number:,} objects" if number and formats else why)
        self.summary.setText(f"{number:,} objects" if number and formats else why)

    def _set_ids(self) -> list[int]:
        return [self._item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.sets.count()) if self._on(i)]

    def _item(self, row: int) -> QListWidgetItem:
        item = self.sets.item(row)
        assert item is not None
        return item

    def _on(self, row: int) -> bool:
        return self._item(row).checkState() == Qt.CheckState.Checked


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)
