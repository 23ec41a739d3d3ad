"""Places that one steps through: bookmarks of the open map, and lists of other people (BED, BEDPE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.errors import HicStructError, RegionError, readable
from napari_hicstruct.plugin.state.view import View, parse_view
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations.readers.places import ListedPlace
    from napari_hicstruct.plugin.state.map import MapState
    from napari_hicstruct.plugin.state.settings import Settings

BOOKMARKS = "Bookmarks"
_SETTING = "bookmarks"
_MAX_BOOKMARKS = 500
_AROUND_BINS = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A view with a name."""

    view: View
    name: str

    @property
    def text(self) -> str:
        """As a line of a list."""
        return f"{self.name} · {self.view.short()}" if self.name else self.view.short()


class Places:
    """The lists of places of a window, and the place in hand.

    Parameters
    ----------
    window : MapState
    settings : Settings
        Where the bookmarks of each map are kept.

    Attributes
    ----------
    changed : Signal
        Another list, another place, or a bookmark more or less.
    chosen : str
        Name of the list that one steps through: :data:`BOOKMARKS`, or a file.
    """

    changed = Signal()

    def __init__(self, window: MapState, settings: Settings) -> None:
        self._window, self._settings = window, settings
        self._lists: dict[str, list[Place]] = {BOOKMARKS: []}
        self.chosen = BOOKMARKS
        self._at: int | None = None
        window.map_changed.connect(self._on_map)
        self._on_map()

    @property
    def names(self) -> list[str]:
        """Of the lists, the bookmarks first."""
        return list(self._lists)

    @property
    def here(self) -> Sequence[Place]:
        """The list that is chosen."""
        return self._lists[self.chosen]

    @property
    def at(self) -> int | None:
        """Number (from 0) of the place that one stepped to last; None before."""
        return self._at

    def choose(self, name: str) -> None:
        """Step through another list from now on."""
        self.chosen, self._at = name, None
        self.changed.emit()

    # ------------------------------------------------------------------ stepping
    def step(self, by: int) -> Place:
        """Go ``by`` places on, round the end.

        Raises
        ------
        RegionError
            If the list is empty.
        """
        if not self.here:
            raise RegionError("There are no places yet.", hint="K keeps this one; Places … opens a BED or BEDPE.")
        first = 0 if by > 0 else len(self.here) - 1
        return self.go(first if self._at is None else (self._at + by) % len(self.here))

    def go(self, number: int) -> Place:
        """Show a place of the list by its number (from 0)."""
        place = self.here[number]
        self._at = number
        self._window.go_to(place.view.rows, place.view.cols)
        self.changed.emit()
        return place

    # ------------------------------------------------------------------ bookmarks
    def keep(self, name: str = "") -> Place:
        """Keep what is in view as a bookmark of this map, once.

        Raises
        ------
        RegionError
            If no part of the map is in view.
        """
        view = View(*self._window.visible())
        if not len(view.rows) or not len(view.cols):
            raise RegionError("No part of the map is in view.")
        place, kept = Place(view, name), self._lists[BOOKMARKS]
        if all(one.view.link() != view.link() for one in kept):
            kept.append(place)
            del kept[:-_MAX_BOOKMARKS]
            self._write()
        self.chosen = BOOKMARKS
        self._at = next(number for number, one in enumerate(kept) if one.view.link() == view.link())
        self.changed.emit()
        return place

    def drop(self, number: int) -> None:
        """Forget a bookmark."""
        del self._lists[BOOKMARKS][number]
        self._at = None
        self._write()
        self.changed.emit()

    def _write(self) -> None:
        lines = [f"{one.view.link()}\t{one.name}" for one in self._lists[BOOKMARKS]]
        self._settings.set_entry(_SETTING, self._key(), lines or None)

    def _key(self) -> str:
        assert self._window.source is not None
        return absolute_uri(self._window.source.uri)

    # ------------------------------------------------------------------ lists
    def open(self, path: str | Path) -> str:
        """Step through a BED or BEDPE; what became of its lines, in a sentence.

        Raises
        ------
        HicStructError
            If no map is open, or the file lists no places of it.
        """
        from napari_hicstruct.annotations.readers.places import read_places

        source = self._window.source
        if source is None:
            raise RegionError("No map is open.", hint="Open a contact map first.")
        found, name = read_places(path, source.chromsizes), readable(Path(path).name)
        views = [Place(self._around(one), one.name) for one in found.places]
        self._lists[name], self.chosen, self._at = views, name, None
        self.changed.emit()
        left = [
            f"{how_many(number, 'line')} {what}"
            for number, what in ((found.between, "between chromosomes"), (found.elsewhere, "not on this map"))
            if number
        ]
        return f"{how_many(len(views), 'place')} of {name}" + (f"; left out: {', '.join(left)}" if left else "")

    def close_list(self, name: str) -> None:
        """Forget a list that was opened."""
        if name != BOOKMARKS:
            self._lists.pop(name, None)
            self.choose(BOOKMARKS)

    def _around(self, place: ListedPlace) -> View:
        """A place with its surroundings: twice its length, or 40 bins on each side."""
        source = self._window.source
        assert source is not None
        first, second, finest = place.first, place.second, source.resolutions[0]
        length = source.chromsizes[first.chrom]
        apart = abs(second.center - first.center)
        margin = max(_AROUND_BINS * finest, max(len(first), len(second)) // 2, int(0.1 * apart))
        return View(first.expand(margin, length), second.expand(margin, length))

    # ------------------------------------------------------------------ another map
    def _on_map(self) -> None:
        """Bookmarks are of one map; lists of places go with the map that they were read for."""
        self._lists, self.chosen, self._at = {BOOKMARKS: []}, BOOKMARKS, None
        source = self._window.source
        if source is not None:
            lines = self._settings.entry(_SETTING, self._key(), [])
            kept = [_place_of(str(line), source.chromsizes) for line in lines]
            self._lists[BOOKMARKS] = [one for one in kept if one is not None]
        self.changed.emit()


def _place_of(line: str, chromsizes: Mapping[str, int]) -> Place | None:
    """A bookmark as it was written; None where the map has another genome by now."""
    region, _, name = line.partition("\t")
    try:
        return Place(parse_view(region, chromsizes), name)
    except HicStructError:
        return None
