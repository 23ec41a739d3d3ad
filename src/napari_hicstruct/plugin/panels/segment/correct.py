"""*Learn from corrections*: what was painted, the run, the verdict, and the way back."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QPushButton, QWidget

from napari_hicstruct.plugin.layers.segmented import correction_of, segmented_layers
from napari_hicstruct.plugin.panels.segment.run import RunView
from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.inks import BETTER, SECONDARY, WORSE, InkLabel
from napari_hicstruct.plugin.widgets.layer_choice import LayerChoice
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.settings_form import SettingsForm
from napari_hicstruct.plugin.widgets.style import allow, form, reveal, selectable, show_text, wordy_button
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.workflows.segment.correct import CorrectedSegmentation

_TIP = "Fine-tune the model in the background; it is judged on corrections that it has not seen, and on what it knew."
_COLOURS = {"better": BETTER, "worse": WORSE}
_FIGURES = {
    "dice": "Dice on corrections not learnt from",
    "accuracy": "right pixels of these corrections",
    "replay_dice": "Dice on the picture of the training",
}


class CorrectView(QWidget):
    """Which segmentation, how much of it was painted, and what came of learning from it.

    Attributes
    ----------
    paint_wanted : Signal(object)
        The brush shall be taken in hand, on this layer.
    """

    paint_wanted = Signal(object)

    def __init__(self, state: SegmentationState) -> None:
        super().__init__()
        self.state = state
        self._build()
        self._lay_out()
        follow(self, state.changed, self.update_view)
        follow(self, state.corrected_changed, self._corrected_changed)

    def _build(self) -> None:
        state = self.state
        self.layer = LayerChoice(
            "Segmentation", "A layer that was segmented here; what you paint on it is found by itself.", none="none yet"
        )
        self.layer.chosen.connect(self.choose)
        self.paint_button = wordy_button(
            "Paint", "Take napari's brush in hand on this layer.", lambda: self.paint_wanted.emit(self.layer.layer)
        )
        self.painted = InkLabel()
        self.painted.setWordWrap(True)
        self.whole = QCheckBox("I checked the whole picture")
        self.whole.setToolTip(
            "What was not painted is right, too, and is learnt as such.\n"
            "Without a tick, only what was painted and its surroundings are."
        )
        self.whole.toggled.connect(lambda on: state.check_whole(bool(on)))
        self.button = QPushButton("Learn from corrections")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.settings = SettingsForm(state.correction_settings)
        self.settings.edited.connect(state.set_correction)
        self.fold = Fold("Learning: settings", self.settings, tooltip="How long, and where.")
        self.running = RunView(state, "correct", stop="End the training now and judge the best model so far.")
        self.verdict, self.figures = InkLabel(), InkLabel()
        selectable(self.verdict, self.figures, rich=True)
        self.use_button, self.back_button = QPushButton("Use"), QPushButton("Go back")
        self.use_button.clicked.connect(lambda: state.use())
        self.back_button.clicked.connect(lambda: state.go_back())
        self.result = QWidget()

    def _lay_out(self) -> None:
        buttons = hbox(Wide(self.use_button), Wide(self.back_button), spacing=4)
        vbox(self.verdict, self.figures, buttons, on=self.result, spacing=4)
        vbox(
            form([("Corrected", [self.layer, self.paint_button])]),
            self.painted,
            self.whole,
            self.fold,
            self.button,
            self.running,
            self.result,
            on=self,
            spacing=5,
        )
        self.result.hide()

    def start(self) -> None:
        """Learn from what is painted now."""
        if self.state.correct():
            self.running.begin()

    def show_layers(self, viewer: Any) -> None:
        """Offer what was segmented; the newest is chosen by itself."""
        layers = segmented_layers(viewer)
        known = [self.layer.itemText(k) for k in range(self.layer.count())]
        newest = layers[0] if layers else None
        self.layer.show_layers(layers, otherwise=newest)
        if newest is not None and newest is not self.layer.layer and self.layer.count() > len(known):
            self.layer.choose(newest)

    def choose(self) -> None:
        """Take what is chosen as it is painted now."""
        layer = self.layer.layer
        self.state.choose_correction(None if layer is None else correction_of(layer))

    # ------------------------------------------------------------------ what the state reports
    def update_view(self) -> None:
        """Show what can be learnt now."""
        state = self.state
        running, why_not = state.running, state.why_not_correct()
        painted = state.painted
        found = "" if painted is None or not painted.pixels else _painted_text(painted.pixels, painted.places)
        show_text(self.painted, found)
        for part in (self.layer, self.whole, self.fold):
            part.setEnabled(not running)
        none = state.correction is None
        self.paint_button.setEnabled(not none)
        self.paint_button.setToolTip(why_not if none else "Take napari's brush in hand on this layer.")
        allow(self.button, _TIP, state.busy() or why_not)
        self.running.update_view(why_not)
        self._update_buttons()

    def _update_buttons(self) -> None:
        state, result = self.state, self.state.corrected
        if result is None:
            return
        in_use, busy = state.in_use, state.busy()
        use = busy or ("It is in use." if in_use else "" if result.taken else "It was not better, so it was not kept.")
        back = busy or ("" if in_use else f"{result.parent.name} is in use already.")
        allow(self.use_button, f"Segment by {result.model.name} from now on.", use)
        allow(self.back_button, f"Segment by {result.parent.name} again; {result.model.name} is kept.", back)

    def show_result(self) -> None:
        """Show what came of it last, or nothing."""
        result = self.state.corrected
        self.result.setVisible(result is not None)
        if result is not None:
            self.verdict.setText(verdict_text(result, in_use=self.state.in_use))
            self.figures.setText(figures_table(result))
            self._update_buttons()

    def _corrected_changed(self) -> None:
        self.show_result()
        if self.state.corrected is not None:
            reveal(self.result)


def _painted_text(pixels: int, places: int) -> str:
    return f"{how_many(pixels, 'pixel')} painted at {how_many(places, 'place')}."


def verdict_text(result: CorrectedSegmentation, *, in_use: bool) -> str:
    """Rich text: the verdict and its reason, then which model is in use."""
    colour = _COLOURS.get(result.verdict)
    style = f' style="color:{colour}"' if colour else ""
    word = result.verdict[:1].upper() + result.verdict[1:]
    used = result.model if in_use else result.parent
    kept = "is in use again" if result.taken and not in_use else "is in use" if in_use else "stays in use"
    return f"<b{style}>{escape(word)}.</b> {escape(result.reason)}<br><b>{escape(used.name)}</b> {kept}."


def figures_table(result: CorrectedSegmentation) -> str:
    """Rich text: a row for each figure, before and after."""
    heads = "".join(f'<td align="right">&nbsp;&nbsp;{text}</td>' for text in ("before", "after"))
    head = f'<tr style="color:{SECONDARY}"><td></td>{heads}</tr>'
    rows = [
        f'<tr><td>{escape(_FIGURES.get(name, name))}</td><td align="right">&nbsp;&nbsp;{result.before[name]:.3f}</td>'
        f'<td align="right">&nbsp;&nbsp;{after:.3f}</td></tr>'
        for name, after in result.after.items()
        if math.isfinite(result.before.get(name, math.nan)) and math.isfinite(after)
    ]
    table = f'<table cellspacing="0" cellpadding="1">{head}{"".join(rows)}</table>' if rows else ""
    return f'{table}<span style="color:{SECONDARY}">{escape(result.details)}</span>' if result.details else table
