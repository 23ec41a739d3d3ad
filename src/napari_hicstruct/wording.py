"""Words that depend on a number, for all texts that people read."""

from __future__ import annotations


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


def clock(seconds: float) -> str:
    """A length of time: ``0:12``, ``3:05``, ``1:02:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
