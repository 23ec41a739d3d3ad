"""Limits of what a run calls: sizes, distances, widths and smallest probabilities; empty is no limit."""

from __future__ import annotations

from typing import Any

from magicgui import magicgui
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_hicstruct.plugin.controllers.keyboard.refused import set_refused
from napari_hicstruct.plugin.state.models.run_options import FIELDS, RunOptions, limits_form
from napari_hicstruct.plugin.widgets.boxes import hbox
from napari_hicstruct.plugin.widgets.style import form, wordy_button

_MIN_FIELD_PX = 30
"""Three fields of probabilities stand beside each other also in a narrow dock."""


class LimitsForm(QWidget):
    """The parameters of :func:`limits_form` as a form.

    Attributes
    ----------
    form : magicgui.widgets.FunctionGui
        Its widgets bear the names of :data:`FIELDS`.
    """

    def __init__(self, options: RunOptions) -> None:
        super().__init__()
        self._options = options
        how = {
            name: {"tooltip": f"{field.meaning} Write {field.form}; empty: no limit."} for name, field in FIELDS.items()
        }
        self.form: Any = magicgui(limits_form, call_button=False, **how)
        for name, field in FIELDS.items():
            edit = self.edit(name)
            edit.setPlaceholderText(f"e.g. {field.example}" if not field.task else field.title)
            edit.setAccessibleName(f"Smallest probability: {field.title}" if field.task else field.title)
            edit.setMinimumWidth(_MIN_FIELD_PX)
            edit.textChanged.connect(lambda text, name=name: options.limit(name, text))
        self.none = wordy_button("No limits", "Empty all fields.", options.clear)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            (field.title, self.edit(name)) for name, field in FIELDS.items() if not field.task
        ]
        self.setLayout(form([*rows, ("Probability ≥", self._probabilities()), ("", self.none)]))
        self.refresh()

    def _probabilities(self) -> QWidget:
        """Three equal fields in one row."""
        row = QWidget()
        line = hbox(on=row, spacing=4)
        for name, field in FIELDS.items():
            if field.task:
                line.addWidget(self.edit(name), 1)
        return row

    def edit(self, name: str) -> QLineEdit:
        """The field of one limit."""
        native: QLineEdit = self.form[name].native
        return native

    def refresh(self) -> None:
        """Show the limits as they are."""
        for name in FIELDS:
            edit, text = self.edit(name), self._options.texts.get(name, "")
            set_refused(edit, bool(self._options.problem(name)))
            if edit.text().strip() != text:
                with QSignalBlocker(edit):
                    edit.setText(text)
        self.none.setEnabled(bool(self._options.count()))

    def summary(self) -> str:
        """How many there are, in a word or two."""
        wrong, number = len(self._options.problems()), self._options.count()
        return f"{wrong} wrong" if wrong else f"{number} set" if number else "none"
