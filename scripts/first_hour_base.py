"""What every step of the first hour has: a person in a window, what they see, and how a step is reported."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.first_hour_maps import MAPS, Place


class Steps:
    """One map in one window."""

    def __init__(self, name: str, out: Path, other: Place) -> None:
        self.name, self.place, self.other, self.out = name, MAPS[name], other, out
        self.failed: list[str] = []
        self.errors: list[str] = []
        self.person: Any = None

    # -------------------------------------------------------------- reporting
    def step(self, words: str, act: Callable[[], None]) -> None:
        """Do a step; say how it went and take a picture where it failed."""
        errors = len(self.errors)
        try:
            act()
            assert len(self.errors) == errors, f"raised: {self.errors[errors:]}"
        except Exception as error:
            self.failed.append(words)
            print(f"{self.name:8} FAILED {words}: {type(error).__name__}: {error}", flush=True)
            traceback.print_exc(limit=-4)
            self.shoot(f"FAILED-{words}")
            self.person and self.person.key("Escape")
        else:
            print(f"{self.name:8} ok     {words}", flush=True)

    def shoot(self, what: str) -> None:
        path = self.out / f"{self.name}-{'-'.join(what.split())}.png"
        window = self.person.main
        assert window.screen().grabWindow(0).save(str(path))

    # -------------------------------------------------------------- what there is
    @property
    def session(self) -> Any:
        return self.person.session

    @property
    def current(self) -> str | None:
        return self.session.labels.current_uid

    def panel(self, key: str) -> Any:
        """The body of a section, unfolded."""
        self.person.unfold(self.person.dock.sections[key])
        return self.person.dock.sections[key].body

    def records(self) -> dict[str, Any]:
        return {} if self.session.project is None else {record.uid: record for record in self.session.project.query()}

    def statuses(self) -> dict[str, Any]:
        return {uid: record.status for uid, record in self.records().items()}

    def under(self, place: tuple[float, float]) -> list[str]:
        """What a click there may mean, in order."""
        from tests.gui.test_random_interactions import touched

        scale = 1 / self.person.viewer.scene.camera.zoom
        found = [(touched(record, place, scale), uid) for uid, record in self.records().items()]
        return [uid for touch, uid in sorted((t, u) for t, u in found if t is not None)]

    def spots(self, least: int = 1) -> list[tuple[tuple[float, float], list[str]]]:
        """Places in view where a loop is, with all that lies there; those with at least so many."""
        from napari_hicstruct.annotations.records import Kind
        from tests.gui.test_random_interactions import middle

        found = []
        for record in self.records().values():
            place = middle(record)
            if record.kind is Kind.LOOP and self.person.seen(place):
                exact = self.person.place(self.person.at(place))
                there = self.under(exact)
                if len(there) >= least and there[0] == record.uid:
                    found.append((place, there))
        return found

    def wait(self, until: Callable[[], Any], seconds: float = 60) -> None:
        from tests.gui.view_kit import pump

        assert pump(until, seconds), "it did not happen in time"

    def go(self, region: str) -> None:
        self.person.fill(self.panel("map").region, region)
        self.person.rest(1_200)
