"""Two contact maps that shall be fused: what both have, which part of them, and the file that comes of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_hicstruct.config.files import writing
from napari_hicstruct.config.map_uri import absolute_uri, split_uri
from napari_hicstruct.config.paths import can_write, user_data_dir
from napari_hicstruct.errors import Cancelled, HicStructError, MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Runner
from napari_hicstruct.plugin.state.models.prediction import spare_threads
from napari_hicstruct.plugin.state.sentences import about_file

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.map.map import MapState
    from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest

Scope = Literal["map", "chromosome", "view"]
_SUFFIX = ".mcool"
_MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class MapPair:
    """What two maps have in common.

    Attributes
    ----------
    names : tuple of str
        Short names of A and B.
    resolutions : tuple of int
        Bin sizes that both can give, bp, finest first.
    chroms : tuple of str
        Chromosomes of both, as A spells them.
    notes : tuple of str
        What is to be known before they are fused, one sentence each.
    """

    names: tuple[str, str]
    resolutions: tuple[int, ...]
    chroms: tuple[str, ...]
    notes: tuple[str, ...] = ()


def iter_pair(uris: tuple[str, str], token: CancelToken) -> Generator[Progress, None, MapPair]:
    """Open two maps and see what they have in common.

    Raises
    ------
    MapError
        If one cannot be read, or they do not go together.
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.fuse.map_checks import common_bins, plan_fusion

    yield Clock().step("opening maps", 0, 0)
    first, second = (open_map(uri) for uri in uris)
    token.check()
    plan = plan_fusion(first, second, token=token)
    sizes = []
    for size in sorted({*first.resolutions, *second.resolutions}):
        with suppress(MapError):
            common_bins(first, second, size)
            sizes.append(size)
    return MapPair((first.name, second.name), tuple(sizes), tuple(chrom.names[0] for chrom in plan.chroms), plan.notes)


class PairOfMaps:
    """Maps A and B, the bin size, the part of the genome, and the file to be written.

    Parameters
    ----------
    runner : Runner
    window : MapState, optional
        Its chromosome and view can be what is fused.

    Attributes
    ----------
    uris : tuple of str
        Of A and B; empty: none is chosen.
    pair : MapPair or None
        What both have; None until they were opened.
    resolution : int or None
        bp; None: the finest that both have.
    scope : "map", "chromosome" or "view"
    out : Path or None
        None: :meth:`suggested`.
    changed : Signal
    """

    changed = Signal()

    def __init__(self, runner: Runner, window: MapState | None = None) -> None:
        self._opening = BackgroundJob(runner, on_done=self._opened, on_error=self._not_opened)
        self._window = window
        self.uris = ("", "")
        self.pair: MapPair | None = None
        self.problem = ""
        self.resolution: int | None = None
        self.scope: Scope = "map"
        self.out: Path | None = None

    def end(self) -> bool:
        """End what runs and wait for it."""
        return self._opening.end()

    # ------------------------------------------------------------------ what is fused
    def choose(self, first: str, second: str) -> None:
        """Fuse these two; they are opened in the background to see what they have in common."""
        uris = (first.strip(), second.strip())
        if uris == self.uris and not self.problem:
            return
        self.uris, self.pair, self.problem = uris, None, ""
        self._opening.close()
        if all(uris) and not self._same():
            self._opening.start(lambda token: iter_pair(uris, token))
        self.changed.emit()

    def _same(self) -> bool:
        return absolute_uri(self.uris[0]) == absolute_uri(self.uris[1])

    @property
    def opening(self) -> bool:
        """True while the maps are opened."""
        return self._opening.running

    def _opened(self, pair: MapPair) -> None:
        self.pair = pair
        if self.resolution not in pair.resolutions:
            self.resolution = None
        self.changed.emit()

    def _not_opened(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self.problem = about_file(error)
        self.changed.emit()

    def choose_resolution(self, resolution: int | None) -> None:
        """Fuse at this bin size (bp); None: the finest that both have."""
        self.resolution = resolution
        self.changed.emit()

    def choose_scope(self, scope: Scope) -> None:
        """Fuse the whole map, the chromosome that is shown, or what is in view."""
        self.scope = scope
        self.changed.emit()

    def choose_out(self, path: str | Path | None) -> None:
        """Write there; None or nothing: where :meth:`suggested` says."""
        text = str(path or "").strip()
        self.out = (Path(text) if text.endswith(_SUFFIX) else Path(f"{text}{_SUFFIX}")) if text else None
        self.changed.emit()

    def why_no_place(self) -> str:
        """Why neither chromosome nor view can be fused alone; empty if they can."""
        window = self._window
        if window is None or window.source is None:
            return "Open one of the two maps first: it says which chromosome and view are meant."
        return ""

    # ------------------------------------------------------------------ what comes of it
    @property
    def names(self) -> tuple[str, str]:
        """What A and B are called."""
        return self.pair.names if self.pair is not None else (_stem(self.uris[0]), _stem(self.uris[1]))

    @property
    def target(self) -> Path:
        """The file that will be written."""
        return self.out or self.suggested()

    def suggested(self) -> Path:
        """Beside A, where that folder can be written, else in our own; a name that nothing has yet."""
        folder = Path(split_uri(absolute_uri(self.uris[0]))[0]).parent if self.uris[0] else Path()
        if not self.uris[0] or not folder.is_dir() or not can_write(folder):
            folder = user_data_dir(create=False) / "fused"
        stem = "+".join(name[:_MAX_NAME] for name in self.names)
        path, number = folder / f"{stem}{_SUFFIX}", 1
        while path.exists():
            number += 1
            path = folder / f"{stem}-{number}{_SUFFIX}"
        return path

    def why_not(self) -> str:
        """Why these cannot be fused now; empty if they can."""
        if not all(self.uris):
            return "Choose two contact maps: replicates, or a sharp and a deep one."
        if self._same():
            return "A and B are the same map: choose two."
        if self.problem:
            return self.problem
        if self.opening or self.pair is None:
            return "Opening the maps …"
        if self.scope != "map" and (why_not := self.why_no_place()):
            return why_not
        if self.out is not None and self.out.exists():
            return f"{self.out.name} exists already: choose another name."
        return ""

    def request(self, settings: Mapping[str, Any]) -> FuseMapsRequest:
        """What the workflow is given.

        Raises
        ------
        OutputError
            If our own folder, where the file would be written, cannot be made.
        """
        from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest

        out = self.target
        if self.out is None:
            with writing(out):
                out.parent.mkdir(parents=True, exist_ok=True)
        chroms, region = self._place()
        return FuseMapsRequest(
            *self.uris,
            out,
            resolution=self.resolution,
            chroms=chroms,
            region=region,
            threads=spare_threads(),
            **settings,
        )

    def _place(self) -> tuple[tuple[str, ...], Interval | None]:
        window = self._window
        if self.scope == "map" or window is None:
            return (), None
        if self.scope == "chromosome":
            return (window.chrom,), None
        rows, cols = window.visible()
        return (), Interval(rows.chrom, min(rows.start, cols.start), max(rows.end, cols.end))


def _stem(uri: str) -> str:
    return Path(split_uri(uri)[0]).stem
