"""Calls are counted by kind, and those that the model holds likely apart."""

from __future__ import annotations

from napari_hicstruct.annotations.tally import CallTally
from tests.window_kit import loop, stripe, tad


def test_each_kind_with_those_of_half_or_more() -> None:
    tally = CallTally([loop(0, 500_000, probability=p) for p in (0.03, 0.49, 0.5, 0.9)])
    tally.add([stripe((0, 10_000), (0, 400_000), probability=0.2), tad(0, 300_000, probability=0.7)])
    assert tally.total == 6
    assert str(tally) == "4 loops (2 with p ≥ 0.5), 1 stripe (0 with p ≥ 0.5), 1 TAD (1 with p ≥ 0.5)"


def test_without_probabilities_there_are_numbers_alone() -> None:
    assert str(CallTally([tad(0, 300_000), tad(300_000, 600_000), loop(0, 500_000)])) == "1 loop, 2 TADs"
    assert str(CallTally()) == ""
    assert CallTally().total == 0
