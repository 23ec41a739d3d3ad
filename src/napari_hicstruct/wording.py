"""Numbers with their nouns, lengths of time, and long names cut short, for all texts that people read."""

from __future__ import annotations

import re
from collections.abc import Sequence


def how_many(n: int, one: str, many: str = "") -> str:
    """Say how many there are: ``1 object``, ``2,000 objects``.

    Parameters
    ----------
    n : int
    one : str
        The thing in the singular; words before it may stand with it (``bad line``).
    many : str
        Its plural, where that is not made with an s.
    """
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def first_few(names: Sequence[str], there: int = 0, most: int = 5) -> str:
    """``chr1, chr2, chr3 …``: a few of ``there`` names (as many as are given); dots only where there are more."""
    more = " …" if max(len(names), there) > min(len(names), most) else ""
    return f"{', '.join(names[:most])}{more}"


def clock(seconds: float) -> str:
    """A length of time: ``0:12``, ``3:05``, ``1:02:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def middle_elided(text: str, most: int = 26) -> str:
    """At most so many letters: names of files differ at their ends."""
    if len(text) <= most:
        return text
    ahead = (most - 1) // 2
    return f"{text[:ahead]}…{text[len(text) - (most - 1 - ahead) :]}"


def distinct_names(first: str, second: str, most: int) -> tuple[str, str]:
    """Two names in at most so many letters; of longer ones that part which differs, as whole words."""
    if max(len(first), len(second)) <= most:
        return first, second
    parts = [re.split(r"(?<=[_. -])", one) for one in (first, second)]
    ahead = _alike(*parts)
    behind = _alike(*(one[ahead:][::-1] for one in parts))
    return tuple(_between(one, ahead, behind, most) for one in parts)  # type: ignore[return-value]


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words are the same from the start on."""
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(map(len, (first, second)))
    )


def _between(words: Sequence[str], ahead: int, behind: int, most: int) -> str:
    own = "".join(words[ahead : len(words) - behind]).strip("_. -")
    text = f"{'…' if ahead else ''}{own}{'…' if behind else ''}"
    return middle_elided(text if own else "".join(words), most)
