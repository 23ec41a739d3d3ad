"""How a problem reaches the person in the window: one notification, in words, the reason first."""

from __future__ import annotations

from collections.abc import Callable

from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtCore import QRect, Qt

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.plugin.state.import_report import ImportReport
from napari_hicstruct.plugin.state.sentences import breakable, short_text

_READING_MS = 12_000
"""So long several lines stay; one stays four seconds."""
_WRAPPED = int(Qt.TextFlag.TextWordWrap.value)
_MARGINS_PX, _FRAME_PX = 122, 24
"""Of napari's notification, beside and around its text."""


def show_problem(error: HicStructError) -> None:
    """One notification with the error's sentence; being cancelled is no problem."""
    if not isinstance(error, Cancelled):
        _show(show_error, short_text(error))


def show_note(text: str) -> None:
    """One notification of something that is no error but should be known."""
    _show(show_warning, text)


def show_done(text: str) -> None:
    """One notification of something that was done."""
    _show(show_info, text)


def show_report(report: ImportReport) -> None:
    """What came of an import, in one sentence; the Labels section has all of it."""
    text = report.headline()
    if text:
        _show(show_error if report.is_failure else show_info if report.is_clean else show_warning, text)


def _show(show: Callable[[str], None], text: str) -> None:
    """Show all of a text: napari cuts it to one line, and what is behind its arrow for several is an empty box."""
    show(text)
    for box in NapariQtNotification._instances[-1:]:
        label = box.message
        if label.text() == text and label.fontMetrics().horizontalAdvance(text) > label.minimumWidth():
            label.setElideMode(Qt.TextElideMode.ElideNone)
            label.setText(text := breakable(text))
            width = box.width() - _MARGINS_PX
            height = label.fontMetrics().boundingRect(QRect(0, 0, width, 2000), _WRAPPED, text).height()
            label.setMinimumSize(width, height)
            box.expand_button.hide()
            if box.timer.isActive():
                box.timer.start(_READING_MS)
            box.geom_anim.stop()  # to its place for one line
            box.setMinimumHeight(height + _FRAME_PX)
            box.resize(box.width(), height + _FRAME_PX)
            box.move_to_bottom_right()
