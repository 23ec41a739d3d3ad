"""Ask the model in use about the candidates, and for places where it doubts: what the orders of the queue feed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.plugin.controllers.workers import BackgroundJob
from napari_hicstruct.plugin.state.rescoring import AskBackend, default_ask_backend
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import subdued

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.review import Review
    from napari_hicstruct.plugin.controllers.session import Session

MOST = 2_000
"""Candidates that are looked at, the first of the queue: more take minutes and nobody gets there."""

SET = "doubtful"


class AskPanel(QWidget):
    """Two buttons, and whether the model is asked by itself after each fine-tune.

    Parameters
    ----------
    session : Session
    review : Review
    backend : AskBackend, optional
        What to run in place of ``workflows.rescore`` and ``workflows.propose``.
    """

    def __init__(self, session: Session, review: Review, *, backend: AskBackend | None = None) -> None:
        super().__init__()
        self._session, self._review = session, review
        self._backend = backend or default_ask_backend()
        self._job = BackgroundJob(on_step=self._step, on_done=self._done, on_error=self._failed)
        self._project: Any = None
        self._current = ""
        self._proposes = False
        self._build()
        session.project_changed.connect(self._project_changed)
        session.map_changed.connect(self._map_changed)
        self._project_changed(session._project)

    def _build(self) -> None:
        self.look = QPushButton("Look again")
        self.look.setToolTip(
            f"Ask the model in use about the first {MOST:,} of the queue: its probability now, the votes of an "
            "ensemble of heads (order bald), what its last layer sees (order diversity).\nThe queue is ordered anew; "
            "the candidate under the cursor stays."
        )
        self.look.clicked.connect(lambda: self.ask())
        self.doubtful = QPushButton("Find doubtful")
        self.doubtful.setToolTip(
            "Add places in view where the model is unsure although nothing is called there, to a set of their own."
        )
        self.doubtful.clicked.connect(lambda: self.propose())
        self.auto = QCheckBox("look by itself after each fine-tune")
        self.auto.setChecked(True)
        self.auto.setToolTip("The queue then follows what the new model finds doubtful.")
        self.running = RunningRow(cancel="Cancel; the queue stays as it is.")
        self.running.cancel_button.clicked.connect(self._job.cancel)
        self.said = subdued(QLabel())
        self.said.setWordWrap(True)
        self.said.hide()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.look, 1)
        row.addWidget(self.doubtful, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        for widget in (self.auto, self.running, self.said):
            column.addWidget(widget)

    # ------------------------------------------------------------------ asking
    def ask(self) -> None:
        """Look at the candidates with the model in use, in the background."""
        source, project, catalogue = self._session.source, self._project, self._review.editor.catalogue
        uids = self._review.queue.uids[:MOST]
        if source is None or project is None or catalogue is None or not uids:
            self._say("There are no candidates to look at: run a model, import labels, or find doubtful places.")
            return
        records = [catalogue.records[uid] for uid in uids if uid in catalogue.records]
        look = self._backend.look
        self._start(lambda token: look(source, project, records, token=token), proposes=False)

    def propose(self) -> None:
        """Search the view for places where the model in use doubts."""
        source, project, catalogue = self._session.source, self._project, self._review.editor.catalogue
        if source is None or (project is not None and project.read_only):
            self._say("The project cannot be edited." if source is not None else "Open a contact map first.")
            return
        rows, cols = self._session.visible()
        region = Interval(self._session.chrom, min(rows.start, cols.start), max(rows.end, cols.end))
        listed = [] if catalogue is None else catalogue.records.values()
        known = [record for record in listed if record.chrom == region.chrom]
        find = self._backend.propose
        self._start(lambda token: find(source, project, known, region, token=token), proposes=True)

    def _start(self, make_job: Any, *, proposes: bool) -> None:
        self._proposes = proposes
        self._say("")
        self._job.start(make_job)
        self.running.begin()
        self._update()

    def _step(self, progress: Progress) -> None:
        self.running.follow(progress)

    def _done(self, result: Any) -> None:
        self._update()
        if not self._proposes:
            self._review.queue.set_seen(result)
            self._say(f"{len(result):,} candidates looked at; the queue is in the new order.")
            return
        try:
            self._keep(result)
        except HicStructError as error:
            self._failed(error)

    def _keep(self, proposals: list[Any]) -> None:
        from napari_hicstruct.annotations import Origin

        if not proposals:
            self._say("The model doubts nothing here that is not in a list already.")
            return
        project = self._session.ensure_project()
        try:
            sets = {one.name: one for one in project.sets() if not one.locked}
            mine = sets.get(SET) or project.add_set(SET, Origin.PREDICTED)
            project.add(proposals, set_id=mine.id, action="predict")
        finally:
            self._session.discard_unused_project()
        self._say(f"{len(proposals):,} doubtful places added to the set “{mine.name}”.")

    def _failed(self, error: HicStructError) -> None:
        self._update()
        self._say("Cancelled." if isinstance(error, Cancelled) else str(error))
        if not isinstance(error, Cancelled):
            show_problem(error)

    # ------------------------------------------------------------------ what happened elsewhere
    def _project_changed(self, project: Any) -> None:
        if self._project is not None:
            self._project.lineage.changed.disconnect(self._lineage_changed)
        self._job.close()
        self._project = project
        self._current = self._in_use()
        if project is not None:
            project.lineage.changed.connect(self._lineage_changed)
        self._say("")
        self._update()

    def _map_changed(self) -> None:
        if self._session.source is None:
            self._project_changed(None)
        self._update()

    def _lineage_changed(self) -> None:
        before, self._current = self._current, self._in_use()
        if self._current != before and before and self.auto.isChecked() and self._review.queue.left:
            self.ask()

    def _in_use(self) -> str:
        try:
            current = None if self._project is None else self._project.lineage.current()
        except HicStructError:
            return ""
        return "default" if current is None else current.sha256

    def _update(self) -> None:
        running = self._job.running
        self.running.setVisible(running)
        self.look.setEnabled(not running and self._project is not None)
        self.doubtful.setEnabled(not running and self._session.source is not None)

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))
