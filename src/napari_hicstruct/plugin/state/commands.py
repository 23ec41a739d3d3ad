"""The commands of a window: their keys and what they do, in words.  The keyboard, the key sheet and the buttons' texts
all come from this one table."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.state.labels.palette import plural_of

_JUST_NOW_S = 0.5

LOOK = "Look"
"""Heading of what only looks: those commands are methods of the window's navigation."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a key does.

    Attributes
    ----------
    name : str
        A method of the window's review (of its navigation under :data:`LOOK`), or ``add`` and the kind.
    keys : tuple of str
        As Qt reads them, the usual one first.
    group : str
        Heading on the key sheet; empty: not listed there.
    text : str
        What it does.
    """

    name: str
    keys: tuple[str, ...]
    group: str
    text: str


def _add(kind: Kind, key: str) -> Command:
    return Command(f"add {kind.value}", (key,), "Draw", f"add {plural_of(kind)}")


COMMANDS: tuple[Command, ...] = (
    Command("accept", ("A",), "Judge", "accept: it is there"),
    Command("reject", ("R",), "Judge", "reject: it is not there"),
    Command("edit", ("E",), "Judge", "edit: move or resize it with the mouse"),
    Command("mark_region_reviewed", ("M",), "Judge", "mark what is in view as reviewed"),
    Command("delete", ("Delete", "Backspace"), "Judge", "delete what is selected"),
    Command("next", ("N",), "Go", "next candidate"),
    Command("previous", ("P",), "Go", "previous candidate"),
    Command("change_others", ("O",), "Go", "other objects: dim, hide or show"),
    Command("find", ("F",), LOOK, "type where to go: region or gene"),
    Command("back", ("Alt+Left",), LOOK, "back to the view before"),
    Command("forward", ("Alt+Right",), LOOK, "forward again"),
    Command("next_place", (".",), LOOK, "next place of the list"),
    Command("previous_place", (",",), LOOK, "previous place of the list"),
    Command("keep_place", ("K",), LOOK, "keep the view as a bookmark"),
    Command("copy_link", ("Y",), LOOK, "copy the view as a link"),
    Command("tilt", ("V",), LOOK, "tilt the map: the genome along, distance up"),
    Command("flicker", ("X",), LOOK, "the other map in the same place"),
    Command("show_genome", ("W",), LOOK, "the whole genome, all chromosomes"),
    Command("measure", ("D",), LOOK, "measure distances with the mouse"),
    _add(Kind.LOOP, "L"),
    _add(Kind.STRIPE, "S"),
    _add(Kind.TAD, "T"),
    _add(Kind.BOUNDARY, "B"),
    Command("lasso_candidates", ("G",), "Draw", "lasso: judge many at once"),
    Command("stop", ("Escape",), "Draw", "put the tool down: the mouse pans"),
    Command("undo", ("U", "Ctrl+Z"), "Undo", "take the last step back"),
    Command("redo", ("Ctrl+Shift+Z",), "Undo", "do it again"),
    Command("show_keys", ("?", "F1"), "Help", "this sheet"),
    Command("refuse_paste", ("Ctrl+V",), "", "nothing: objects are not pasted"),
)


def command(name: str) -> Command:
    """A command by its name; StopIteration if there is none."""
    return next(one for one in COMMANDS if one.name == name)


MOUSE: tuple[Command, ...] = (
    Command("", ("Click",), "Mouse", "select; once more: the next one there"),
    Command("", ("Right click",), "Mouse", "what can be done with it"),
    Command("", ("Drag",), "Mouse", "pan"),
    Command("", ("Wheel",), "Mouse", "zoom"),
)
"""What the mouse does while no tool is in hand, for the key sheet."""


def keys_of(name: str) -> tuple[str, ...]:
    """The keys of a command."""
    return command(name).keys


def key_of(name: str) -> str:
    """The usual key of a command, for a button: ``A``."""
    return keys_of(name)[0]


class LastKey:
    """When a key last carried out a command: what follows is shown, wherever the mouse lies."""

    def __init__(self) -> None:
        self._at = -math.inf

    def note(self) -> None:
        """A key carries out a command now."""
        self._at = time.monotonic()

    def was_just_now(self) -> bool:
        """True right after."""
        return time.monotonic() - self._at < _JUST_NOW_S


last_key = LastKey()
"""Of the application: a person has one keyboard."""
