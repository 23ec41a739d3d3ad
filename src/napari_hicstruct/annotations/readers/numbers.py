"""Numbers as people and programs write them: decimal commas, thousands in groups, percentages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

MISSING = {"", ".", "na", "nan", "none", "null", "n/a", "#n/a", "<na>", "-"}
"""Cells that hold no value (in lower case)."""

_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?$")
_INFINITE = re.compile(r"^[-+]?inf(inity)?$", re.IGNORECASE)
_BLANKS = " \u00a0\u2009\u202f"
_GROUPED = re.compile(rf"^[-+]?\d{{1,3}}(?:[{_BLANKS}'’_]\d{{3}})+([.,]\d+)?$")
_COMMA_GROUPED = re.compile(r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$")
_DOT_GROUPED = re.compile(r"^[-+]?\d{1,3}(\.\d{3})+(,\d+)?$")
_DECIMAL_COMMA = re.compile(r"^[-+]?\d*,\d+([eE][-+]?\d+)?%?$")
_UNUSUAL = re.compile(rf"(?m)^[^\S\n]*[-+]?\d[\d.]*(?:[,{_BLANKS}'’_]|\.\d*\.)")
"""Some line begins like a number that is none as it stands."""
_MARKS = (".", ",", "'", "’", "_", *_BLANKS)
_LOOSE = re.compile(rf"^[-+]?\d[\d.,{_BLANKS}'’_]*([eE][-+]?\d+)?%?$")


def is_number(text: str) -> bool:
    """True for an integer, a float, or a percentage."""
    return bool(_NUMBER.match(text.strip()))


def may_be_number(text: str) -> bool:
    """True also for a number with decimal comma or grouped thousands."""
    return is_number(text) or bool(_LOOSE.match(text.strip()))


def is_missing(text: str) -> bool:
    """True for an empty cell and for the words that programs write into one."""
    return text.strip().lower() in MISSING


def value_of(text: str) -> float:
    """The number in a cell (``inf`` and ``%`` too); NaN where there is none."""
    cell = text.strip()
    if is_number(cell):
        return float(cell.rstrip("%"))
    return float(cell) if _INFINITE.match(cell) else math.nan


def plain_column(cells: Sequence[str], *, position: bool, decimal_comma: bool) -> list[str] | None:
    """Cells of one column with points as decimals and without groups; None if they need no change.

    Parameters
    ----------
    cells : sequence of str
    position : bool
        True for a column of positions: ``1.234`` and ``1,234`` are then thousands.
    decimal_comma : bool
        True if the file writes decimal commas elsewhere: ``1,234`` is then 1.234 where it could be both.
    """
    joined = "\n".join(cells)
    if not any(mark in joined for mark in _MARKS) or not (position or _UNUSUAL.search(joined)):
        return None
    stripped = [cell.strip() for cell in cells]
    special = [cell for cell in stripped if not is_number(cell) and _LOOSE.match(cell)]
    dotted = [cell for cell in stripped if _DOT_GROUPED.match(cell)] if position else []
    groups_by_dot = bool(dotted) and _all_groups_by_dot(stripped, dotted)
    if not special and not groups_by_dot:
        return None
    commas = [cell for cell in special if "," in cell]
    if commas and not position and all(map(_is_colour, commas)):
        return None
    grouped = commas and all(_COMMA_GROUPED.match(cell) and not cell.startswith("0,") for cell in commas)
    several = any(cell.count(",") > 1 for cell in commas)
    thousands = bool(grouped) and (position or several or not decimal_comma)
    return [_plain(cell, thousands, groups_by_dot) for cell in stripped]


def writes_decimal_commas(cells: Sequence[str]) -> bool:
    """True if some cell of a column can only be a number with a decimal comma, and none writes a point."""
    commas = [cell for cell in (one.strip() for one in cells if "," in one) if _DECIMAL_COMMA.match(cell)]
    sure = [cell for cell in commas if not _COMMA_GROUPED.match(cell) or cell.lstrip("+-").startswith("0,")]
    return bool(sure) and not any(is_number(cell) and "." in cell for cell in cells)


def _all_groups_by_dot(cells: Sequence[str], dotted: Sequence[str]) -> bool:
    """True if points part thousands: no position is below 1,000 and has three decimals all the same."""
    if any(cell.count(".") > 1 for cell in dotted):
        return True
    seen = set(dotted)
    others = [cell for cell in cells if cell not in seen and not is_missing(cell)]
    return all(cell.isdecimal() and len(cell) <= 3 for cell in others)


def _is_colour(cell: str) -> bool:
    parts = cell.split(",")
    return len(parts) == 3 and all(part.isdecimal() and int(part) < 256 for part in parts)


def _plain(cell: str, thousands: bool, groups_by_dot: bool) -> str:
    if _GROUPED.match(cell):
        return re.sub(rf"[{_BLANKS}'’_]", "", cell).replace(",", ".")
    if _DOT_GROUPED.match(cell) and (groups_by_dot or "," in cell):
        return cell.replace(".", "").replace(",", ".")
    if thousands and _COMMA_GROUPED.match(cell):
        return cell.replace(",", "")
    if _DECIMAL_COMMA.match(cell):
        return cell.replace(",", ".")
    return cell
