"""Export: which sets and statuses go into which files, and what was written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui import magicgui
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.plugin.panels.export.folder import ExportFolder
from napari_hicstruct.plugin.state.labels.export import (
    FORMATS,
    ExportState,
    Written,
    export_settings,
    records_to_export,
)
from napari_hicstruct.plugin.state.window import WindowState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon
from napari_hicstruct.plugin.widgets.file_dialogs import PROJECTS, save_file
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.soon import Soon
from napari_hicstruct.plugin.widgets.style import selectable, subdued, wordy_button
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

_FORMATS = {
    "bedpe": ("BEDPE", "loops.bedpe and stripes.bedpe, 0-based half-open"),
    "bed": ("BED", "tads.bed and boundaries.bed, 0-based half-open"),
    "stripenn": ("Stripenn", "stripes.tsv with Stripenn's twelve columns, 1-based closed"),
    "juicebox": ("Juicebox", "2D annotations for Juicebox, in colour"),
    "higlass": ("HiGlass", "BEDPE for HiGlass 2D domains"),
    "interact": ("UCSC", "interact: arcs of loops and stripes in the UCSC Genome Browser"),
    "gff3": ("GFF3", "one file for each kind, 1-based closed"),
    "parquet": ("Parquet", "all fields in one table"),
}
_STATUSES = {
    "accepted": ("accepted", "Write what was accepted, and what a person added"),
    "edited": ("edited", "Write what a person moved or resized"),
    "proposed": ("also what nobody judged", "Also write predictions and imports that nobody accepted or rejected yet"),
    "rejected": ("rejected", "Also write what was rejected"),
}
_ONCE = {
    "once": (
        "each place once",
        "Of what several sets call at one place (10 kb) one is written: the judged, else that of the newest set.\n"
        "What was rejected anywhere is not written as another set's proposed object.",
    )
}
_NOTHING = "Nothing was written."
_SETTING = "export_formats"
"""Formats of the last export, for the next window."""


class ExportPanel(QWidget):
    """Formats, sets and statuses to write, folder, *Save*; what it writes reads back the same.

    Attributes
    ----------
    form : magicgui.widgets.FunctionGui
        Its widgets bear the names of the parameters of :func:`export_settings`.
    """

    def __init__(self, session: WindowState) -> None:
        super().__init__()
        self._session, self._labels, self._review = session, session.labels, session.review
        texts = {**_FORMATS, **_STATUSES, **_ONCE}
        options: dict[str, Any] = {name: {"text": text, "tooltip": tip} for name, (text, tip) in texts.items()}
        self.form: Any = magicgui(export_settings, call_button=False, labels=False, **options)
        known = session.settings.get(_SETTING, [])
        for name in FORMATS if known else ():
            self.form[name].value = name in known
        self.export = ExportState(self._review)
        self._build()
        self._later = Soon(self, self._update_if_seen)
        self.form.changed.connect(self._chosen_anew)
        follow(self, self.export.ended, self._ended)
        follow(self, session.map_changed, self._forget_result)
        follow(self, session.project_changed, self._forget_result)
        follow(self, self._labels.changed, self._later)
        self._update()

    def _build(self) -> None:
        column = vbox(self._grid(_FORMATS, columns=3), on=self)
        self.sets = QListWidget()
        self.sets.setToolTip("Sets to write")
        self.sets.setMaximumHeight(84)
        self.sets.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.sets.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sets.itemChanged.connect(self._update_summary)
        column.addWidget(self.sets)
        column.addLayout(self._grid([*_STATUSES, *_ONCE], columns=2))
        self.folder = ExportFolder(self._session)
        self.save = QPushButton("Save")
        self.save.clicked.connect(self.write)
        self.save_project = wordy_button(
            "Save project as …",
            "Copy the whole project (labels, journal, models) to another file and go on there",
            self.save_project_as,
        )
        buttons = hbox(Wide(self.save), self.folder.open_button, self.save_project)
        self.summary = subdued(QLabel())
        self.result = QLabel()
        selectable(self.summary, self.result)
        self.result.hide()
        for widget in (self.folder, self.summary, self.result):
            column.addWidget(widget)
        column.addLayout(buttons)

    def _grid(self, names: Iterable[str], *, columns: int) -> QGridLayout:
        grid = QGridLayout()
        for place, name in enumerate(names):
            grid.addWidget(self.form[name].native, place // columns, place % columns)
        return grid

    def _set_ids(self) -> set[int]:
        return {self._item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.sets.count()) if self._on(i)}

    def chosen(self) -> list[Annotation]:
        """The records that *Save* would write."""
        return records_to_export(self._review, self.form(), self._set_ids())

    def write(self) -> list[Path]:
        """Write the chosen records, many of them beside the window; the line above the button says what was written.

        Before label files of another map or project are replaced, or such that nobody knows, the person is asked.

        Returns
        -------
        list of Path
            The files, if they are there already.
        """
        self._show_result("")
        self.export.start(self.form(), self._set_ids(), self.folder.path(), ask=self.folder.if_taken)
        return list(self.export.written.files) if self.export.written is not None else []

    def _ended(self, written: Written | None) -> None:
        self.folder.refresh()
        self._show_result(_NOTHING if written is None else str(written))
        if written is not None:
            self.folder.written(written.folder)
            self.result.setToolTip("\n".join(path.name for path in written.files))
            self._session.done.emit(str(written))

    def _show_result(self, text: str) -> None:
        self.result.setText(text)
        self.result.setVisible(bool(text))

    def _chosen_anew(self, *_: object) -> None:
        self._session.settings.set(_SETTING, list(self.form().formats))
        self._update_summary()

    def save_project_as(self) -> None:
        """Ask for a file, copy the project there and go on in the copy."""
        suggested = self._session.project_path
        if suggested is None:
            return
        name = suggested.name
        text = save_file(self, self._session, "project", "Save project as", name=name, filters=PROJECTS)
        if not text:
            return
        path = Path(text if text.endswith(".hicproj") else f"{text}.hicproj")
        try:
            self._session.save_project_as(path)
        except HicStructError as error:
            self._session.problem.emit(error)
        else:
            self._show_result(f"The project is now {readable(str(path))}.")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what happened while the section was folded."""
        super().showEvent(event)
        self._later()

    def _forget_result(self, *_: object) -> None:
        self._show_result("")

    def _update_if_seen(self) -> None:
        """Counting what would be written takes a while in large projects: not at every judgment while folded."""
        if self.isVisible():
            self._update()

    def _update(self) -> None:
        unchecked = {self._item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.sets.count()) if not self._on(i)}
        self.sets.blockSignals(True)
        self.sets.clear()
        for annotation_set in self._labels.sets():
            item = QListWidgetItem(colour_icon(annotation_set.colour), annotation_set.name)
            item.setToolTip(f"{annotation_set.name} · {self._labels.source_of(annotation_set.id)}")
            item.setData(Qt.ItemDataRole.UserRole, annotation_set.id)
            item.setCheckState(Qt.CheckState.Unchecked if annotation_set.id in unchecked else Qt.CheckState.Checked)
            self.sets.addItem(item)
        self.sets.blockSignals(False)
        self._update_summary()

    def _update_summary(self, *_: object) -> None:
        number = len(self.chosen())
        formats = bool(self.form().formats)
        self.save.setEnabled(number > 0 and formats)
        why = "Choose a format." if number else self._why_nothing()
        self.save.setToolTip(f"Write {how_many(number, 'object')}" if number and formats else why)
        self.summary.setText(how_many(number, "object") if number and formats else why)

    def _why_nothing(self) -> str:
        """What to tick, if that would help."""
        if self.form.proposed.value or not records_to_export(
            self._review, export_settings(proposed=True), self._set_ids()
        ):
            return "Nothing to write: no object has these sets and statuses."
        return "Nothing to write yet: nobody judged these objects. Judge some, or tick also what nobody judged."

    def _item(self, row: int) -> QListWidgetItem:
        item = self.sets.item(row)
        assert item is not None
        return item

    def _on(self, row: int) -> bool:
        return self._item(row).checkState() == Qt.CheckState.Checked
