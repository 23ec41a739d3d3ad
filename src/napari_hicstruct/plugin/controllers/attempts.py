"""One try to edit: the project is made if there is something to keep, and a refusal is told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_hicstruct.errors import HicStructError

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.editor import Editor


def attempt(editor: Editor, work: Any, *, keeps: bool, show_error: Callable[[str], None]) -> Any:
    """Call ``work(project)``; an error for people becomes a notification, None is returned.

    Parameters
    ----------
    editor : Editor
    work : callable
    keeps : bool
        ``work`` keeps something: a project is made if there is none, and taken away again if nothing came into it.
        Without it ``work`` is given None where there is no project.
    show_error : callable
        Tells the person of a refusal.
    """
    session = editor.session
    if session.source is None:
        editor.hint("Open a contact map first: edits belong to a map.")
        return None
    try:
        return work(editor.project or session.ensure_project() if keeps else editor.project)
    except HicStructError as error:
        editor.hint(str(error))
        show_error(str(error))
        return None
    finally:
        if keeps:
            session.discard_unused_project()
