"""How a fine-tune ended: the verdict in a sentence, what can be done with the model now; the figures are folded."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_hicstruct.annotations.kinds import plural_of_task
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.plugin.state.models.learning import LearningState
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.inks import BETTER, SECONDARY, WORSE, InkLabel
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.style import allow, selectable
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.finetune.job import informative_figures

if TYPE_CHECKING:
    from napari_hicstruct.workflows.finetune.job import Figure, FinetuneResult

_COLOURS = {Verdict.BETTER: BETTER, Verdict.WORSE: WORSE}
_ON = {
    "validation regions": "on corrections in the validation regions",
    "validation regions and cross-validation": "on corrections that the compared model had not learnt from",
    "replay": "on simulated maps, of which everything is known",
}
_HEAD = (
    f'<tr style="color:{SECONDARY};font-size:small"><td>figure (of n)</td><td align="right">old&nbsp;→&nbsp;new'
    '</td><td style="padding-left:6px">change</td><td style="padding-left:6px">its 90&nbsp;% interval</td></tr>'
)
_WORDS = {1: ("better", BETTER), -1: ("worse", WORSE), 0: ("same", SECONDARY)}


def verdict_of(figure: Figure) -> int:
    """1 better, −1 worse, 0 where the interval of the difference holds 0 or the difference is shown as 0."""
    if not (math.isfinite(figure.low) and math.isfinite(figure.high)) or figure.low <= 0 <= figure.high:
        return 0
    if round(figure.after - figure.before, 2) == 0:
        return 0
    return figure.better if figure.low > 0 else -figure.better


def figures_table(figures: tuple[Figure, ...]) -> str:
    """Rich text: one row per figure, what it rests on above them; direction by sign and colour."""
    rows, part = [_HEAD], ""
    for one in informative_figures(figures):
        if one.on != part:
            part = one.on
            rows.append(f'<tr><td colspan="4" style="color:{SECONDARY}">{escape(_ON.get(part, part))}</td></tr>')
        word, colour = _WORDS[verdict_of(one)]
        rows.append(
            f"<tr><td>{escape(plural_of_task(one.what))} {escape(one.measure)} ({one.n:,})</td>"
            f'<td align="right" style="padding-left:6px">{_number(one.before)}&nbsp;→&nbsp;{_number(one.after)}</td>'
            f'<td style="color:{colour};padding-left:6px"><b>{word},&nbsp;{_signed(one.after - one.before)}</b></td>'
            f'<td style="color:{SECONDARY};font-size:small;padding-left:6px">'
            f"{_signed(one.low)}&nbsp;…&nbsp;{_signed(one.high)}</td></tr>"
        )
    return f'<table cellspacing="0" cellpadding="1">{"".join(rows)}</table>' if rows[1:] else ""


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if math.isfinite(value) else "–"


class ResultView(QWidget):
    """Verdict, buttons and, folded, the figures; hidden until there is a result."""

    def __init__(self, state: LearningState) -> None:
        super().__init__()
        self._state = state
        self.verdict, self.details, self.table = InkLabel(), QLabel(), InkLabel()
        selectable(self.verdict, self.details, self.table, rich=True)
        self.table.setToolTip(
            "Old model → new model, and the range in which the difference lies with a chance of 90 %;\n"
            "in brackets of how many corrected candidates (of simulated maps: of how many maps) it is.\n"
            "Better, worse: the range leaves out 0; same: no clear difference.\n"
            "Ranking: in what share of the pairs of an accepted and a rejected candidate of a kind the accepted one\n"
            "stands higher; 0.5 is chance, 1 is always.\n"
            "Log loss: how far the probabilities are from your judgments, 0 is best; 0.69 says 0.5 to everything.\n"
            "Average precision: how far a list of simulated maps is right from the top down, 1 is best."
        )
        body = QWidget()
        vbox(self.details, self.table, on=body, spacing=4)
        self.figures = Fold("Figures", body, tooltip="What the sentence above rests on.")
        self.back_button = QPushButton("Roll back")
        self.anyway_button = QPushButton("Use it anyway")
        self.predict_button = QPushButton("Predict with it")
        self.back_button.clicked.connect(lambda: state.roll_back())
        self.anyway_button.clicked.connect(lambda: state.use_anyway())
        self.predict_button.clicked.connect(lambda: state.predict_with_result())
        buttons = hbox(spacing=4)
        for button in (self.back_button, self.anyway_button, self.predict_button):
            buttons.addWidget(button, 1)
        vbox(self.verdict, buttons, self.figures, on=self, spacing=4)
        follow(self, state.result_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the result that there is, or nothing."""
        result, in_use, why_not = self._state.result, self._state.in_use, self._state.read_only
        self.setVisible(result is not None)
        if result is None:
            return
        self.verdict.setText(_verdict(result, in_use, self._state.learnt_at))
        self.details.setText(_details(result))
        self.table.setText(figures_table(result.figures))
        self.table.setVisible(bool(result.figures))
        self.predict_button.setVisible(result.is_new)
        self.back_button.setVisible(in_use and result.is_new)
        allow(self.back_button, f"Use {result.parent_label} again; {result.label} is kept.", why_not)
        self.anyway_button.setText("Use it again" if result.taken else "Use it anyway")
        self.anyway_button.setVisible(not in_use and result.is_new and result.verdict is not Verdict.WORSE)
        allow(self.anyway_button, f"Use {result.label} in place of {result.parent_label}.", why_not)
        self.predict_button.setToolTip(
            f"Run {result.label} on the view without using it from now on; what it finds gets a set of its own."
            if not in_use
            else f"Run {result.label} on the view; what it finds gets a set of its own."
        )


def _verdict(result: FinetuneResult, in_use: bool, learnt_at: str = "") -> str:
    """The verdict in a sentence, then which model is in use; first of when it is, where it is not of this window."""
    colour = _COLOURS.get(result.verdict)
    style = f' style="color:{colour}"' if colour else ""
    when = f"Fine-tune of {escape(learnt_at[:16].replace('T', ' '))} UTC<br>" if learnt_at else ""
    first, end, more = result.reason.partition(". ")
    more = f" {escape(more)}" if more else ""
    return f"{when}<b{style}>{escape(first + end.rstrip())}</b>{more}<br>{_which_model(result, in_use)}"


def _which_model(result: FinetuneResult, in_use: bool) -> str:
    new, old = f"<b>{escape(result.label)}</b>", f"<b>{escape(result.parent_label)}</b>"
    if not result.is_new:
        return f"{old} stays in use."
    if in_use:
        return f"{new} is in use{'' if result.taken else ', because you said so'}."
    if result.taken:
        return f"{old} is in use again; {new} is kept."
    if result.verdict is Verdict.WORSE:
        return f"{new} was refused: {old} stays in use. The new model stands under Models of this project."
    return f"{old} stays in use; the new model {new} is kept beside it."


def _details(result: FinetuneResult) -> str:
    steps = [how_many(result.steps, "training step")] if result.steps else []
    parts = [f"learnt from {how_many(result.corrections, 'correction')}", *steps, f"{result.seconds:.0f} s"]
    if result.stopped:
        parts.append("stopped early, the best so far was kept")
    lines = [escape(result.details), " · ".join(parts), *(escape(note) for note in result.notes)]
    return "<br>".join(line for line in lines if line)
