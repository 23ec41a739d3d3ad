"""The *Predict* section: model, tasks, device, scope; results land window by window in a set of their own."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_hicstruct.errors import Cancelled, HicStructError, RegionError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.controllers.workers import BackgroundJob
from napari_hicstruct.plugin.state.prediction import Backend, default_backend
from napari_hicstruct.plugin.widgets.model_card import ModelCard
from napari_hicstruct.plugin.widgets.model_list import ModelList
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Segmented, compact_button, form, subdued
from napari_hicstruct.workflows.predict.store import PredictedSet

_CHOOSE = "Choose at least one thing to find."
_TASKS = {"loop": "loops", "stripe": "stripes", "tad": "TADs"}
_DEVICES = {
    "auto": "The fastest device that this computer has.",
    "cpu": "Processor.",
    "cuda": "NVIDIA graphics card.",
    "mps": "Apple graphics.",
}


class PredictPanel(QWidget):
    """Runs a model in the background and adds what it finds to a fresh set of the project.

    Parameters
    ----------
    session : Session
    backend : Backend, optional
        What to run in place of the models that are installed.

    Attributes
    ----------
    runs : dict of int to dict
        What each set of this project that was predicted in this window was asked for (``regions``, ``model``, …).
    predict : callable
        The backend's, for those who want a prediction that is kept nowhere.
    """

    def __init__(self, session: Session, *, backend: Backend | None = None) -> None:
        super().__init__()
        self._session = session
        self._backend = backend or default_backend()
        self.predict = self._backend.predict
        self._job = BackgroundJob(on_step=self._step, on_done=self._done, on_error=self._failed)
        self._project: Any = None
        self._set = PredictedSet("")
        self._found = 0
        self._request: dict[str, Any] = {}
        self.runs: dict[int, dict[str, Any]] = {}
        self._build()
        session.map_changed.connect(self._map_changed)
        session.project_changed.connect(self._project_changed)
        self.refresh()

    def _build(self) -> None:
        self.model = ModelList(self._backend.models)
        self.model.currentIndexChanged.connect(lambda _: self._update_model())
        self.model.refreshed.connect(self._update_model)
        self.tasks = {key: QCheckBox(text[0].upper() + text[1:]) for key, text in _TASKS.items()}
        for box in self.tasks.values():
            box.setChecked(True)
            box.toggled.connect(lambda _: self._update_run())
        self.device = QComboBox()
        for key, tooltip in _DEVICES.items():
            self.device.addItem(key, key)
            self.device.setItemData(self.device.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
        self.device.setToolTip("Where the model runs; auto takes the fastest device there is.")
        self.scope = Segmented(
            {
                "view": ("View", "The region in view."),
                "chromosome": ("Chromosome", "The whole chromosome that is shown."),
                "genome": ("Genome", "All chromosomes, one after another."),
            },
            name="Scope",
        )
        self.scope.set_value("view")
        self.run_button = QPushButton("Run model")
        self.run_button.setObjectName("hicRun")
        self.run_button.clicked.connect(lambda: self.run())
        self._running = RunningRow(cancel="Cancel. What was found so far is kept.")
        self.bar, self.cancel_button = self._running.bar, self._running.cancel_button
        self.cancel_button.clicked.connect(self._job.cancel)
        self.card = ModelCard()
        self.about = compact_button("i", "About this model. Its card: data, metrics, calibration, lineage.")
        self.about.setCheckable(True)
        self.about.toggled.connect(lambda _: self._update_model())
        self.result = subdued(QLabel())
        self.result.setWordWrap(True)
        self._lay_out()

    def _lay_out(self) -> None:
        tasks = QWidget()
        line = QHBoxLayout(tasks)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for box in self.tasks.values():
            line.addWidget(box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(form([("Model", [self.model, self.about, self.device])]))
        layout.addWidget(self.card)  # not in the grid: its row would stay open when it is hidden
        layout.addLayout(form([("Find", tasks), ("Where", self.scope), ("", self.run_button)]))
        layout.addWidget(self._running)
        layout.addWidget(self.result)
        self.result.hide()

    # ------------------------------------------------------------------ choices
    def refresh(self) -> None:
        """List the models again, and what this map allows."""
        self.model.fill()
        if self.model.problem:
            self._say(self.model.problem)
        self._update_model()

    def _update_model(self) -> None:
        model = self.model.currentData()
        self.about.setEnabled(model is not None)
        self.card.show_model(model if self.about.isChecked() else None)
        self._update_tasks()

    def _update_tasks(self) -> None:
        source, model = self._session.source, self.model.currentData()
        try:
            reasons = self._backend.capabilities(source) if source is not None else {}
        except HicStructError as error:
            reasons = dict.fromkeys(_TASKS, str(error))
        for key, box in self.tasks.items():
            reason = reasons.get(key, "")
            if model is not None and model.tasks and key not in model.tasks:
                reason = f"This model does not find {_TASKS[key].lower() if key != 'tad' else 'TADs'}."
            box.setEnabled(not reason)
            box.setToolTip(
                reason or f"Find {_TASKS[key]}." if key == "tad" else reason or f"Find {box.text().lower()}."
            )
        self._update_run()

    def _chosen_tasks(self) -> tuple[str, ...]:
        return tuple(key for key, box in self.tasks.items() if box.isEnabled() and box.isChecked())

    def _why_not(self) -> str:
        """Why *Run model* cannot be used now; empty if it can."""
        if self._session.source is None:
            return "Open a contact map first."
        if self.model.currentData() is None:
            return "No model is installed."
        if not self._chosen_tasks():
            barred = [box.toolTip() for box in self.tasks.values() if not box.isEnabled()]
            return f"Nothing can be found here: {barred[0]}" if len(barred) == len(self.tasks) else _CHOOSE
        if self._project is not None and self._project.read_only:
            return f"The project cannot be edited: {self._project.read_only_reason}"
        return ""

    def _update_run(self) -> None:
        reason = self._why_not()
        if reason.startswith("Nothing can be found"):
            self._say(reason)
        self.run_button.setEnabled(not reason and not self._job.running)
        self.run_button.setToolTip(reason or "Run the model in the background; results appear as they come.")

    # ------------------------------------------------------------------ running
    def run_view(self, name: str = "") -> None:
        """Run on what is in view."""
        self.scope.set_value("view")
        self.run(name)

    @property
    def running(self) -> bool:
        """True while a model runs."""
        return self._job.running

    def request(self) -> dict[str, Any]:
        """What *Run model* would ask for, but for the regions."""
        return {
            "tasks": self._chosen_tasks(),
            "model": self.model.reference,
            "device": self.device.currentData(),
        }

    def run(self, name: str = "") -> None:
        """Run the chosen model; a run that still goes on is cancelled.

        Parameters
        ----------
        name : str
            Of the set that is made; by default the model's and the region's.
        """
        source, reason = self._session.source, self._why_not()
        if source is None or reason:
            show_problem(HicStructError(reason))
            return
        try:
            regions, where = self._regions()
        except HicStructError as error:
            show_problem(error)
            return
        self._set, self._found = PredictedSet(f"{name or self.model.currentData().label} · {where}"), 0
        self._request = request = {"regions": regions, **self.request()}
        predict = self.predict
        self._job.start(lambda token: predict(source, token=token, **request))
        self._set_running(True)

    def _regions(self) -> tuple[tuple[Interval, ...], str]:
        """Regions to predict and their name."""
        sizes, chrom = self._session.source.chromsizes, self._session.chrom  # type: ignore[union-attr]
        scope = self.scope.value
        if scope == "genome":
            return tuple(Interval(name, 0, length) for name, length in sizes.items()), "genome"
        if scope == "chromosome":
            return (Interval(chrom, 0, sizes[chrom]),), chrom
        (seen,) = self.view_regions()
        return (seen,), f"{chrom}:{seen.start / 1e6:.2f}-{seen.end / 1e6:.2f}M"

    def view_regions(self) -> tuple[Interval, ...]:
        """What is in view, as the regions of a request.

        Raises
        ------
        RegionError
            If nothing of the chromosome is.
        """
        rows, cols = self._session.visible()
        if not len(rows) or not len(cols):
            raise RegionError("Nothing of the chromosome is in view.", hint="Go back to the map, then run again.")
        return (Interval(rows.chrom, min(rows.start, cols.start), max(rows.end, cols.end)),)

    def _step(self, progress: Progress) -> None:
        self._running.follow(progress)
        if progress.message:
            self._say(progress.message)
        if progress.payload:
            self._keep(tuple(progress.payload))

    def _keep(self, records: tuple[Any, ...]) -> None:
        """Add what is new to this run's own set; the first results make the set."""
        try:
            self.runs.setdefault(self._set.add(self._session.ensure_project(), records), self._request)
        except HicStructError as error:
            self._job.close()
            self._failed(error)
        else:
            self._found += len(records)
        self._session.discard_unused_project()

    def _done(self, result: Any) -> None:
        self._set_running(False)
        said = f"Found {self._found:,} in {self._set.name}." if self._found else "Nothing was found here."
        self._say("\n".join([said, *getattr(result, "notes", ())]))

    def _failed(self, error: HicStructError) -> None:
        self._set_running(False)
        kept = f" {self._found:,} found so far are kept." if self._found else ""
        self._say(("Cancelled." if isinstance(error, Cancelled) else str(error)) + kept)
        show_problem(error)

    def _map_changed(self) -> None:
        self._job.cancel()
        self._say("")
        self._project = self._session._project
        self.model.set_project(self._project)

    def _project_changed(self, project: Any) -> None:
        if self._project is not None:  # its set belongs to the project before; a first one was made to keep it
            self._job.cancel()
        self._project = project
        self.runs.clear()
        self.model.set_project(project)

    def _set_running(self, running: bool) -> None:
        self._running.setVisible(running)
        if running:
            self._running.begin()
            self.result.hide()
        self._update_run()

    def _say(self, text: str) -> None:
        self.result.setText(text)
        self.result.setVisible(bool(text))
