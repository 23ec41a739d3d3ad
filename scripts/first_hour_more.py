"""Further steps of the first hour: menus, tools, editing, sets, themes, files that are no maps."""

from __future__ import annotations

from typing import Any

from scripts.first_hour_base import Steps
from scripts.first_hour_maps import DATA


class MoreSteps(Steps):
    """Menus, tools, editing, sets, themes, and a file that is no map."""

    def menu_of_a_right_click(self) -> None:
        """It acts on the object that it names, also while the lasso holds others."""
        from qtpy.QtCore import Qt

        places = self.spots()
        (caught_at, caught), (place, there) = places[0], places[-1]
        before = self.statuses()
        self.person.key("G")
        self.person.lasso(*caught_at, 12 / self.person.viewer.scene.camera.zoom)
        self.person.rest(300)
        self.person.click_map(place, Qt.MouseButton.RightButton)
        self.shoot("object-menu")
        self.person.pick("Reject")
        after = self.statuses()
        changed = [uid for uid in after if after[uid] is not before[uid]]
        assert changed == [there[0]], f"{changed} was judged, {there[0]} was meant, {caught} was caught"
        self.person.key("U")
        assert self.statuses() == before

    def editing_moves_one_and_keeps_its_handles(self) -> None:
        place, there = self.spots()[0]
        before = self.records()
        self.person.click_map(place)
        self.person.key("E")
        tool = self.session.review.edit_tool
        assert tool.uid == there[0], "E edits another one"
        step = 25 / self.person.viewer.scene.camera.zoom
        self.person.drag_map(place, (place[0] - step / 2, place[1] + step / 2), (place[0] - step, place[1] + step))
        moved = {uid for uid, one in self.records().items() if one != before[uid]}
        assert moved == {there[0]}, f"moved: {moved}"
        self.person.key("Ctrl+Z")
        assert self.records() == before
        assert tool.uid == there[0], "the handles have gone"
        self.shoot("edited")
        self.person.key("Escape")
        assert tool.uid is None

    def sheet_and_tools(self) -> None:
        from qtpy.QtWidgets import QApplication

        self.person.key("?")
        self.wait(lambda: _sheets(QApplication), 5)
        self.shoot("keys-sheet")
        self.person.key("Escape")
        self.wait(lambda: not _sheets(QApplication), 5)
        for name, button in self.person.dock.tools.buttons.items():
            if button.isCheckable():
                self.person.click(button)
                assert self.session.review.tool == name, f"{name} was clicked, the mouse has {self.session.review.tool}"
                self.person.click(button)
                assert self.session.review.tool == ""

    def others_step_back(self) -> None:
        self.person.key("N")
        seen = []
        for _ in range(3):
            self.person.key("O")
            seen.append(self.session.labels.others)
        assert len(set(seen)) == 3, f"O gave {seen}"
        self.person.key("Escape")
        self.go(self.place.region)

    def duplicate_and_merge_sets(self) -> None:
        known, panel = self.records(), self.panel("labels")
        sets = self.session.labels.sets()
        self.person.click(panel._rows[sets[0].id].more)
        self.person.pick("Duplicate")
        self.wait(lambda: len(self.session.labels.sets()) == len(sets) + 1, 20)
        own = len([uid for uid in known if self.session.labels.set_of(uid).id == sets[0].id])
        assert len(self.records()) == len(known) + own
        self.person.key("U")
        self.wait(lambda: len(self.session.labels.sets()) == len(sets), 20)
        assert self.records() == known

    def levels_and_themes(self) -> None:
        panel = self.panel("labels")
        for number in (1, 0):
            self.person.choose(panel.levels, panel.levels.itemText(number))
            assert panel.levels.currentIndex() == number
        viewer = self.person.viewer
        for theme in ("light", "dark"):
            viewer.theme = theme
            self.person.rest(600)
            self.shoot(theme)

    def a_file_that_is_no_map(self) -> None:
        """Tracks are no maps: one sentence, and the map stays."""
        said, source = list(self.errors), self.session.source
        (track,) = (DATA / "tracks").glob("*.bigwig")
        self.person.viewer.window._qt_viewer._qt_open([str(track)], stack=False)
        self.wait(lambda: len(self.errors) > len(said), 10)
        new = [one for one in self.errors if one not in said]
        assert len(new) == 1, f"notified of {new}"
        assert "track" in new[0].lower(), new[0]
        self.errors.remove(new[0])  # it was to be seen
        assert self.session.source is source


def _sheets(application: Any) -> list[Any]:
    return [w for w in application.allWidgets() if type(w).__name__ == "KeySheet" and w.isVisible()]
