"""The row of what runs: ✕ asks, and the row stays until the work has ended."""

from __future__ import annotations

from typing import Any

from napari_hicstruct.errors import Cancelled
from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.state.busy import BusyState
from napari_hicstruct.plugin.widgets.busy_row import BusyRow
from tests.gui.view_kit import pump
from tests.window_kit import SteppedRunner


def test_the_row_says_that_work_is_being_stopped_until_it_has(qtbot: Any) -> None:
    runner = SteppedRunner()
    busy = BusyState(runner)
    row = BusyRow(busy)
    qtbot.addWidget(row)
    busy.changed.connect(row.update_busy)
    ended: list[object] = []

    def work(token: Any) -> Any:
        for k in range(9):
            yield Clock().step("writing", k, 9)

    busy.start("The export", work, done=ended.append, failed=ended.append)
    assert pump(row.isVisible, 2)
    runner.advance(2)
    row.cancel_button.click()
    assert busy.text == "The export"
    assert row.isVisible()
    assert row.bar.format() == "stopping …"
    assert not row.cancel_button.isEnabled()
    runner.advance(1)
    assert not row.isVisible()
    assert [type(one) for one in ended] == [Cancelled]
    busy.start("The export", work, done=ended.append, failed=ended.append)
    assert row.cancel_button.isEnabled()
    busy.end()
