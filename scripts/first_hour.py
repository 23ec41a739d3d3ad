"""The first hour with the window, done by a machine: real mouse and keys, three real maps, one line per step.

    xvfb-run -a -s "-screen 0 1600x1000x24" python scripts/first_hour.py OUT [--maps HFFc6 …] [--interactions 500]

xdotool moves the mouse and types where it is installed, with openbox as window manager if that is; else Qt's own test
events go to the top-level window.  Maps lie in $HICSTRUCT_DATA, else ../shared/data.  Pictures go to the folder OUT.
Exit status 1 if a step failed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts.first_hour_maps import DATA, MAPS
from scripts.first_hour_projects import ProjectSteps
from scripts.xdotool_hand import XdotoolHand, window_manager

SCALED_STEPS = ("a run is", "review keys", "a click selects", "nothing is cut")
"""First words of the steps that are done at 150 %, too."""


class Hour(ProjectSteps):
    """The steps on one map, in one window."""

    # -------------------------------------------------------------- the steps
    def open(self) -> None:
        import napari
        from qtpy.QtWidgets import QApplication

        from napari_hicstruct.plugin._docks import open_dock
        from napari_hicstruct.plugin.controllers.session import ensure_session
        from tests.gui.person import Person

        viewer = napari.Viewer(show=True)
        free = viewer.window._qt_window.screen().availableGeometry()
        viewer.window._qt_window.setGeometry(20, 40, min(1500, free.width() - 40), min(920, free.height() - 80))
        dock = open_dock(viewer)
        self.person = Person(viewer, ensure_session(viewer), dock, XdotoolHand() if shutil.which("xdotool") else None)
        self.person.rest(1_500)
        button = dock._invitation.open
        self.person.answering(str(DATA / "maps" / self.place.map), lambda: self.person.click(button))
        self.wait(lambda: self.session.source is not None)
        self.person.rest(2_500)
        self.go(self.place.region)
        assert self.place.map.split("_")[0] in viewer.window._qt_window.windowTitle()
        assert QApplication.activeModalWidget() is None
        self.shoot("opened")

    def run_is_one_undo(self) -> None:
        panel = self.panel("predict")
        self.person.click(panel.scope._buttons["view"])
        self.person.click(panel.run_button)
        self.wait(lambda: panel.state.running, 20)
        self.wait(lambda: not panel.state.running, 300)
        self.person.rest(800)
        made = len(self.records())
        assert made, "the model found nothing"
        self.person.key("U")
        assert not self.records(), f"{len(self.records())} of {made} stayed"
        self.person.key("Ctrl+Shift+Z")
        assert len(self.records()) == made
        self.shoot("predicted")

    def keys_after_a_list_box(self) -> None:
        panel = self.panel("review")
        self.person.unfold(panel.folds["filter"])
        self.person.choose(panel.filters.kind, "loops")
        self.person.key("N")
        first = self.current
        assert first is not None, "N did nothing"
        for key, word in (("A", "accepted"), ("R", "rejected")):
            uid = self.current
            self.person.key(key)
            assert self.statuses()[uid].value == word, f"{key} did nothing"
        self.person.choose(self.panel("map").colormap, "magma")
        self.person.key("M")
        assert self.panel("map").colormap.currentText() == "magma"
        assert len(self.session.project.reviewed(self.session.chrom)) == 1, "M did nothing"
        self.person.key("U", "U", "U")
        assert not self.session.project.reviewed(self.session.chrom)
        assert {one.value for one in self.statuses().values()} == {"proposed"}
        self.shoot("keys")

    def click_selects_and_cycles(self) -> None:
        self.go(self.place.region)
        self.person.key("Escape")
        several = self.spots(2) or self.spots()
        place, there = several[0]
        for number in range(len(there) + 1):
            self.person.click_map(place)
            expected = there[number % len(there)]
            assert self.current == expected, f"click {number + 1} of {len(there)} there chose another one"
        self.shoot("clicked")

    def quick_clicks_cycle(self) -> None:
        """Two clicks as quick as a double click are two clicks."""
        place, there = (self.spots(2) or self.spots())[-1]
        self.person.click_map(place)
        before = there.index(self.current)
        self.person.rest(700)
        at = self.person.at(place)
        for _ in range(2):
            self.person.hand.down(at, _left())
            self.person.hand.up(at, _left())
        self.person.rest(300)
        assert self.current == there[(before + 2) % len(there)], "one of two quick clicks was lost"

    def delete_takes_the_selected(self) -> None:
        before = self.records()
        place, there = self.spots()[0]
        self.person.click_map((place[0], place[1]))
        chosen = self.current
        assert chosen in there
        self.person.key("Delete")
        assert before.keys() - self.records().keys() == {chosen}
        self.person.key("U")
        assert self.records() == before

    def lasso_is_kept(self) -> None:
        self.go(self.place.region)
        candidates = self.spots()
        place = candidates[len(candidates) // 2][0]
        before = self.statuses()
        self.person.key("G")
        radius = 45 / self.person.viewer.scene.camera.zoom
        self.person.lasso(*place, radius)
        self.person.rest(300)
        caught = list(self.session.review.lasso.uids)
        assert caught, "the first lasso caught nothing"
        self.shoot("lasso")
        self.person.key("R")
        after = self.statuses()
        assert {uid for uid in after if after[uid] is not before[uid]} == set(caught)
        self.person.key("U")
        assert self.statuses() == before

    def below_the_diagonal(self) -> None:
        import numpy as np

        rows, _ = self.session.visible()
        place = (rows.start + 0.8 * len(rows), rows.start + 0.3 * len(rows))
        known = self.records()
        self.person.key("L")
        self.person.click_map(place)
        self.person.key("Escape")
        (made,) = (record for uid, record in self.records().items() if uid not in known)
        drawn = self.person.viewer.layers["Loops"].data
        assert np.abs(drawn - np.array(place)).max(axis=1).min() <= 2 * made.resolution, "it is drawn elsewhere"
        self.shoot("below")
        self.person.key("U")
        assert self.records() == known

    # -------------------------------------------------------------- files and sets
    def labels_file(self) -> Path:
        if self.place.labels is not None:
            return DATA / "labels" / self.place.labels
        path = self.out / "five-loops.bedpe"
        chrom, start = self.session.chrom, self.session.visible()[0].start
        lines = [(start + 300_000 + 200_000 * k, start + 900_000 + 250_000 * k) for k in range(5)]
        path.write_text("".join(f"{chrom}\t{a}\t{a + 10_000}\t{chrom}\t{b}\t{b + 10_000}\n" for a, b in lines))
        return path

    def import_and_undo(self) -> None:
        sets, known = len(self.session.labels.sets()), self.records()
        panel = self.panel("labels")
        self.person.answering(str(self.labels_file()), lambda: self.person.click(panel.import_button))
        self.wait(lambda: self.session.importing.report is not None and not self.session.importing.running)
        self.person.rest(500)
        assert len(self.records()) > len(known)
        assert len(self.session.labels.sets()) == sets + 1
        self.shoot("imported")
        self.person.key("U")
        self.person.rest(300)
        assert self.records() == known
        assert len(self.session.labels.sets()) == sets, "an empty set stays"
        self.person.key("Ctrl+Shift+Z")
        assert len(self.session.labels.sets()) == sets + 1

    def refused_import(self) -> None:
        known, panel, said = self.records(), self.panel("labels"), list(self.errors)
        path = DATA / "labels" / self.place.foreign
        self.person.answering(str(path), lambda: self.person.click(panel.import_button))
        self.wait(lambda: not self.session.importing.running)
        self.wait(panel.report.isVisible, 10)
        text = panel.report.lines[0].text().replace("\u200b", "")
        assert "chromosome" in text.split(path.name)[0], f"the reason does not come first: {text}"
        assert self.records() == known
        new = [one for one in self.errors if one not in said]
        assert len(new) == 1, f"notified of {new}"
        assert new[0].startswith("Not imported: ")
        self.errors.remove(new[0])  # it was to be seen
        self.person.reach(panel.report)
        self.shoot("refused")

    def rename_and_delete_a_set(self) -> None:
        sets, known, panel = self.session.labels.sets(), self.records(), self.panel("labels")
        row = panel._rows[sets[-1].id]
        self.person.fill(row.name, "mine")
        self.wait(lambda: self.session.labels.sets()[-1].name == "mine", 5)
        self.person.key("N")  # the keyboard is back on the map
        assert self.session.labels.sets()[-1].name == "mine"
        self.person.click(row.more)
        self.shoot("set-menu")
        self.person.pick("Delete")
        self.wait(lambda: len(self.session.labels.sets()) == len(sets) - 1, 20)
        self.person.key("U")
        self.wait(lambda: len(self.session.labels.sets()) == len(sets), 20)
        assert self.records() == known

    def all_objects(self) -> None:
        from qtpy.QtWidgets import QApplication, QTableView

        self.person.click(self.panel("labels").table_button)
        tables: list[Any] = []

        def there() -> bool:
            tables[:] = [w for w in QApplication.allWidgets() if isinstance(w, QTableView) and w.isVisible()]
            return bool(tables)

        self.wait(there, 10)
        self.person.rest(800)
        (table,) = tables
        index = table.indexAt(table.viewport().rect().center())
        self.person._click_at(table.viewport().mapToGlobal(table.visualRect(index).center()))
        self.person.rest(800)
        assert self.current == self.session.review.objects.uids[index.row()], "a click on a row goes elsewhere"
        record = self.records()[self.current]
        rows, cols = self.session.visible()
        assert rows.start <= record.anchor1.start <= rows.end
        assert cols.start <= record.anchor2.start <= cols.end
        self.shoot("all-objects")
        dock = table.window() if table.window() is not self.person.main else table.parent()
        while type(dock).__name__ != "QtViewerDockWidget":
            dock = dock.parent()
        self.person.click(dock.title.close_button)
        self.go(self.place.region)

    def export(self) -> None:
        place, there = self.spots()[0]
        self.person.click_map(place)
        self.person.key("A")
        panel = self.panel("export")
        folder = self.out / f"export-{self.name}"
        shutil.rmtree(folder, ignore_errors=True)  # of the run before: the window would ask
        self.person.fill(panel.folder.line, str(folder))
        self.person.click(panel.save)
        self.wait(panel.result.isVisible, 20)
        self.person.reach(panel.result)
        assert panel.result.text().startswith("Wrote 1 "), panel.result.text()
        (written,) = folder.glob("loops.bedpe")
        assert there
        assert "loop_0001" in written.read_text()
        self.shoot("exported")

    def small_window(self) -> None:
        window = self.person.main
        window.resize(1000, 700)
        self.person.rest(800)
        width, height = window.width(), window.height()
        share = self.person.native.width() / width
        self.shoot("1000x700")
        window.resize(1500, 920)
        self.person.rest(800)
        assert (width, height) == (1000, 700), f"the window refuses: {width} x {height}"
        assert share >= 0.55, f"the map has {share:.0%} of the width"

    def close_and_reopen_the_dock(self) -> None:
        from qtpy.QtWidgets import QApplication

        known = self.records()
        dock = self.person.dock.parentWidget()
        self.person.click(dock.title.close_button)
        self.person.rest(500)
        self.person.pick_from_bar("Plugins", "HiC Structures", "HiC Structures (HiC Structures)")
        self.person.rest(1_000)
        docks = [w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock" and w.isVisible()]
        assert len(docks) == 1, f"{len(docks)} docks"
        self.person.dock = docks[0]
        assert self.records() == known
        self.shoot("reopened")

    def open_another_map(self) -> None:
        from qtpy.QtWidgets import QApplication

        path = str(DATA / "maps" / self.other.map)
        self.person.answering(path, lambda: self.person.click(self.person.dock.header.open))
        self.wait(lambda: self.session.source is not None and Path(self.session.source.uri).name == self.other.map)
        self.person.rest(2_000)
        docks = [w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock" and w.isVisible()]
        assert docks == [self.person.dock], f"{len(docks)} docks"
        assert self.current is None
        assert not self.records(), "objects of the former map"
        assert not self.person.viewer.canvas.overlays.text.text, self.person.viewer.canvas.overlays.text.text
        self.shoot("another-map")

    def all_steps(self, only: Sequence[str] = ()) -> None:
        """Do the steps, or ``only`` those whose words begin so; a map is always opened."""
        for words, act in self.listed():
            if only and act != self.open and not words.startswith(tuple(only)):
                continue
            self.step(words, act)
            if self.person is None or self.session.source is None:
                break  # nothing can be done without a window and a map

    def listed(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        return (
            ("open a map", self.open),
            ("a run is one undo", self.run_is_one_undo),
            ("review keys after a list box", self.keys_after_a_list_box),
            ("a click selects, the next cycles", self.click_selects_and_cycles),
            ("quick clicks cycle, too", self.quick_clicks_cycle),
            ("Delete takes what is selected", self.delete_takes_the_selected),
            ("the first lasso is kept", self.lasso_is_kept),
            ("the menu of a right click", self.menu_of_a_right_click),
            ("editing moves one and keeps its handles", self.editing_moves_one_and_keeps_its_handles),
            ("a loop below the diagonal", self.below_the_diagonal),
            ("key sheet and tool buttons", self.sheet_and_tools),
            ("O: others dim, hide, show", self.others_step_back),
            ("an import is one undo", self.import_and_undo),
            ("a refused import says why", self.refused_import),
            ("rename and delete a set", self.rename_and_delete_a_set),
            ("duplicate a set", self.duplicate_and_merge_sets),
            ("levels and themes", self.levels_and_themes),
            ("a file that is no map", self.a_file_that_is_no_map),
            ("all objects", self.all_objects),
            ("export", self.export),
            ("the verdict of a fine-tune", self.verdict_of_a_fine_tune),
            ("save a copy and open it", self.save_a_copy_and_open_it),
            ("show the project file", self.show_project_file),
            ("read only until the other has gone", self.read_only_until_the_other_has_gone),
            ("1000 x 700", self.small_window),
            ("close and reopen the dock", self.close_and_reopen_the_dock),
            ("open another map", self.open_another_map),
            ("back by the recent maps", self.recent_maps),
            *(() if self.scale() == 1 else (("nothing is cut at 150 %", self.nothing_is_cut_when_scaled),)),
        )


def _left() -> Any:
    from qtpy.QtCore import Qt

    return Qt.MouseButton.LeftButton


def interact(number: int, out: Path, errors: list[str]) -> list[str]:
    """Random interactions against the model of the window; what failed."""
    import napari

    from tests.gui.person import Person
    from tests.gui.test_random_interactions import Driver, make_map, prepare
    from tests.gui.view_kit import open_in

    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.setGeometry(20, 40, 1500, 920)
    hand = XdotoolHand() if shutil.which("xdotool") else None
    person = Person(viewer, *open_in(viewer, make_map(out / "random.mcool")), hand)
    seed = random.SystemRandom().randrange(1_000_000)
    driver = Driver(person, prepare(person, seed), seed)
    try:
        for done in range(0, number, 50):
            driver.run(min(50, number - done))
            print(f"random   {len(driver.log)} of {number} interactions", flush=True)
        assert not errors, errors
    except AssertionError as error:
        print(f"random   FAILED after {len(driver.log)} of {number} interactions, seed {seed}: {error}", flush=True)
        return ["random interactions"]
    finally:
        viewer.window._qt_window.screen().grabWindow(0).save(str(out / "random.png"))
        (out / "random.mcool").unlink()
    print(f"random   ok     {number} interactions as the model predicts, seed {seed}", flush=True)
    return []


def run_scaled(name: str, out: Path) -> list[str]:
    """Some steps once more with all of the window half as large again; Qt takes that at its start alone."""
    scaled = out / "scaled"
    command = [sys.executable, __file__, str(scaled), "--maps", name, "--only", *SCALED_STEPS]
    done = subprocess.run(command, env={**os.environ, "QT_SCALE_FACTOR": "1.5"}, check=False)
    return [] if done.returncode == 0 else [f"{name}: at 150 %"]


def follow_errors(errors: list[str]) -> None:
    """Collect what napari would report, and what slots raise."""
    from napari.utils.notifications import notification_manager

    def take(notification: Any) -> None:
        if str(getattr(notification, "severity", "")) == "error":
            errors.append(str(notification.message))

    notification_manager.notification_ready.connect(take)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--maps", nargs="*", default=list(MAPS), choices=list(MAPS))
    parser.add_argument("--interactions", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=(), metavar="WORDS", help="steps that begin so, not at 150 %%")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    follow_errors(errors)
    failed: list[str] = []
    with window_manager():
        for name in args.maps:
            names = list(MAPS)
            hour = Hour(name, args.out, MAPS[names[(names.index(name) + 1) % len(names)]])
            hour.errors = errors
            os.environ["HICSTRUCT_HOME"] = f"{os.environ['HICSTRUCT_HOME']}-{name}"  # no project of the map before
            hour.all_steps(args.only)
            failed += [f"{name}: {words}" for words in hour.failed]
            if hour.person is not None:
                hour.person.viewer.close()
        if not args.only:
            failed += run_scaled(args.maps[0], args.out)
        if args.interactions:
            failed += interact(args.interactions, args.out, errors)
    print(f"{len(failed)} failed" if failed else "all as written", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        for key in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS"):
            os.environ[key] = f"{home}/{key}"
        os.environ["NAPARI_CONFIG"] = f"{home}/napari.yaml"
        code = main()
        sys.stdout.flush()
        os._exit(code)  # Qt's objects, deleted in any order, may crash at the interpreter's end
