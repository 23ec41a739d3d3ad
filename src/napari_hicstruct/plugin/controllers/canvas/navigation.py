"""What keys and buttons do that only looks: back and forward, places, links, distances.  Nothing is edited."""

from __future__ import annotations

from collections.abc import Callable

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.controllers.clipboard import copy_text
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.state.map.navigation import NavigationState
from napari_hicstruct.plugin.state.map.places import Place


class Navigation:
    """The commands under the heading *Look* of the key sheet.

    Parameters
    ----------
    review : Review
        Of the window; its tools are put down where one of ours is taken.
    state : NavigationState
    """

    def __init__(self, review: Review, state: NavigationState) -> None:
        self._review, self._labels = review, review.labels
        self._window, self._state = review.labels.window, state

    def back(self) -> None:
        """Return to the view before this one."""
        if not self._window.can_go_back:
            self._labels.hint("There is no view before this one.")
        else:
            self._try(self._window.back)

    def forward(self) -> None:
        """Go on to the view that :meth:`back` came from."""
        if not self._window.can_go_forward:
            self._labels.hint("This is the last view.")
        else:
            self._try(self._window.forward)

    def find(self) -> None:
        """Let the person type where to go."""
        self._state.find_wanted.emit()

    def copy_link(self) -> None:
        """Copy the view as a region string."""

        def copy() -> None:
            link = self._state.link()
            copy_text(link)
            self._labels.hint(f"Copied: {link}")

        self._try(copy)

    def keep_place(self) -> None:
        """Keep the view as a bookmark."""

        def keep() -> None:
            place = self._state.places.keep()
            self._labels.hint(f"Kept as a bookmark: {place.text}")

        self._try(keep)

    def next_place(self) -> None:
        """Go to the next place of the list."""
        self._step(1)

    def previous_place(self) -> None:
        """Go to the place before it."""
        self._step(-1)

    def tilt(self) -> None:
        """Turn the map by 45°, or back."""
        self._window.show_tilted(not self._window.projection.tilted)

    def flicker(self) -> None:
        """Show the other map in the same place."""
        name = self._state.flicker()
        self._labels.hint(name or "There is no second map: open one under Second map.")

    def show_genome(self) -> None:
        """Show all chromosomes beside the map."""
        self._state.genome_wanted.emit()

    def measure(self) -> None:
        """Measure distances with the mouse."""
        self._review.measure()

    def _step(self, by: int) -> None:
        places = self._state.places

        def step() -> None:
            self._labels.hint(self._words(places.step(by)))

        self._try(step)

    def _words(self, place: Place) -> str:
        places = self._state.places
        number = 0 if places.at is None else places.at + 1
        return f"{number:,} of {len(places.here):,} · {place.text}"

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except HicStructError as error:
            self._window.problem.emit(error)
