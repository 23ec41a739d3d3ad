"""The map gets its share of the window's width, whatever was wanted beside it."""

from __future__ import annotations

import pytest

from napari_hicstruct.plugin.state.layout import MAP_SHARE, MIN_DOCK, USUAL_DOCK, Share, share_width

PANELS = 270


@pytest.mark.parametrize("window", [667, 911, 1000, 1199, 1200, 1366, 1500, 1920, 2560])
@pytest.mark.parametrize("panels", [True, False])
@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("dock", [MIN_DOCK, USUAL_DOCK, 900])
def test_the_map_keeps_its_share(window: int, panels: bool, folded: bool, dock: int) -> None:
    share = share_width(window, dock=dock, folded=folded, panels=panels, panels_width=PANELS)
    beside = share.dock + (PANELS if share.panels else 0)
    assert window - beside >= MAP_SHARE * window
    assert (share.dock == 0) == folded, "there is room for the dock from 667 px on"
    assert share.dock <= dock
    assert panels or not share.panels


def test_first_napari_panels_go_then_the_dock() -> None:
    def share(window: int) -> Share:
        return share_width(window, dock=USUAL_DOCK, folded=False, panels=True, panels_width=PANELS)

    assert share(1920) == Share(USUAL_DOCK, True)
    assert share(1000) == Share(USUAL_DOCK, False)
    assert share(667) == Share(244, False)
    assert share(500) == Share(0, False)
