"""How a problem reaches the person in the window: one notification, in words, the reason first."""

from __future__ import annotations

from napari.utils.notifications import show_error, show_info, show_warning

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.plugin.state.import_report import ImportReport
from napari_hicstruct.plugin.state.sentences import short_text


def show_problem(error: HicStructError) -> None:
    """One notification with the error's sentence; being cancelled is no problem."""
    if not isinstance(error, Cancelled):
        show_error(short_text(error))


def show_note(text: str) -> None:
    """One notification of something that is no error but should be known."""
    show_warning(text)


def show_done(text: str) -> None:
    """One notification of something that was done."""
    show_info(text)


def show_report(report: ImportReport) -> None:
    """What came of an import, in one sentence; the Labels section has all of it."""
    text = report.headline()
    if not text:
        return
    (show_error if report.is_failure else show_info if report.is_clean else show_warning)(text)
