"""How a problem reaches the person in the window: one notification, in words, the reason first."""

from __future__ import annotations

from collections.abc import Callable
from weakref import ref

from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.compat import isalive
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QApplication

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.plugin.state.labels.import_report import ImportReport
from napari_hicstruct.plugin.state.sentences import breakable, short_text

_READING_MS = 12_000
"""So long several lines stay; one stays four seconds."""
_WRAPPED = int(Qt.TextFlag.TextWordWrap.value)
_MARGINS_PX, _FRAME_PX, _GAP_PX = 122, 24, 4
"""Of napari's notification, beside and around its text, and between two of them."""

_MAX_SAID = 10
_SAID: list[tuple[Callable[[str], None], str]] = []
_SHOWN: list[tuple[ref[NapariQtNotification], bool]] = []
"""Our boxes that may still be shown, the newest last, and whether each is an error or a warning."""


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


def last_messages() -> list[str]:
    """What was said last, the newest first: also what is no longer shown."""
    return [text for _show, text in reversed(_SAID)]


def show_again(text: str) -> None:
    """Show one of :func:`last_messages` once more."""
    for show, said in reversed(_SAID):
        if said == text:
            _show(show, text)
            return


def _show(show: Callable[[str], None], text: str) -> None:
    """Show all of a text, and of our older ones only an error or a warning right before it, above it."""
    _SAID[:] = [*(one for one in _SAID if one[1] != text), (show, text)][-_MAX_SAID:]
    before = list(NapariQtNotification._instances)
    show(text)
    for box in NapariQtNotification._instances[-1:]:
        if box not in before:
            _fit(box, text)
            _make_room(box, is_problem=show is not show_info)


def _fit(box: NapariQtNotification, text: str) -> None:
    """Show all of a text: napari cuts it to one line, and what is behind its arrow for several is an empty box."""
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


def _make_room(box: NapariQtNotification, *, is_problem: bool) -> None:
    """Take our older boxes out of the way: they would cover the map, and each other."""
    older = [(old, kept) for one, kept in _SHOWN if (old := one()) is not None and isalive(old) and old.isVisible()]
    stays = older[-1][0] if older and older[-1][1] and older[-1][0].parent() is box.parent() else None
    for old, _kept in older:
        if old is not stays:
            _close(old)
    _SHOWN[:] = [(ref(one), kept) for one, kept in older if one is stays] + [(ref(box), is_problem)]
    if stays is not None:
        stays.geom_anim.stop()
        stays.move(stays.x(), box.y() - stays.height() - _GAP_PX)
        stays.timer.start(_READING_MS)


def _close(box: NapariQtNotification) -> None:
    """napari gives the keyboard to the canvas when a box goes; who types goes on typing."""
    focused = QApplication.focusWidget()
    box.close()
    if focused is not None and isalive(focused):
        focused.setFocus()
