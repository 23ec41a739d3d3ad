r"""Text in cells of label files, written so that it reads back the same.

An empty value is ``.``, as BED and BEDPE have it; a value that is itself ``.`` is ``\.``; tab, line break, NUL
and backslash are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

EMPTY = "."
_OUT = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
_IN = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", ".": ".", "0": "\0"}
_ESCAPED = re.compile(r"\\([\\tnr.0])")
_LIST_PART = re.compile(r"(?:\\.|[^,\\])+")
_LIST_ESCAPED = re.compile(r"\\(.)")


def to_cell(value: str) -> str:
    """One cell; never empty, never with a tab or line break."""
    if not value:
        return EMPTY
    if value == EMPTY:
        return "\\."
    return value.translate(_OUT)


def from_cell(cell: str) -> str:
    """Inverse of :func:`to_cell`."""
    if "\\" not in cell:
        return "" if cell == EMPTY else cell
    return _ESCAPED.sub(lambda match: _IN[match.group(1)], cell)


def to_list_cell(values: Sequence[str]) -> str:
    """A cell of names with commas between them; a comma inside a name is escaped."""
    return to_cell(",".join(value.replace("\\", "\\\\").replace(",", "\\,") for value in values))


def from_list_cell(cell: str) -> tuple[str, ...]:
    """Inverse of :func:`to_list_cell`; names are stripped, empty ones dropped."""
    names = (part.strip() for part in _LIST_PART.findall(from_cell(cell)))
    return tuple(_LIST_ESCAPED.sub(r"\1", name) for name in names if name)
