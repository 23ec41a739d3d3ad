"""Lengths that no list of calls can mean: bins and tolerances with a unit too many."""

from __future__ import annotations

from napari_hicstruct.errors import ConfigError

MAX_BIN_SIZE = 10_000_000
"""bp; the coarsest level of any map is below it."""

MAX_TOLERANCE = 10_000_000
"""bp; two calls farther apart are never one structure."""


def check_both(tolerance: int, bin_size: int, longest: int = 0) -> None:
    """:func:`check_tolerance` and :func:`check_bin_size` of a consensus.

    Raises
    ------
    ConfigError
    """
    check_tolerance(tolerance, longest)
    check_bin_size(bin_size, "--bin-size", longest)


def check_tolerance(given: int, longest: int = 0) -> None:
    """Refuse a tolerance within which everything is the same.

    Parameters
    ----------
    given : int
        bp; 0: the default.
    longest : int
        Longest chromosome, bp; 0: unknown.

    Raises
    ------
    ConfigError
    """
    _check("--tolerance", given, MAX_TOLERANCE, longest)


def check_bin_size(given: int, option: str, longest: int = 0) -> None:
    """Refuse bins that hold whole chromosomes.

    Parameters
    ----------
    given : int
        bp; 0: the default.
    option : str
        That of the command line.
    longest : int
        Longest chromosome, bp; 0: unknown.

    Raises
    ------
    ConfigError
    """
    _check(option, given, MAX_BIN_SIZE, longest)


def _check(option: str, given: int, most: int, longest: int) -> None:
    if given > most:
        raise ConfigError(f"{given:,} bp is too much.", where=option, hint=f"Give {most:,} bp at most; 20k is usual.")
    if longest and given >= longest:
        what = f"{given:,} bp is no less than the longest chromosome, {longest:,} bp."
        raise ConfigError(what, where=option, hint="Give less; 20k is usual.")
