"""How a problem reaches the person in the window: one notification, in words."""

from __future__ import annotations

import re

from napari.utils.notifications import show_error, show_warning

from napari_hicstruct.errors import Cancelled, HicStructError


def show_problem(error: HicStructError) -> None:
    """One notification with the error's sentence; being cancelled is no problem."""
    if not isinstance(error, Cancelled):
        show_error(short_text(error))


def short_text(error: HicStructError) -> str:
    """The error's sentence with the file's name in place of its path: a notification shows few words."""
    where = error.where or ""
    if not where.startswith(("/", "\\")) and where[1:3] != ":\\":
        return str(error)
    return str(error).replace(where, re.split(r"[/\\]", where.partition("::")[0])[-1], 1)


def show_note(text: str) -> None:
    """One notification of something that is no error but should be known."""
    show_warning(text)
