"""Which column is the score?  Asked once for a label file that does not say it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QDialog, QDialogButtonBox, QLabel, QWidget

from napari_hicstruct.annotations.readers.scores import is_p_value
from napari_hicstruct.errors import Cancelled
from napari_hicstruct.plugin.state.labels.importing import ScoreChoice
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.inks import dress_once

if TYPE_CHECKING:
    from napari_hicstruct.annotations import LabelFile
    from napari_hicstruct.annotations.readers import OpenColumn


class ScoreDialog(QDialog):
    """One question: the column that ranks the records, and whether lower is better.

    Attributes
    ----------
    columns : QComboBox
        *No score* first, then every column with its first values.
    lower : QCheckBox
    """

    def __init__(self, path: Path, columns: tuple[OpenColumn, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open = columns
        self.setWindowTitle("Which column is the score?")
        self.columns = QComboBox()
        self.columns.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.columns.addItem("no score, keep the columns")
        for column in columns:
            self.columns.addItem(f"{column}: {', '.join(column.examples)} …")
        self.lower = QCheckBox("lower is better (p-value, FDR)")
        self.lower.setEnabled(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        for which, text in (("Ok", "Import"), ("Cancel", "Do not import")):
            button = buttons.button(QDialogButtonBox.StandardButton[which])
            assert button is not None
            button.setText(text)
        vbox(
            QLabel(f"{path.name} does not say which of its columns ranks its lines."),
            self.columns,
            self.lower,
            buttons,
            on=self,
            margins=None,
        )
        self.columns.currentIndexChanged.connect(self._chosen)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        dress_once(self)

    def choice(self) -> ScoreChoice | None:
        """What stands in the fields; None for no score."""
        index = self.columns.currentIndex() - 1
        return None if index < 0 else ScoreChoice(self._open[index].number, self.lower.isChecked())

    def _chosen(self, index: int) -> None:
        self.lower.setEnabled(index > 0)
        self.lower.setChecked(index > 0 and is_p_value(self._open[index - 1].name))


def ask_score(path: Path, label_file: LabelFile, parent: QWidget | None = None) -> ScoreChoice | None:
    """Show :class:`ScoreDialog` until it is answered; None if there is no score.

    Raises
    ------
    Cancelled
        If the person does not want the file after all.
    """
    dialog = ScoreDialog(path, label_file.undecided, parent or QApplication.activeWindow())
    try:
        if dialog.exec() != QDialog.DialogCode.Accepted:
            raise Cancelled(f"{path.name} was not imported.")
        return dialog.choice()
    finally:
        dialog.deleteLater()
