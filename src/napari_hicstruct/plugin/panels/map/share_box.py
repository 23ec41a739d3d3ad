"""The share of bins that are paler than the last colour, as a box that also tells when limits were set by hand."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox

BY_HAND = "by hand"
_SUFFIX = " % of bins"


class ShareBox(QDoubleSpinBox):
    """A percentage, or *by hand*; − and + and a number that is typed make the limits automatic again.

    Attributes
    ----------
    chosen : Signal(float)
        A person chose a share, though it may be the one of before.
    """

    chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._by_hand, self._written = False, ""
        self.setRange(50, 99.99)
        self.setDecimals(1)
        self.setSuffix(_SUFFIX)
        self.setKeyboardTracking(False)
        self.valueChanged.connect(self._choose)
        self.editingFinished.connect(self._typed)
        line = self.lineEdit()
        assert line is not None
        line.textEdited.connect(self._write)

    def show_limits(self, share: float, *, by_hand: bool) -> None:
        """Show what the colours go by; nothing is chosen by that."""
        if (share, by_hand) == (round(self.value(), 1), self._by_hand):
            return
        self._by_hand = by_hand
        blocked = self.blockSignals(True)
        self.setSuffix("" if by_hand else _SUFFIX)
        self.setValue(share)
        self.blockSignals(blocked)

    def textFromValue(self, value: float) -> str:
        """What stands in the box."""
        return BY_HAND if self._by_hand else super().textFromValue(value)

    def valueFromText(self, text: str | None) -> float:
        """The share that is meant."""
        return self.value() if text == BY_HAND else super().valueFromText(text)

    def validate(self, text: str | None, at: int) -> tuple[QValidator.State, str, int]:
        """*by hand* stays where it stands; it cannot be typed."""
        if text == BY_HAND and self._by_hand:
            return QValidator.State.Acceptable, text, at
        state: tuple[QValidator.State, str, int] = super().validate(text, at)
        return state

    def _write(self, text: str) -> None:
        self._written = text

    def _typed(self) -> None:
        """A number that is the one of before changes no value, but is chosen all the same."""
        written, self._written = self._written, ""
        good = self.validate(written, 0)[0] == QValidator.State.Acceptable
        if self._by_hand and good and written != BY_HAND:
            self._choose(self.value())

    def _choose(self, share: float) -> None:
        self.show_limits(share, by_hand=False)
        self.chosen.emit(share)
