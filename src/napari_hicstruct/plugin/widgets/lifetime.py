"""What a widget listens to, for as long as it is there.

The state of a window outlives its docks: a panel that was closed must not be called any more.  A psygnal signal holds
on to the Python half of a widget, whose Qt half is deleted by then, and everything that it does raises.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from types import MethodType
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject

_KEPT = "_followed"
"""Attribute of a widget: its connections."""


def follow(owner: QObject, signal: Any, slot: Callable[..., object]) -> Connection:
    """Call ``slot`` at each ``signal`` of the state (psygnal's, or napari's events) while ``owner`` is alive.

    Panels and shared widgets connect in no other way; signals of Qt need none of this.

    Parameters
    ----------
    owner : QObject
        The widget whose end is the end of the connection.
    signal : psygnal.SignalInstance or napari's EventEmitter
    slot : callable
        Not kept alive: a method of a widget, or what a widget has as an attribute.

    Returns
    -------
    Connection
        To end it before.
    """
    made = Connection(owner, signal, slot)
    owner.__dict__.setdefault(_KEPT, []).append(made)
    signal.connect(made)
    return made


def let_go(root: QObject) -> None:
    """End what ``root`` and all in it follow: it is about to be deleted."""
    for widget in (root, *root.findChildren(QObject)):
        for connection in getattr(widget, "__dict__", {}).pop(_KEPT, ()):
            connection.end()


class Connection:
    """Passes a signal on, but not to a widget that Qt has deleted without a word.

    Qt's ``destroyed`` is no help: where Python's garbage collector deletes the widget, what it would call is gone, too.
    """

    def __init__(self, owner: QObject, signal: Any, slot: Callable[..., object]) -> None:
        self._owner, self._signal = weakref.ref(owner), signal
        self._slot: Any = weakref.WeakMethod(slot) if isinstance(slot, MethodType) else weakref.ref(slot)
        self._n_args = _capacity(slot)

    def __call__(self, *args: Any) -> None:
        owner, slot = self._owner(), self._slot()
        if owner is not None and slot is not None and isalive(owner):
            slot(*args[: self._n_args])

    def end(self) -> None:
        """Listen no more."""
        self._signal.disconnect(self)


def _capacity(slot: Callable[..., object]) -> int | None:
    """How many arguments a slot takes; None for any number."""
    parameters = inspect.signature(slot).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return None
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters)
