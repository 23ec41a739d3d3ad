"""Where an imported list names all there is: a submenu of *Import as ▾*."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction, QActionGroup
from qtpy.QtWidgets import QInputDialog, QMenu, QWidget

from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.genome import Interval, display_name, format_span
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.widgets.file_dialogs import REGIONS, open_file
from napari_hicstruct.plugin.widgets.lifetime import follow

_MEANING = (
    "Inside, the files name all there is of their kinds: what is not named there is learnt as absent.\n"
    "The region becomes a reviewed one, as M marks it; one undo takes it back with the import."
)


class CompleteMenu(QMenu):
    """Nowhere, the region in view, the chromosome, a region that is typed, or those of a BED file.

    Attributes
    ----------
    chosen : Signal
        Something was chosen; the menu is closed by then.
    """

    chosen = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.setToolTipsVisible(True)
        self._group = QActionGroup(self)
        self.nowhere = self._add("Nowhere said", lambda: self._take((), "—", self.nowhere))
        self.view = self._add("Region in view", self._choose_view)
        self.chromosome = self._add("Chromosome", self._choose_chromosome)
        self.region = self._add("A region …", self._ask_region)
        self.bed = self._add("Regions of a BED file …", self._ask_bed)
        self.aboutToShow.connect(self._name_places)
        follow(self, session.importing.ticked_changed, self._show_ticked)
        self._checked, self._title = self.nowhere, "—"
        self._show_ticked()

    def _show_ticked(self) -> None:
        """What was chosen has been used, or is of the map before: nowhere again."""
        if not self._session.importing.ticked.complete_in:
            self._checked, self._title = self.nowhere, "—"
        self._checked.setChecked(True)
        self.setTitle(f"Complete in: {self._title}")

    def _add(self, text: str, choose: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setCheckable(True)
        action.setToolTip(_MEANING)
        action.triggered.connect(partial(self._choose, choose))
        self._group.addAction(action)
        self.addAction(action)
        return action

    def _choose(self, choose: Callable[[], None], _checked: bool = False) -> None:
        self._checked.setChecked(True)  # until it is answered
        try:
            choose()
        except HicStructError as error:
            self._session.problem.emit(error)
        else:
            self.chosen.emit()

    def _take(self, texts: tuple[str, ...], name: str, action: QAction) -> None:
        self._checked, self._title = action, name
        self._session.importing.tick(complete_in=texts)

    def _name_places(self) -> None:
        """Say which regions they are now."""
        seen = self._session.importing.region_in_view()
        self.view.setText("Region in view" if seen is None else f"Region in view: {_name(seen)}")
        self.view.setEnabled(seen is not None)
        self.view.setToolTip("The diagonal is not in view." if seen is None else _MEANING)
        self.chromosome.setText(f"Chromosome: {display_name(self._session.chrom)}")

    def _choose_view(self) -> None:
        seen = self._session.importing.region_in_view()
        assert seen is not None  # else it is grey
        self._take((str(seen),), _name(seen), self.view)

    def _choose_chromosome(self) -> None:
        self._take((self._session.chrom,), display_name(self._session.chrom), self.chromosome)

    def _ask_region(self) -> None:
        seen = self._session.importing.region_in_view()
        known = "" if seen is None else str(seen)
        text, ok = QInputDialog.getText(
            self.parentWidget(), "Complete in", "Region or chromosome in which the files name all there is:", text=known
        )
        if ok:
            self._take_text(text, self.region)

    def _ask_bed(self) -> None:
        path = open_file(
            self.parentWidget(), self._session, "labels", "Regions in which the files name all there is", REGIONS
        )
        if path:
            self._take_text(path, self.bed)

    def _take_text(self, text: str, action: QAction) -> None:
        """What a person wrote or picked; HicStructError if it names no region of the map."""
        notes: list[str] = []
        found = self._session.importing.complete_regions((text,), notes)
        name = _name(found[0]) if len(found) == 1 else f"{len(found):,} regions of {readable(Path(text).name)}"
        self._take((text,), name, action)
        if notes:
            self._session.labels.hint("\n".join(notes))


def _name(region: Interval) -> str:
    return f"{display_name(region.chrom)}:{format_span(region)}"
