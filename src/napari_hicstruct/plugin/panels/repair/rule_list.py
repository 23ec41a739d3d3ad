"""The rules of stage 2: what is known of the classes' neighbourhoods, one a line, and a line that adds another."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction, QActionGroup
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from napari_hicstruct.config.repair import EVERY, FillHoles, KeepLargest, Near, Rule, Touches
from napari_hicstruct.plugin.state.images.repair import RepairState
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.style import compact_button, subdued

TOUCHES, NEAR, HOLES, LARGEST = "touches", "lies near", "holes filled", "largest kept"
_TIPS = {
    TOUCHES: "Parts of the class that touch no voxel of the other are removed.",
    NEAR: "Parts of the class farther than a distance from all the others are removed.",
    HOLES: "Holes of the class up to a size become the class.",
    LARGEST: "All but the largest parts of the class are removed.",
}
_EVERY_CLASS = "every class"
_NUMBERS = {NEAR: (" units", 5.0, 2), HOLES: (" voxels", 100, 0), LARGEST: (" parts", 1, 0)}
"""Suffix, first value and decimals of a rule's number."""


class RuleList(QWidget):
    """The rules of :class:`~napari_hicstruct.plugin.state.images.repair_settings.RepairSettings`."""

    def __init__(self, state: RepairState) -> None:
        super().__init__()
        self._state = state
        self._shown: list[Any] | None = None
        self.none = subdued(QLabel("No rules: shapes are laid over each other by priority alone."))
        self.none.setWordWrap(True)
        self._rows = vbox(spacing=1)
        self.adder = RuleAdder()
        self.adder.added.connect(lambda rule: state.add_rule(rule))
        vbox(self.none, self._rows, self.adder, on=self, spacing=4)

    def show_rules(self) -> None:
        """Show the rules as they are; those that name a class that is not there are grey and say so."""
        settings = self._state.settings
        self.adder.show_names(settings.names)
        shown = [(rule, rule.text in settings.dropped) for rule in settings.rules]
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for rule, is_dropped in shown:
            self._rows.addWidget(self._row(rule, is_dropped))
        self.none.setVisible(not shown)

    def _row(self, rule: Rule, is_dropped: bool) -> QWidget:
        box = QWidget()
        line = hbox(on=box)
        text = QLabel(rule.text)
        if is_dropped:
            subdued(text).setToolTip("Not applied: it names a class that is not there.")
            text.setText(f"{rule.text} (not there)")
        remove = compact_button("✕", "Remove this rule.", partial(self._remove, rule))
        line.addWidget(text, 1)
        line.addWidget(remove)
        return box

    def _remove(self, rule: Rule, _checked: bool = False) -> None:
        self._state.edit(lambda settings: settings.remove_rule(rule))


class RuleAdder(QWidget):
    """A class, what shall hold of it, other classes or a number, and *Add*.

    Attributes
    ----------
    added : Signal(Rule)
    """

    added = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.of, self.kind = QComboBox(), QComboBox()
        self.of.setAccessibleName("Class of the rule")
        self.kind.setAccessibleName("What shall hold")
        for place, (text, tip) in enumerate(_TIPS.items()):
            self.kind.addItem(text)
            self.kind.setItemData(place, tip, 3)  # ToolTipRole
        self.others = QToolButton()
        self.others.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.others.setAccessibleName("Other classes of the rule")
        self._menu = QMenu(self.others)
        self.others.setMenu(self._menu)
        self.number = QDoubleSpinBox()
        self.number.setAccessibleName("Number of the rule")
        self.number.setRange(0, 1e9)
        self.add = QPushButton("Add")
        self._names: list[str] = []
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
        first.addWidget(self.of, 1)
        first.addWidget(self.kind, 1)
        second.addWidget(self.others, 1)
        second.addWidget(self.number)
        second.addWidget(self.add)
        vbox(first, second, on=self, spacing=4, margins=(0, 4, 0, 0))
        self.kind.currentTextChanged.connect(self._kind_changed)
        self.of.currentTextChanged.connect(lambda _: self._list_others())
        self.add.clicked.connect(lambda: self._add())
        self._kind_changed(self.kind.currentText())

    def show_names(self, names: list[str]) -> None:
        """Offer these classes."""
        if names == self._names:
            return
        self._names, chosen = list(names), self.of.currentText()
        self._list_classes(chosen)

    def _list_classes(self, chosen: str) -> None:
        one_class_only = self.kind.currentText() in (TOUCHES, NEAR)
        offered = self._names if one_class_only else [_EVERY_CLASS, *self._names]
        self.of.blockSignals(True)
        self.of.clear()
        self.of.addItems(offered)
        if chosen in offered:
            self.of.setCurrentText(chosen)
        self.of.blockSignals(False)
        self._list_others()

    def _list_others(self) -> None:
        """The other classes; of *touches* one alone is chosen."""
        before = self.chosen()
        self._menu.clear()
        group = QActionGroup(self._menu)
        group.setExclusive(self.kind.currentText() == TOUCHES)
        for name in self._names:
            if name != self.of.currentText():
                action = QAction(name, self._menu)
                action.setCheckable(True)
                group.addAction(action)
                self._menu.addAction(action)
                action.setChecked(name in before)
                action.toggled.connect(lambda _: self._show_chosen())
        self._show_chosen()

    def choose(self, *names: str) -> None:
        """Tick these other classes."""
        for action in self._menu.actions():
            action.setChecked(action.text() in names)

    def chosen(self) -> list[str]:
        """The other classes that are ticked."""
        return [action.text() for action in self._menu.actions() if action.isChecked()]

    def _show_chosen(self) -> None:
        chosen, kind = self.chosen(), self.kind.currentText()
        self.others.setText(" or ".join(chosen) if chosen else "which class?" if kind == TOUCHES else "which classes?")
        self.add.setEnabled(bool(self.of.currentText()) and (kind in (HOLES, LARGEST) or bool(chosen)))
        self.add.setToolTip("Apply this rule after the others." if self.add.isEnabled() else "Choose the other class.")

    def _kind_changed(self, kind: str) -> None:
        self.kind.setToolTip(_TIPS[kind])
        self.others.setVisible(kind in (TOUCHES, NEAR))
        self.number.setVisible(kind in _NUMBERS)
        if kind in _NUMBERS:
            suffix, value, decimals = _NUMBERS[kind]
            self.number.setDecimals(decimals)
            self.number.setMinimum(0.01 if decimals else 1)
            self.number.setSuffix(suffix)
            self.number.setValue(value)
        self._list_classes(self.of.currentText())

    def _add(self) -> None:
        kind, number = self.kind.currentText(), self.number.value()
        of = EVERY if self.of.currentText() == _EVERY_CLASS else self.of.currentText()
        rule: Rule
        if kind == TOUCHES:
            rule = Touches(of=of, other=self.chosen()[0])
        elif kind == NEAR:
            rule = Near(of=of, others=tuple(self.chosen()), distance=number)
        elif kind == HOLES:
            rule = FillHoles(of=of, size=int(number))
        else:
            rule = KeepLargest(of=of, n=int(number))
        self.added.emit(rule)
