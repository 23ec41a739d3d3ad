"""The *Why* section: what the model saw, gated and exchanged where it called the chosen object."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel, QScrollArea, QWidget
from superqt.utils import qthrottled

from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.controllers.canvas.paint_later import paint_later
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.explanation import ExplanationLayers, layer_count, letter_of
from napari_hicstruct.plugin.state.jobs import BackgroundJob
from napari_hicstruct.plugin.state.labels.geometry import box_of
from napari_hicstruct.plugin.state.labels.numbers import (
    BEFORE_EDIT,
    MEANINGS,
    NETWORK_OUTPUT,
    RANKING_SCORE,
    numbers_of,
)
from napari_hicstruct.plugin.state.labels.palette import name_of
from napari_hicstruct.plugin.state.review.explanation import Explain, default_explain
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import subdued
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Annotation

_MARKS = {True: "✓", False: "✗", None: "?"}
_NOTHING = "Choose an object: press N in the map, or click one."
_DELAY_MS = 150  # flying through objects with N should not start an explanation of each
_LAYER_MS = 20
_SAME = 0.005


class ExplainPanel(QWidget):
    """Follows the current object while its section is open; closing it takes the layers out of the window.

    Parameters
    ----------
    session : Session
        The chosen model of its prediction answers for objects that no installed model called.
    explain : callable, optional
        What to run in place of ``workflows.explain``.
    """

    def __init__(self, session: Session, *, explain: Explain | None = None) -> None:
        super().__init__()
        self._session, self._prediction, self._labels = session, session.prediction, session.labels
        self._explain = explain or default_explain()
        self._open = False
        self._shown: tuple[Any, ...] | None = None
        self.layers = ExplanationLayers(session.canvas)
        self._adding: Iterator[None] | None = None
        self._next_layer = QTimer(self)
        self._next_layer.setSingleShot(True)
        self._next_layer.setInterval(_LAYER_MS)
        self._next_layer.timeout.connect(self._add_next)
        self._job = BackgroundJob(session.runner, on_step=self._step, on_done=self._done, on_error=self._failed)
        self._headline, self._words = QLabel(_NOTHING), QLabel()
        self._headline.setToolTip("\n".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items()))
        self._layers_text = subdued(QLabel())
        layout = vbox(on=self, spacing=5)
        for label in (self._headline, self._words, self._layers_text):
            label.setWordWrap(True)
            layout.addWidget(label)
        self._later = qthrottled(self._update, timeout=_DELAY_MS, leading=False, parent=self)
        follow(self, self._labels.current_changed, self._object_changed)
        follow(self, self._labels.changed, self._later)
        follow(self, self._prediction.models.chosen_changed, self._later)
        follow(self, session.map_changed, self._forget)
        follow(self, session.chrom_changed, self._later)

    @property
    def text(self) -> str:
        """The text of the section."""
        return "\n".join(label.text() for label in (self._headline, self._words, self._layers_text) if label.text())

    def follow(self, on: bool) -> None:
        """Explain the current object, now and whenever it changes; or stop and take the layers out."""
        self._open = on
        if on:
            self._update()
        else:
            self._forget()

    def end(self) -> None:
        """The dock goes: stop, and take the layers out for good."""
        self._job.close()
        self.layers.close()

    def _forget(self) -> None:
        self._job.close()
        self._adding = None
        self._shown = None
        self.layers.clear()
        self._show_text(_NOTHING)

    def _object_changed(self, _uid: Any) -> None:
        """What is drawn belongs to the object before: it goes at once, the new one follows in a moment."""
        if self._shown is not None and self._key(self._labels.current) != self._shown:
            self._forget()
        self._later()

    def _key(self, record: Annotation | None) -> tuple[Any, ...] | None:
        """What an explanation depends on."""
        model = self._prediction.models.chosen
        if record is None or model is None or record.chrom != self._session.chrom:
            return None
        by = self._prediction.models.reference_for(record.model)
        return record.uid, record.anchor1, record.anchor2, by, self._labels.triangle_of(record.uid)

    def _update(self) -> None:
        record = self._labels.current
        key = self._key(record) if self._open else None
        if key == self._shown and key is not None:
            return
        self._forget()
        if key is None or record is None:
            if self._open and self._prediction.models.chosen is None:
                self._show_text("No model is installed.")
            return
        self._shown = key
        source, catalogue = self._session.source, self._labels.catalogue
        run = self._prediction.runs.get(catalogue.records.set_of(record.uid)) if catalogue is not None else None
        model = self._prediction.models.reference_for(record.model)
        self._show_text(f"Running the model on this {name_of(record.kind)} again …")
        self._job.start(lambda token: self._explain(source, record, model=model, run=run, token=token))

    def _step(self, progress: Progress) -> None:
        self._layers_text.setText(f"{progress.stage} …")

    def _done(self, explanation: Any) -> None:
        record = explanation.annotation
        box = box_of(record, self._labels.triangle_of(record.uid))
        flipped = box.top + box.bottom > box.left + box.right
        self._adding = self.layers.iter_show(explanation, flipped=flipped)
        self._next_layer.start()  # after the words are painted
        self._headline.setText(_headline(explanation))
        evidence = (f"{_MARKS[one.present]} {_letter(one)}{escape(str(one))}" for one in explanation.evidence)
        self._words.setText("<br>".join([*evidence, *_experts(explanation)]))
        self._layers_text.setText(_layers_line(explanation, layer_count(explanation)))
        self._fit()

    def _add_next(self) -> None:
        """Put in one more layer, and go on when the window has drawn it."""
        if self._adding is None:
            return
        with paint_later(self._session.viewer):
            more = next(self._adding, self) is not self
        if more:
            self._next_layer.start()

    def _failed(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self._show_text(short_text(error))

    def _show_text(self, text: str) -> None:
        self._headline.setText(text)
        self._words.clear()
        self._layers_text.clear()
        self._fit()

    def _fit(self) -> None:
        """Make all layouts around ask for heights anew: those of wrapped texts have just changed."""
        widget: QWidget | None = self
        while widget is not None and not isinstance(widget, QScrollArea):
            if (layout := widget.layout()) is not None:
                layout.invalidate()
            widget.updateGeometry()
            widget = widget.parentWidget()


def _headline(explanation: Any) -> str:
    """What the model gives here, each number by its name, and whether that is what the object's record holds."""
    record, score = explanation.annotation, explanation.score
    what, who = name_of(record.kind), escape(explanation.model)
    if score != score:
        return f"<b>{who}</b> gives nothing here: all bins around it are masked."
    output = f"{NETWORK_OUTPUT} {explanation.probability:.3f}"
    # domains and stripes are ranked by more than one pixel: only dots and boundaries can be compared
    ranked = record.kind in (Kind.LOOP, Kind.BOUNDARY)
    here = f"{RANKING_SCORE} {score:.3f} ({output})" if ranked else output
    if record.model != explanation.model:
        return f"<b>{who}</b> did not call this {what}; it gives {here} here."
    kept = numbers_of(record)
    if record.status is not Status.EDITED and ranked and RANKING_SCORE in kept and abs(score - record.score) > _SAME:
        return (
            f"<b>{who}</b> gives {here}; its list says {RANKING_SCORE} {record.score:.3f}: "
            "it was moved, or called on another region, in another mode or with other weights."
        )
    if ranked:
        kept.pop(RANKING_SCORE, None)
    if record.status is Status.EDITED:
        was = "".join(f"; {name} {value:.3f} {BEFORE_EDIT}" for name, value in kept.items())
        return f"<b>{who}</b> gives {here} at the edited place{was}."
    parts = [here, *(f"{name} {value:.3f}" for name, value in kept.items())]
    return f"<b>{who}</b> called this {what}: {', '.join(parts)}."


def _letter(evidence: Any) -> str:
    """The letter that stands in its mark on the map."""
    letter = letter_of(evidence)
    return f"<b>{escape(letter)}</b> " if letter else ""


def _experts(explanation: Any) -> list[str]:
    """Mean expert use per task and scale, in percent."""
    lines = []
    for name, shares in explanation.expert_use.items():
        task, _, scale = name.partition("/")
        if task == explanation.task:
            parts = " · ".join(f"{share:.0%}" for share in shares)
            lines.append(f"Share of each expert layer in the {escape(task)} output at {escape(scale)}: {parts}")
    return lines


def _layers_line(explanation: Any, count: int) -> str:
    """Which layers there are, and what the model has none of."""
    kinds = {name.split("/")[0] for name in explanation.relevant()}
    missing = []
    if not kinds & {"gate", "scale_gate", "weights", "mask"}:
        missing.append("no weights by task")
    if "exchange" not in kinds:
        missing.append("no exchange between tasks")
    layers = how_many(count, "layer")
    text = f"{layers} named “Why: …” on the map; shown are the {explanation.task} probability and the evidence."
    return f"{text} This model has {' and '.join(missing)}: there are no pictures of these." if missing else text
