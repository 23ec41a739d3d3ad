"""Standard output and error as users leave them: Latin-1, ASCII, closed, full."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata

_HANDLER = "hicstruct.transliterate"
_PLAIN = {
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "·": "*", "•": "*", "×": "x", "÷": "/", "→": "->",
    "←": "<-", "↔": "<->", "⇄": "<->", "⇒": "=>", "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "±": "+-", "µ": "u",
    "μ": "u", "κ": "kappa", "σ": "sigma", "α": "alpha", "β": "beta", "γ": "gamma", "Δ": "delta", "√": "sqrt",
    "∞": "inf", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "«": '"', "»": '"', "✓": "yes", "✗": "no",
    "°": " deg", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "\u00a0": " ",
    "\u202f": " ", "\u2009": " ", "█": "#", "▏": "|", "─": "-", "━": "-", "╸": "-", "╺": "-", "│": "|", "┃": "|",
}  # fmt: skip
_BYTES = range(0xDC80, 0xDD00)
"""Halves of surrogate pairs by which Python keeps bytes of file names that are no letters."""


def _plain(letter: str) -> str:
    """``letter`` in ASCII: a usual way to write it, without its accent, or a question mark."""
    if ord(letter) in _BYTES:
        return f"\\x{ord(letter) - 0xDC00:02x}"
    if letter in _PLAIN:
        return _PLAIN[letter]
    if 0x2500 <= ord(letter) < 0x2580:  # corners and crossings of lines
        return "+"
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"


def transliterate(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: what an encoding lacks is written in ASCII."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_plain, letters)), error.end


def prepare_streams() -> None:
    """Let no letter, no closed stream and no reader that left end a command with a traceback."""
    codecs.register_error(_HANDLER, transliterate)
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError, OSError):  # closed, or detached by somebody
                stream.reconfigure(errors=_HANDLER)


def _open_closed() -> None:
    """Put the null device where a standard stream is closed: the next file opened would take its place and number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY
            descriptor = os.open(os.devnull, flags)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # Python gives none for what is closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def give_up_stdout() -> None:
    """Nothing more can be written there: keep Python from trying again at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(descriptor, sys.stdout.fileno())
        finally:
            os.close(descriptor)
