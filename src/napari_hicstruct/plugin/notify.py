"""How a problem reaches the person in the window: one notification, in words."""

from __future__ import annotations

from napari.utils.notifications import show_error, show_warning

from napari_hicstruct.errors import Cancelled, HicStructError


def show_problem(error: HicStructError) -> None:
    """One notification with the error's sentence; being cancelled is no problem."""
    if not isinstance(error, Cancelled):
        show_error(str(error))


def show_note(text: str) -> None:
    """One notification of something that is no error but should be known."""
    show_warning(text)
