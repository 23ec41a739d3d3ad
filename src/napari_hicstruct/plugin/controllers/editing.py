"""Editing: layers ⇄ store, keys, tools, undo.  :func:`attach` joins it to a session, once."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari_hicstruct.plugin.controllers.editor import Editor
from napari_hicstruct.plugin.controllers.importing import import_files
from napari_hicstruct.plugin.controllers.keys import Keys
from napari_hicstruct.plugin.controllers.review import Review
from napari_hicstruct.plugin.layers.overlays.transposes import Transposes
from napari_hicstruct.plugin.state.reviewer import give_name

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.session import Session

__all__ = ["Attachment", "Editor", "Review", "attach", "detach", "import_files"]


class Attachment:
    """What editing adds to one session: the overlays, the commands and their keys.

    Attributes
    ----------
    editor : Editor
    review : Review
    keys : Keys
    transposes : Transposes
    """

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        self.editor = Editor(session)
        self.review = Review(self.editor)
        self.keys = Keys(self.review)
        self.transposes = Transposes(self.editor)
        session.map_changed.connect(self._on_map)
        session.project_changed.connect(give_name)
        give_name(session._project)
        self._on_map()

    def _on_map(self) -> None:
        session = self._session()
        if session is None or session.source is None:
            self.keys.unbind()
            self.transposes.show(False)
            self.editor.hide_layers()
        else:
            self.editor.show_layers()
            self.keys.bind()

    def close(self) -> None:
        """Take layers and keys out of the window."""
        self.keys.unbind()
        self.transposes.show(False)
        self.review.close()
        session = self._session()
        if session is not None:
            session.map_changed.disconnect(self._on_map)
            session.project_changed.disconnect(give_name)
        self.editor.close()


_ATTACHED: weakref.WeakKeyDictionary[Any, Attachment] = weakref.WeakKeyDictionary()


def attach(session: Session) -> Attachment:
    """Overlays, keys and commands of ``session``; made on first use, the same one ever after."""
    if session not in _ATTACHED:
        _ATTACHED[session] = Attachment(session)
    return _ATTACHED[session]


def detach(session: Session) -> None:
    """Undo :func:`attach`."""
    attachment = _ATTACHED.pop(session, None)
    if attachment is not None:
        attachment.close()
