"""How a problem reaches the person in the window: one notification, in words, the reason first."""

from __future__ import annotations

import re

from napari.utils.notifications import show_error, show_info, show_warning

from napari_hicstruct.errors import Cancelled, HicStructError, readable
from napari_hicstruct.plugin.state.import_report import ImportReport, reason


def show_problem(error: HicStructError) -> None:
    """One notification with the error's sentence; being cancelled is no problem."""
    if not isinstance(error, Cancelled):
        show_error(short_text(error))


def short_text(error: HicStructError) -> str:
    """The error's sentence, then the file's name without its path: a notification shows few words, the first ones."""
    where = error.where or ""
    if not where.startswith(("/", "\\")) and where[1:3] != ":\\":
        return str(error)
    name = re.split(r"[/\\]", where.partition("::")[0])[-1]
    return f"{reason(error)} ({readable(name)})"


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
