"""How calls are matched and votes weighed, as a form."""

from __future__ import annotations

from typing import Any

from magicgui import magicgui
from qtpy.QtWidgets import QSpinBox, QWidget

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.genome import format_bp
from napari_hicstruct.plugin.state.consensus.consensus import ConsensusState
from napari_hicstruct.plugin.state.consensus.settings import METHODS, ConsensusSettings, consensus_settings
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox
from napari_hicstruct.plugin.widgets.style import form

_WIDGETS: dict[str, dict[str, Any]] = {
    "kind": {
        "choices": [("automatic", ""), *((info.plural, kind.value) for kind, info in KINDS.items())],
        "tooltip": "What is voted on; automatic: what most of the lists hold.\n"
        "It also says what a plain BED or BEDPE file holds.",
    },
    "method": {
        "choices": [(text, method) for method, text in METHODS.items()],
        "tooltip": "How votes become a soft score.\n"
        "learnt reliability (em in the shell): of each caller, from the votes of three or more.\n"
        "share of callers (count): of those that ran on the chromosome.\n"
        "given weights (weighted): the same, each caller with the weight in its row.",
    },
    "keep_all": {
        "text": "also what one caller alone calls",
        "tooltip": "Without it a structure is listed if two callers or more have it.",
    },
}

_TOLERANCE_TIP = "How far a call may lie from the middle of its group.\n0: one and a half bins of the coarsest list"


class SettingsForm(QWidget):
    """The parameters of :func:`consensus_settings`.

    Attributes
    ----------
    form : magicgui.widgets.FunctionGui
        Its widgets bear the parameters' names.
    tolerance : QSpinBox
        Qt's own: magicgui's cannot say what 0 means.
    """

    def __init__(self, state: ConsensusState) -> None:
        super().__init__()
        self._state = state
        self.form: Any = magicgui(consensus_settings, call_button=False, labels=False, **_WIDGETS)
        parts = {name: self.form[name].native for name in _WIDGETS}
        self.tolerance = QSpinBox()
        self.tolerance.setRange(0, 1_000_000)
        self.tolerance.setSingleStep(5_000)
        self.tolerance.setSuffix(" bp")
        self.tolerance.setGroupSeparatorShown(True)
        self.tolerance.setKeyboardTracking(False)
        self.tolerance.setAccessibleName("Tolerance")
        self.tolerance.setToolTip(_TOLERANCE_TIP)
        hbox(
            Wide(form([("Kind", parts["kind"]), ("Score by", parts["method"])])),
            Wide(form([("Tolerance", self.tolerance), ("List", parts["keep_all"])])),
            on=self,
            spacing=24,
        )
        self.form.changed.connect(self._chosen)
        self.tolerance.valueChanged.connect(self._chosen)
        self.show_state()

    def show_state(self) -> None:
        """Say which kind and which tolerance the lists give."""
        kind = self._state.automatic_kind()
        self.form.kind.native.setItemText(0, f"automatic ({KINDS[kind].plural})" if kind else "automatic")
        self.tolerance.setSpecialValueText(f"by bin size: {format_bp(self._state.default_tolerance())}")

    def _chosen(self, *_: object) -> None:
        settings: ConsensusSettings = self.form(tolerance=self.tolerance.value())
        self._state.choose(settings)
