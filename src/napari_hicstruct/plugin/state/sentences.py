"""An error in a window: the reason first, the file's name last and without its path."""

from __future__ import annotations

import re

from napari_hicstruct.errors import Cancelled, HicStructError, readable


def reason(error: HicStructError) -> str:
    """What is wrong and what to do, without the place."""
    if isinstance(error, Cancelled):
        return "cancelled."
    text = readable(error.message if error.hint is None else f"{error.message} {error.hint}")
    return text[:1].upper() + text[1:]


def short_text(error: HicStructError) -> str:
    """The error's sentence, then the file's name: what shows few words shows the first ones."""
    where = error.where or ""
    if not where.startswith(("/", "\\")) and where[1:3] != ":\\":
        return str(error)
    name = re.split(r"[/\\]", where.partition("::")[0])[-1]
    return f"{reason(error)} ({readable(name)})"
