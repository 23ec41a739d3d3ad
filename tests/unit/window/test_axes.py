"""Where ticks stand along the map, and how their numbers are written."""

from __future__ import annotations

import pytest

from napari_hicstruct.plugin.state.map.axes import AxesState, step_of, ticks
from napari_hicstruct.plugin.state.settings import Settings

LENGTH = 48_129_895


@pytest.mark.parametrize(("apart", "step"), [(1, 1), (3, 5), (70_001, 100_000), (180_000, 200_000), (6e6, 10_000_000)])
def test_steps_are_round(apart: float, step: int) -> None:
    assert step_of(apart) == step


def test_numbers_are_round_and_in_megabases() -> None:
    found = ticks(29_660_000, 31_340_000, 400_000, LENGTH)
    assert (found.unit, found.major) == ("Mb", ((30_000_000, "30.0"), (30_500_000, "30.5"), (31_000_000, "31.0")))
    assert found.minor[:4] == (29_700_000, 29_800_000, 29_900_000, 30_100_000)


def test_deep_in_they_are_kilobases() -> None:
    found = ticks(24_301_000, 24_316_000, 4_000, LENGTH)
    assert found.unit == "kb"
    assert [text for _, text in found.major] == ["24,305", "24,310", "24,315"]
    assert [text for _, text in ticks(24_301_000, 24_301_900, 200, LENGTH).major][:2] == ["24,301.0", "24,301.2"]


def test_there_are_none_beside_the_chromosome() -> None:
    found = ticks(-9e6, 60e6, 8e6, LENGTH)
    assert [text for _, text in found.major] == ["0", "10", "20", "30", "40"]
    assert max(found.minor) <= LENGTH
    assert ticks(60e6, 70e6, 1e6, LENGTH).major == ()


def test_whether_they_are_shown_is_remembered(private_folders: object) -> None:
    seen: list[bool] = []
    state = AxesState(Settings())
    assert state.on
    state.changed.connect(seen.append)
    state.show(False)
    state.show(False)
    assert seen == [False]
    assert not AxesState(Settings()).on
