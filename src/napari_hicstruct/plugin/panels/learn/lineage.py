"""The models of a project as a tree: which came from which, which is in use, how good each is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget
from superqt.utils import ensure_main_thread, qthrottled

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.inks import inks_of
from napari_hicstruct.plugin.widgets.lifetime import Connection, follow
from napari_hicstruct.plugin.widgets.model_card import ModelCard
from napari_hicstruct.plugin.widgets.style import allow
from napari_hicstruct.wording import how_many

_SHA = Qt.ItemDataRole.UserRole
_MEASURES = ("ranking", "average precision", "log loss")
_ROWS = 6


def main_figure(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``ranking 0.81 → 0.88``: of all tasks, on people's corrections; on replay only where there is nothing else."""
    for part in sorted(after, key=lambda name: name == "replay"):
        old, new = before.get(part, {}), after[part]
        for measure in _MEASURES:
            shared = [task for task in new if measure in new[task] and measure in old.get(task, {})]
            chosen = ["all"] if "all" in shared else shared
            if chosen:
                means = [sum(side[task][measure] for task in chosen) / len(chosen) for side in (old, new)]
                return f"{measure} {means[0]:.2f} → {means[1]:.2f}"
    return ""


def states(models: Sequence[Any], current: str, used: Collection[str]) -> dict[str, str]:
    """State of each model by sha256: what it is or was used for."""
    parents = {entry.sha256: entry.parent or "" for entry in models}
    way, at = set(), current
    while at in parents and at not in way:
        way.add(at)
        at = parents[at]
    found = {}
    for entry in models:
        if entry.sha256 == current:
            found[entry.sha256] = "in use"
        elif entry.sha256 in way or not entry.parent:
            found[entry.sha256] = "used before" if entry.parent else "first model"
        else:
            found[entry.sha256] = "rolled back" if entry.sha256 in used else "not used"
    return found


class LineageView(QWidget):
    """Tree, and what can be done with the chosen model.

    Parameters
    ----------
    find : callable
        ``(sha256)`` → the model as it can be run, or None where its folder is gone.
    """

    use_model = Signal(object)
    compare_model = Signal(object)
    """Both carry the model's entry."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        super().__init__()
        self._find = find
        self._lineage: Any = None
        self._following: Connection | None = None
        self._models: dict[str, Any] = {}
        self._current = ""
        self._why_not = ""
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setColumnCount(2)
        self.tree.setAccessibleName("Models of this project")
        self.tree.setToolTip("Models of this project; a model stands below the one that it was made from.")
        self.tree.setIndentation(12)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemSelectionChanged.connect(self._update_buttons)
        self.use_button, self.card_button = QPushButton("Use this model"), QPushButton("Show card")
        self.changed_button = QPushButton("What changed")
        self.card_button.setCheckable(True)
        self.card_button.setToolTip("What the chosen model learnt from, how good it is, and which models it came from.")
        self.card_button.toggled.connect(lambda _: self._update_card())
        self.use_button.clicked.connect(lambda: self._emit(self.use_model))
        self.changed_button.clicked.connect(lambda: self._emit(self.compare_model))
        self.card = ModelCard()
        buttons = hbox(spacing=4)
        for button in (self.use_button, self.card_button, self.changed_button):
            buttons.addWidget(button, 1)
        vbox(self.tree, buttons, self.card, on=self, spacing=4)
        self._later = qthrottled(self.refresh, timeout=30, leading=False, parent=self)

    def set_lineage(self, lineage: Any, why_not: str = "") -> None:
        """Show the lineage of another project, or none; ``why_not``: why models cannot be changed there."""
        if self._following is not None:
            self._following.end()
        self._lineage, self._why_not = lineage, why_not
        self._following = None if lineage is None else follow(self, lineage.changed, self._on_lineage)
        self.refresh()

    @ensure_main_thread
    def _on_lineage(self) -> None:
        self._later()

    @property
    def chosen(self) -> Any:
        """Entry of the chosen model, or None."""
        items = self.tree.selectedItems()
        return self._models.get(items[0].data(0, _SHA)) if items else None

    def choose(self, sha256: str) -> None:
        """Select a model."""
        for item in self._items():
            if item.data(0, _SHA) == sha256:
                self.tree.setCurrentItem(item)

    def refresh(self) -> None:
        """Draw the tree from the project again."""
        kept = self.chosen.sha256 if self.chosen is not None else ""
        self.tree.clear()
        self._models, self._current = {}, ""
        try:
            if self._lineage is not None:
                self._fill(self._lineage)
        except HicStructError as error:
            self.tree.addTopLevelItem(QTreeWidgetItem([str(error)]))
        rows = min(_ROWS, max(1, len(self._items())))
        self.tree.setFixedHeight(rows * max(self.tree.sizeHintForRow(0), 16) + 6)
        self.choose(kept)
        self._update_buttons()

    def _fill(self, lineage: Any) -> None:
        models, current = lineage.models(), lineage.current()
        runs = {run.child: run for run in lineage.runs()}
        self._models = {entry.sha256: entry for entry in models}
        self._current = current.sha256 if current is not None else ""
        known = states(models, self._current, {use.sha256 for use in lineage.uses()})
        items: dict[str, QTreeWidgetItem] = {}
        for entry in models:
            run, state = runs.get(entry.sha256), known[entry.sha256]
            figure = main_figure(run.before, run.after or {}) if run is not None else ""
            shown = f"{state}, {verdict}" if state == "not used" and (verdict := _verdict(entry)) else state
            item = QTreeWidgetItem([f"{entry.label} · {shown}", figure])
            item.setData(0, _SHA, entry.sha256)
            for column in (0, 1):
                item.setToolTip(column, _about(entry, run, state))
            if state == "in use":
                font = item.font(0)
                font.setBold(True)
                item.setFont(0, font)
                item.setForeground(0, QBrush(QColor(inks_of(self).better)))
            above = items.get(entry.parent or "")
            if above is None:
                self.tree.addTopLevelItem(item)
            else:
                above.addChild(item)
            items[entry.sha256] = item
        self.tree.expandAll()

    def _items(self) -> list[QTreeWidgetItem]:
        return self.tree.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive, 0)

    def _emit(self, signal: Any) -> None:
        if self.chosen is not None:
            signal.emit(self.chosen)

    def _update_buttons(self) -> None:
        entry = self.chosen
        nothing = "" if entry is not None else "Choose a model above."
        in_use = entry is not None and entry.sha256 == self._current
        for button, reason, tooltip in (
            (self.use_button, nothing or self._why_not or ("It is in use." if in_use else ""), "Predict and go on"),
            (
                self.changed_button,
                nothing or _no_parent(entry),
                "Predict the view with this model and with the one that it was made from",
            ),
        ):
            allow(button, tooltip if entry is None else f"{tooltip}: {entry.label}.", reason)
        self.card_button.setEnabled(entry is not None)
        self._update_card()

    def _update_card(self) -> None:
        entry = self.chosen if self.card_button.isChecked() else None
        self.card.show_model(None if entry is None else self._find(entry.sha256) or _Shown(entry))


class _Shown:
    """A model whose folder is gone, as the card wants it."""

    def __init__(self, entry: Any) -> None:
        self.label, self.card = entry.label, entry.card
        self.tasks = tuple(str(task) for task in entry.card.get("tasks") or ())


def _verdict(entry: Any) -> str:
    """In one of four words; empty for models that were made before these, or elsewhere."""
    return str((entry.card.get("finetuned") or {}).get("verdict", ""))


def _no_parent(entry: Any) -> str:
    return (
        ""
        if entry is not None and entry.parent
        else "The model that it was made from is not in this project: there is nothing to compare it with."
    )


def _about(entry: Any, run: Any, state: str) -> str:
    """Tooltip of a model: date, corrections, recipe, numbers and the reason."""
    verdict = _verdict(entry)
    lines = [
        f"{entry.label} · {state}",
        f"Verdict: {verdict}" if verdict else "",
        f"Added {str(entry.added)[:16].replace('T', ' ')}",
    ]
    if run is not None:
        config = run.config
        recipe = [f"started from the {config.get('start')} model", f"trained: {config.get('trainable')}"]
        finetuned = entry.card.get("finetuned") or {}
        if finetuned.get("corrections"):
            lines.append(how_many(finetuned["corrections"], "correction"))
        lines += ["; ".join(recipe).capitalize(), main_figure(run.before, run.after or {}), str(run.reason)]
    return "\n".join(line for line in lines if line)
