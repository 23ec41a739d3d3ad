"""Errors that a person may see: one sentence on what is wrong, where, and what to do.

Every error raised on bad input derives from :class:`HicStructError`; the command line turns it into one line
and exit status 2, the dock into one notification.  None of them derives from ``RuntimeError``, because napari's
generator workers lose those without a signal (see ``jobs/runner.py``).
"""

from __future__ import annotations


class HicStructError(Exception):
    """Base of all errors meant for people.

    Parameters
    ----------
    message : str
        What is wrong, in words a biologist understands.
    where : str, optional
        File, line, contig or region the message is about; printed first.
    hint : str, optional
        What the person can do about it; printed last.
    """

    def __init__(self, message: str, *, where: object | None = None, hint: str | None = None) -> None:
        self.message = message
        self.where = None if where is None else str(where)
        self.hint = hint
        super().__init__(message, where, hint)

    def __str__(self) -> str:
        text = self.message if self.where is None else f"{self.where}: {self.message}"
        return readable(text if self.hint is None else f"{text} {self.hint}")

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.where, self.hint))


def readable(text: str) -> str:
    """``text`` without the halves by which Python keeps bytes of file names that are no letters: ``\\xe9`` instead.

    What is UTF-8 becomes the letters that it is, also where the locale knows no such letters.
    """
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # halves that are no bytes of a name
        return text.encode("utf-8", "backslashreplace").decode()


def _rebuild(kind: type[HicStructError], message: str, where: str | None, hint: str | None) -> HicStructError:
    """Unpickle with keywords, so that errors cross process borders whole."""
    return kind(message, where=where, hint=hint)


class MapError(HicStructError):
    """A contact map cannot be read or lacks what was asked of it."""


class TrackError(MapError):
    """A track cannot be read, or does not go with the map."""


class RegionError(HicStructError):
    """A region is misspelt or lies outside the map."""


class LabelError(HicStructError):
    """A label file cannot be read or does not fit the map."""


class ImageError(HicStructError):
    """A picture cannot be read, or does not go with the other one."""


class ProjectError(HicStructError):
    """A project file cannot be opened, written, or belongs to another map."""


class SequenceError(HicStructError):
    """A FASTA file cannot be read, or lacks the sequence that was asked of it."""


class ConfigError(HicStructError):
    """A configuration has an unknown key or an impossible value."""


class ModelError(HicStructError):
    """A model folder is damaged, unsafe or does not fit the task."""


class OutputError(HicStructError):
    """A result cannot be written; what stood there before is untouched."""


class JobError(HicStructError):
    """Long work failed; carries the original exception as ``__cause__``."""


class Cancelled(HicStructError):
    """Long work was cancelled by the person."""
