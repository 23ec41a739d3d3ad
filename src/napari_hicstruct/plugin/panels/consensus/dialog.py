"""*Consensus of callers*: who votes and how, who agrees with whom, and where the soft labels go."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut, QShowEvent
from qtpy.QtWidgets import QLabel, QPushButton, QSplitter, QWidget
from superqt.utils import qthrottled

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.genome import format_bin_size, format_bp
from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.consensus.members import MembersRow
from napari_hicstruct.plugin.panels.consensus.rows import CallerTable
from napari_hicstruct.plugin.panels.consensus.settings import SettingsForm
from napari_hicstruct.plugin.panels.consensus.upset import UpSetPlot
from napari_hicstruct.plugin.state.consensus.consensus import MIN_CALLERS
from napari_hicstruct.plugin.state.consensus.upset import upset_of
from napari_hicstruct.plugin.widgets.boxes import GAP, Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.file_dialogs import LABELS, open_files, save_file
from napari_hicstruct.plugin.widgets.inks import PROBLEM, SECONDARY, inked
from napari_hicstruct.plugin.widgets.lifetime import follow, let_go
from napari_hicstruct.plugin.widgets.map_dialog import MapDialog
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import allow, selectable, show_text, subdued, wordy_button

_SOFT = "Soft labels (*.bedpe *.bed);;All files (*)"
_COUNTED = (
    "The plot counts structures, listed (bright) or not (pale); calls of one place are one structure.\n"
    "The table counts calls that vote, and structures of the list."
)
_INVITATION = (
    "Tick the programs whose calls shall vote: sets of the project, and files (“Add files …”, or drop them here). "
    "What they agree on becomes one list with soft scores."
)


class ConsensusDialog(MapDialog):
    """A panel of :class:`~napari_hicstruct.plugin.state.consensus.consensus.ConsensusState`; the map stays in use.

    Parameters
    ----------
    session : Session
    parent : QWidget
        The main window.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(session, parent, title="Consensus of callers", size=(820, 700))
        self._was_shown = False
        self.setAcceptDrops(True)
        QShortcut(QKeySequence.StandardKey.Undo, self, session.review.undo)  # the window's keys are not for its dialogs
        self._take_theme()
        self._later = qthrottled(self._update, timeout=30, leading=False, parent=self)
        self._step = qthrottled(self._show_step, timeout=100, leading=False, parent=self)
        follow(self, self.state.changed, self._later)
        follow(self, session.labels.busy.changed, self._later)
        follow(self, session.labels.busy.step, self._step)
        follow(self, session.viewer.events.theme, self._take_theme)
        self._update()

    def _build(self) -> None:
        self.state = self._session.consensus
        self.table, self.settings, self.plot = CallerTable(self.state), SettingsForm(self.state), UpSetPlot()
        self.members = MembersRow(self._session)
        self.plot.clicked.connect(self.state.choose_members)
        self.running = RunningRow(self.state, cancel="Cancel. What is not finished is as if it had never begun.")
        self.add_button = _button(
            "Add files …", "Lists of loops, stripes, TADs or boundaries, several at once", self._add
        )
        self.run_button = _button("Find consensus", "", self.state.run)
        self.run_button.setDefault(True)
        self.load_button = _button("Load as a set", "", lambda: self._try(self.state.load))
        self.save_button = _button("Save as …", "", lambda: self._try(self._save))
        self.worth, self.summary, self.notes = QLabel(), QLabel(), QLabel()
        self.summary.setToolTip(_COUNTED)
        selectable(self.worth, self.summary, self.notes)
        invitation = subdued(QLabel(_INVITATION))
        invitation.setWordWrap(True)
        top, below = QWidget(), QWidget()
        add, run = hbox(self.add_button, GAP), hbox(self.run_button, Wide(self.running), spacing=8)
        vbox(invitation, Wide(self.table), add, self.settings, self.worth, run, on=top, spacing=8)
        use = hbox(self.load_button, self.save_button, GAP, spacing=8)
        vbox(self.summary, Wide(self.plot), self.members, self.notes, use, on=below, spacing=8)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(top)
        split.addWidget(below)
        split.setStretchFactor(1, 1)
        vbox(split, on=self, margins=(12, 10, 12, 10))

    # ------------------------------------------------------------------ files
    def _add(self) -> None:
        paths = open_files(self, self._session, "labels", "Calls of several programs", LABELS)
        if paths:
            self._try(lambda: self.state.add_files(paths))

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files may be dropped."""
        mime = None if event is None else event.mimeData()
        if event is not None and mime is not None and mime.hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Add what was dropped."""
        mime = None if event is None else event.mimeData()
        if event is None or mime is None:
            return
        event.acceptProposedAction()
        paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        self._try(lambda: self.state.add_files(paths))

    def _save(self) -> None:
        name = self.state.file_name()
        text = save_file(self, self._session, "labels", "Save soft labels", name=name, filters=_SOFT)
        if text:
            path = self.state.save(text)
            self._session.done.emit(f"Wrote {readable(str(path))}")

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except HicStructError as error:
            self._session.problem.emit(error)

    # ------------------------------------------------------------------ showing the state
    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what happened while it was closed; at first, stand beside the middle of the map."""
        super().showEvent(event)
        parent = self.parentWidget()
        if not self._was_shown and parent is not None:
            main = parent.window().geometry()
            self.move(max(main.left(), main.right() - self.width()), self.y())
        self._was_shown = True
        self.state.follow_sets()

    def end(self) -> None:
        """The dock that opened it goes."""
        let_go(self)
        self.close()
        self.deleteLater()

    def _take_theme(self, _event: object = None) -> None:
        for part in (self.plot, self.table):
            part.set_theme(str(self._session.viewer.theme))

    def _show_step(self, progress: Progress) -> None:
        if self.state.running:
            self.running.follow(progress)

    def _update(self) -> None:
        state = self.state
        self.table.show_rows()
        self.settings.show_state()
        self.running.set_running(state.running)
        show_text(self.worth, state.worth() if state.is_stale else "")  # a result has it among its notes
        why_not = state.why_not_run()
        allow(self.run_button, "Match the calls and weigh the votes", why_not)
        why_not = state.why_not_use()
        for button, tip in (
            (self.load_button, "The soft labels as a set of the project, as an import of their file (one undo)"),
            (self.save_button, "Write the file that hicstruct consensus writes"),
        ):
            allow(button, tip, why_not)
        self._show_result()

    def _show_result(self) -> None:
        state, result = self.state, self.state.result
        inked(self.summary, PROBLEM if state.error else SECONDARY if result is None or state.is_stale else "")
        show_text(self.summary, state.error or self._summary())
        upset = None if result is None else upset_of(result)
        self.plot.show_upset(upset, 1 if state.ran_with.keep_all else MIN_CALLERS)
        self.plot.choose(frozenset() if state.members is None else state.members.callers)
        self.members.show_members(upset)
        said = [] if result is None else list(result.consensus.notes)
        if state.loaded:
            said.append(f"Loaded as the set “{state.loaded}”; one undo takes it back.")
        show_text(self.notes, "\n".join(said))

    def _summary(self) -> str:
        result = self.state.result
        if result is None:
            return ""
        found, kind = result.consensus, KINDS[result.kind]
        n = len(found.records)
        text = (
            f"{n:,} {kind.named(n)} with soft scores, in bins of {format_bin_size(found.bin_size)}, matched within "
            f"{format_bp(found.tolerance_bp)}."
        )
        return f"{text} Something was changed since: find the consensus again." if self.state.is_stale else text


def _button(text: str, tip: str, call: Callable[[], object]) -> QPushButton:
    button = wordy_button(text, tip)
    button.setAutoDefault(False)
    button.clicked.connect(lambda: call())
    return button
