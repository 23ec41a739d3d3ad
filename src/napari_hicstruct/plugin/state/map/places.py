"""Places that one steps through: bookmarks of the open map, and lists of other people (BED, BEDPE)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.errors import HicStructError, RegionError, readable
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, Runner
from napari_hicstruct.plugin.state.map.view import View, parse_view
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations.readers.places import ListedPlace, PlaceList
    from napari_hicstruct.plugin.state.map.map import MapState
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


class _Around(Sequence[Place]):
    """What a file lists, as views with their surroundings: each made when it is looked at."""

    def __init__(self, listed: Sequence[ListedPlace], around: Callable[[ListedPlace], View]) -> None:
        self._listed, self._around = listed, around

    def __len__(self) -> int:
        return len(self._listed)

    def __getitem__(self, number: Any) -> Any:
        one = self._listed[number]
        return Place(self._around(one), one.name)


class Places:
    """The lists of places of a window, and the place in hand.

    Parameters
    ----------
    window : MapState
    settings : Settings
        Where the bookmarks of each map are kept.
    runner : Runner
        Of the reading of files.

    Attributes
    ----------
    changed : Signal
        Another list, another place, or a bookmark more or less.
    chosen : str
        Name of the list that one steps through: :data:`BOOKMARKS`, or a file.
    """

    changed = Signal()

    def __init__(self, window: MapState, settings: Settings, runner: Runner) -> None:
        self._window, self._settings = window, settings
        self._kept: list[Place] = []
        self._files: dict[str, Sequence[Place]] = {}
        self._paths: dict[str, Path] = {}
        self._job = BackgroundJob(runner, on_done=self._on_read, on_error=window.problem.emit)
        self.chosen = BOOKMARKS
        self._at: int | None = None
        window.map_changed.connect(self._on_map)
        self._on_map()

    @property
    def names(self) -> list[str]:
        """Of the lists, the bookmarks first."""
        return [BOOKMARKS, *self._files]

    @property
    def here(self) -> Sequence[Place]:
        """The list that is chosen."""
        return self._files.get(self.chosen, self._kept)

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
        """Keep what is in view as a bookmark of this map, once; the list that one steps through stays.

        Raises
        ------
        RegionError
            If no part of the map is in view.
        """
        view = View(*self._window.visible())
        if not len(view.rows) or not len(view.cols):
            raise RegionError("No part of the map is in view.")
        place, kept = Place(view, name), self._kept
        if all(one.view.link() != view.link() for one in kept):
            kept.append(place)
            del kept[:-_MAX_BOOKMARKS]
            self._write()
        if self.chosen == BOOKMARKS:
            self._at = next(number for number, one in enumerate(kept) if one.view.link() == view.link())
        self.changed.emit()
        return place

    def drop(self, number: int) -> None:
        """Forget a bookmark."""
        del self._kept[number]
        self._at = None
        self._write()
        self.changed.emit()

    def _write(self) -> None:
        lines = [f"{one.view.link()}\t{one.name}" for one in self._kept]
        self._settings.set_entry(_SETTING, self._key(), lines or None)

    def _key(self) -> str:
        assert self._window.source is not None
        return absolute_uri(self._window.source.uri)

    # ------------------------------------------------------------------ lists
    def open(self, path: str | Path) -> None:
        """Read a BED or BEDPE in the background and step through it; what became of its lines is said in a sentence.

        Raises
        ------
        RegionError
            If no map is open.
        """
        source = self._window.source
        if source is None:
            raise RegionError("No map is open.", hint="Open a contact map first.")
        chromsizes, file = dict(source.chromsizes), Path(path).absolute()

        def job(_token: CancelToken) -> Job:
            from napari_hicstruct.annotations.readers.places import read_places

            yield Clock().step("places", 0, 1)
            return file, read_places(path, chromsizes)

        self._job.start(job)

    def _on_read(self, answer: tuple[Path, PlaceList]) -> None:
        path, found = answer
        name = self._name_of(path)
        self._files[name], self.chosen, self._at = _Around(found.places, self._around), name, None
        self._paths[name] = path
        self.changed.emit()
        left = [
            f"{how_many(number, 'line')} {what}"
            for number, what in ((found.between, "between chromosomes"), (found.elsewhere, "not on this map"))
            if number
        ]
        said = f"{how_many(len(found.places), 'place')} of {name}"
        self._window.done.emit(said + (f"; left out: {', '.join(left)}" if left else ""))

    def _name_of(self, path: Path) -> str:
        """What the list of a file is called: the file's name, with its folders as far as another list needs them."""
        for depth in range(1, len(path.parts)):
            name = readable("/".join(path.parts[-depth:]))
            if name != BOOKMARKS and self._paths.get(name, path) == path:
                return name
        return readable(str(path))

    def close_list(self, name: str) -> None:
        """Forget a list that was opened."""
        if name != BOOKMARKS:
            self._files.pop(name, None)
            self._paths.pop(name, None)
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
        self._job.close()
        self._kept, self._files, self._paths, self.chosen, self._at = [], {}, {}, BOOKMARKS, None
        source = self._window.source
        if source is not None:
            lines = self._settings.entry(_SETTING, self._key(), [])
            kept = [_place_of(str(line), source.chromsizes) for line in lines]
            self._kept = [one for one in kept if one is not None]
        self.changed.emit()


def _place_of(line: str, chromsizes: Mapping[str, int]) -> Place | None:
    """A bookmark as it was written; None where the map has another genome by now."""
    region, _, name = line.partition("\t")
    try:
        return Place(parse_view(region, chromsizes), name)
    except HicStructError:
        return None
