"""Where a run over the genome is done: by this computer, or by the workers of a scheduler; remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.settings import Settings

PLACES = {
    "computer": ("This computer", "In this window, as any other run."),
    "cluster": ("Cluster", "By the workers of a dask scheduler: the run goes on when the window is closed."),
}
"""Place → title and what it means, in one sentence."""

_PLACE, _SCHEDULER = "genome_place", "scheduler"


class ClusterChoice:
    """Who runs a whole genome.

    Parameters
    ----------
    settings : Settings, optional
        Where it is remembered; without any, nowhere.

    Attributes
    ----------
    changed : Signal
    """

    changed = Signal()

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        place = "" if settings is None else settings.get(_PLACE, "")
        self._place = place if place in PLACES else "computer"
        self._scheduler = "" if settings is None else settings.get(_SCHEDULER, "")

    @property
    def place(self) -> str:
        """One of :data:`PLACES`."""
        return self._place

    @property
    def scheduler(self) -> str:
        """Address or scheduler file."""
        return self._scheduler

    def choose(self, place: str) -> None:
        """Run there from now on."""
        self._place = place
        self._remember(_PLACE, place)

    def name(self, scheduler: str) -> None:
        """Take the workers of that scheduler."""
        self._scheduler = scheduler.strip()
        self._remember(_SCHEDULER, self._scheduler)

    def _remember(self, name: str, value: str) -> None:
        if self._settings is not None:
            self._settings.set(name, value)
        self.changed.emit()

    def problem(self) -> str:
        """Why nothing can run there; empty if it can be tried."""
        if self._place == "cluster" and not self._scheduler:
            return "Name the scheduler: its address, such as tcp://host:8786, or its scheduler file."
        return ""
