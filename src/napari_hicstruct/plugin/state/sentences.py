"""An error in a window: the reason first, the file's name last and without its path."""

from __future__ import annotations

import re
from typing import Any

from napari_hicstruct.errors import Cancelled, HicStructError, readable

_LONG = re.compile(r"\S{25,}")
_JOINT = re.compile(r"([_./\\-])")


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


def about_file(error: HicStructError) -> str:
    """The error as one sentence that begins with the file's name, without its path."""
    name = short_text(error).rpartition("(")[2].rstrip(")") if error.where else ""
    first = error.message[:1]
    if not name or not first.islower() or name == short_text(error):
        return short_text(error)
    return readable(f"{name} {error.message} {error.hint or ''}".strip())


def as_sentence(note: str) -> str:
    """A note with a capital at its beginning and a full stop at its end."""
    text = note.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text[-1:] in ".!?…" else ".")


def breakable(text: str) -> str:
    """The same text, where the long names of files may be broken at the end of a line."""
    return _LONG.sub(lambda word: _JOINT.sub("\\1\u200b", word[0]), text)


def first_fault(error: ValueError) -> str:
    """What pydantic complains of first, in one sentence."""
    errors: list[Any] = getattr(error, "errors", list)()
    if not errors:
        return f"{error}."
    key = ".".join(str(part) for part in errors[0]["loc"])
    text = str(errors[0]["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{key}: {text}." if key else f"{text}."
