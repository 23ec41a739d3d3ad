"""How a fine-tune ended: the verdict, the numbers before and after, and what can be done with the model now."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_hicstruct.plugin.state.learning import LearningState
from napari_hicstruct.plugin.widgets.inks import BETTER, SECONDARY, WORSE, InkLabel
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.workflows.finetune.job import informative_figures

if TYPE_CHECKING:
    from napari_hicstruct.workflows.finetune.job import Figure, FinetuneResult

_SIGNS = {1: ("▲", BETTER), -1: ("▼", WORSE), 0: ("≈", SECONDARY)}


def verdict_of(figure: Figure) -> int:
    """1 better, −1 worse, 0 where the interval of the difference holds 0 or the difference is shown as 0."""
    if not (math.isfinite(figure.low) and math.isfinite(figure.high)) or figure.low <= 0 <= figure.high:
        return 0
    if round(figure.after - figure.before, 2) == 0:
        return 0
    return figure.better if figure.low > 0 else -figure.better


def figures_table(figures: tuple[Figure, ...]) -> str:
    """Rich text: one row per figure, what it rests on above them; direction by sign and colour."""
    rows, part = [], ""
    for one in informative_figures(figures):
        if one.on != part:
            part = one.on
            rows.append(f'<tr><td colspan="4" style="color:{SECONDARY}">{escape(part)}</td></tr>')
        sign, colour = _SIGNS[verdict_of(one)]
        less = " ↓" if one.better < 0 else ""
        rows.append(
            f"<tr><td>{escape(one.what)} {escape(one.measure)}{less} ({one.n:,})</td>"
            f'<td align="right" style="padding-left:6px">{_number(one.before)}&nbsp;→&nbsp;{_number(one.after)}</td>'
            f'<td style="color:{colour};padding-left:6px"><b>{sign}&nbsp;{_signed(one.after - one.before)}</b></td>'
            f'<td style="color:{SECONDARY};font-size:small;padding-left:6px">'
            f"{_signed(one.low)}&nbsp;…&nbsp;{_signed(one.high)}</td></tr>"
        )
    return f'<table cellspacing="0" cellpadding="1">{"".join(rows)}</table>' if rows else ""


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if math.isfinite(value) else "–"


class ResultView(QWidget):
    """Verdict, table and buttons; hidden until there is a result.

    Parameters
    ----------
    state : LearningState
    """

    def __init__(self, state: LearningState) -> None:
        super().__init__()
        self._state = state
        self.verdict, self.table = InkLabel(), InkLabel()
        for label in (self.verdict, self.table):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table.setToolTip(
            "Old model → new model, and the 90 % interval of the difference;\n"
            "in brackets how many candidates (replay: maps) it rests on.\n"
            "▲ better, ▼ worse: the interval leaves out 0; ≈ no clear difference.\n"
            "↓: less is better."
        )
        self.back_button = QPushButton("Roll back")
        self.anyway_button = QPushButton("Use it anyway")
        self.predict_button = QPushButton("Predict with it")
        self.back_button.clicked.connect(lambda: state.roll_back())
        self.anyway_button.clicked.connect(lambda: state.use_anyway())
        self.predict_button.clicked.connect(lambda: state.predict_with_result())
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.back_button, self.anyway_button, self.predict_button):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.verdict)
        layout.addWidget(self.table)
        layout.addLayout(buttons)
        follow(self, state.result_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the result that there is, or nothing."""
        result, in_use, why_not = self._state.result, self._state.in_use, self._state.read_only
        self.setVisible(result is not None)
        if result is None:
            return
        self.verdict.setText(_verdict(result, in_use))
        self.table.setText(figures_table(result.figures))
        self.table.setVisible(bool(result.figures))
        new = result.sha256 != result.parent
        self.predict_button.setVisible(new)
        self.back_button.setVisible(in_use and new)
        self.back_button.setEnabled(not why_not)
        self.back_button.setToolTip(why_not or f"Use {result.parent_label} again; {result.label} stays in the lineage.")
        self.anyway_button.setText("Use it anyway" if not result.taken else "Use it again")
        self.anyway_button.setVisible(not in_use and new)
        self.anyway_button.setEnabled(not why_not)
        self.anyway_button.setToolTip(why_not or f"Use {result.label} in place of {result.parent_label}.")
        self.predict_button.setToolTip(f"Run {result.label} on the view; what it finds gets a set of its own.")


def _verdict(result: FinetuneResult, in_use: bool) -> str:
    label, reason = escape(result.label), escape(result.reason)
    if result.sha256 == result.parent:
        head = f"<b>nothing learnt</b>: <b>{escape(result.parent_label)}</b> stays in use. {reason}"
    elif result.taken and in_use:
        head = f'<b style="color:{BETTER}">taken ✓</b> <b>{label}</b> is in use: {reason}'
    elif result.taken:
        head = f"<b>rolled back</b>: <b>{escape(result.parent_label)}</b> is in use again. {reason}"
    elif in_use:
        head = f"<b>used anyway</b>: <b>{label}</b> is in use. {reason}"
    else:
        head = f'<b style="color:{WORSE}">kept as a branch – not taken</b>: <b>{label}</b>. {reason}'
    steps = [f"{result.steps:,} steps"] if result.steps else []
    parts = [f"{result.corrections:,} corrections", *steps, f"{result.seconds:.0f} s"]
    if result.stopped:
        parts.append("stopped early, the best so far was kept")
    lines = [
        head,
        f'<span style="color:{SECONDARY}">{" · ".join(parts)}</span>',
        *(escape(note) for note in result.notes),
    ]
    return "<br>".join(lines)
