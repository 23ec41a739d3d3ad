"""Cells of the table of bars: gallery and pile-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def gallery(result: Mapping[str, Any]) -> str:
    """First page, scrolling, judging."""
    scrolled = result["scrolling"]
    return (
        f"{result['first_page_s']:.2g} s; {scrolled['max_ms']:.0f} ms (p95 {scrolled['p95_ms']:.0f} ms); "
        f"{result['judged_per_s']:.2g} per second, {result['wrong_or_lost']} lost"
    )


def pileup(result: Mapping[str, Any]) -> str:
    """Differences and seconds."""
    seconds = result["seconds"]
    return (
        f"{result['same_expected']['max_difference']:.1g}; TADs r = {result['tads']['correlation']:.3f}; "
        f"{seconds['ours']:.2g} s, coolpup.py {seconds['theirs']:.2g} s"
    )
