"""Fusing two pictures or two contact maps in a window: which ones, how, the run, and what came of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.images.fusion_maps import PairOfMaps
from napari_hicstruct.plugin.state.images.fusion_settings import FusionSettings
from napari_hicstruct.plugin.state.images.pictures import Picture, why_not_pair
from napari_hicstruct.plugin.state.jobs import Runner
from napari_hicstruct.plugin.state.models.prediction import spare_threads
from napari_hicstruct.plugin.state.panel_work import PanelWork
from napari_hicstruct.plugin.state.sentences import as_sentence

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_hicstruct.plugin.state.map.map import MapState
    from napari_hicstruct.workflows.fuse.images import FusedImages, FuseImagesRequest
    from napari_hicstruct.workflows.fuse.maps import FusedMap, FuseMapsRequest

Kind = Literal["maps", "pictures"]
Shown = Literal["fused", "share", "first", "second"]


class FuseBackend:
    """``workflows.fuse`` in a process of its own, imported when used; tests put another in its place."""

    def pictures(self, request: FuseImagesRequest, *, token: CancelToken) -> Generator[Progress, None, FusedImages]:
        """Fuse two pictures."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.fuse.images import iter_fuse_images

        return in_process(iter_fuse_images, request, token=token, threads=spare_threads())

    def maps(self, request: FuseMapsRequest, *, token: CancelToken) -> Generator[Progress, None, FusedMap]:
        """Fuse two maps into a file."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.fuse.maps import iter_fuse_maps

        return in_process(iter_fuse_maps, request, token=token, threads=spare_threads())


@dataclass(frozen=True, slots=True, eq=False)
class FusedPictures:
    """What came of two pictures.

    Attributes
    ----------
    first, second : Picture
    fused : array, of the first picture's type and shape
    share : float32 array, shape of the picture without colours
        Of the first picture, 0 to 1.
    notes : tuple of str
    """

    first: Picture
    second: Picture
    fused: NDArray[Any]
    share: NDArray[np.float32]
    notes: tuple[str, ...] = ()


def iter_fuse_pictures(
    backend: FuseBackend, pair: tuple[Picture, Picture], settings: Mapping[str, Any], token: CancelToken
) -> Generator[Progress, None, FusedPictures]:
    """Read both pictures and fuse them."""
    from napari_hicstruct.workflows.fuse.images import FuseImagesRequest

    yield Clock().step("reading pictures", 0, 0)
    first, second = (one.read() for one in pair)
    token.check()
    request = FuseImagesRequest(first, second, threads=spare_threads(), **settings)
    result = yield from backend.pictures(request, token=token)
    return FusedPictures(*pair, result.fused, result.mask, tuple(result.notes))


class FusionState(PanelWork):
    """Two pictures, or two maps → one, and the share that the first has in it.

    Parameters
    ----------
    runner : Runner
    window : MapState, optional
        Its map and view can be fused with another map.
    backend : FuseBackend, optional
        What to run in place of ``workflows.fuse``.

    Attributes
    ----------
    kind : "maps" or "pictures"
        What is fused next.
    pictures : tuple of two Picture or None
    maps : PairOfMaps
    settings : FusionSettings
    outcome : FusedPictures, FusedMap or None
        Of the last run.
    shown : str
        Which of ``fused``, ``share``, ``first`` and ``second`` the window shows of it.
    outcome_changed, shown_changed : Signal
    """

    outcome_changed = Signal()
    shown_changed = Signal()

    def __init__(self, runner: Runner, window: MapState | None = None, *, backend: FuseBackend | None = None) -> None:
        super().__init__(runner)
        self._backend = backend or FuseBackend()
        self.kind: Kind = "pictures"
        self.pictures: tuple[Picture | None, Picture | None] = (None, None)
        self.maps = PairOfMaps(runner, window)
        self.maps.changed.connect(self.changed.emit)
        self.settings = FusionSettings()
        self.outcome: Any = None
        self.shown: Shown = "fused"
        self._map_names = ("A", "B")

    # ------------------------------------------------------------------ what is fused
    def choose_kind(self, kind: Kind) -> None:
        """Fuse maps, or pictures."""
        self.kind = kind
        self.changed.emit()

    def choose_pictures(self, first: Picture | None, second: Picture | None) -> None:
        """Fuse these two."""
        self.pictures = (first, second)
        self.changed.emit()

    def edit(self, kind: Kind, values: Mapping[str, Any]) -> bool:
        """Change settings; what is refused is said in one sentence, and False comes back."""
        return self._attempt(lambda: self.settings.change(kind, values))

    def choose_preset(self, kind: Kind, preset: str) -> bool:
        """Fuse with a preset or the network of a folder; what is refused is said in one sentence."""
        return self._attempt(lambda: self.settings.choose_preset(kind, preset))

    def why_not(self) -> str:
        """Why nothing can be fused now; empty if it can."""
        if self.kind == "maps":
            return self.maps.why_not()
        first, second = self.pictures
        if first is None or second is None:
            return "Choose two Image layers: two pictures of one thing."
        return why_not_pair(first, second)

    def notes(self) -> str:
        """What is to be known before it begins; empty: nothing."""
        pair = self.maps.pair if self.kind == "maps" else None
        return " ".join(map(as_sentence, pair.notes)) if pair is not None else ""

    # ------------------------------------------------------------------ running
    def start(self) -> bool:
        """Fuse what is chosen, in the background; False if that cannot be."""
        if self.why_not() or self.running:
            self._say(self.why_not() or "Something is being fused already.")
            return False
        self._say("")
        backend = self._backend
        if self.kind == "maps":
            try:
                request = self.maps.request(self.settings.request("maps"))
            except HicStructError as error:
                self._failed(error)
                return False
            self._map_names = self.maps.names
            self._job.start(lambda token: backend.maps(request, token=token))
        else:
            first, second = self.pictures
            assert first is not None  # why_not has said so
            assert second is not None
            pair, settings = (first, second), self.settings.request("pictures")
            self._job.start(lambda token: iter_fuse_pictures(backend, pair, settings, token))
        self.changed.emit()
        return True

    def end(self) -> bool:
        """End all silently and wait until nothing runs any more: the window goes."""
        self.maps.end()
        return super().end()

    def _done(self, outcome: Any) -> None:
        self.outcome, self.shown = outcome, "fused"
        self._say(" ".join([_summary(outcome), *map(as_sentence, outcome.notes)]))
        self.changed.emit()
        self.outcome_changed.emit()
        self.shown_changed.emit()

    # ------------------------------------------------------------------ afterwards
    @property
    def shows(self) -> tuple[Shown, ...]:
        """What can be shown of the last outcome."""
        if self.outcome is None:
            return ()
        return ("first", "second", "fused", "share") if isinstance(self.outcome, FusedPictures) else ("fused", "share")

    @property
    def fused_map(self) -> Path | None:
        """The file of the last outcome, where that is a map."""
        return None if self.outcome is None or isinstance(self.outcome, FusedPictures) else self.outcome.path

    @property
    def names(self) -> tuple[str, str]:
        """What was fused last, A and B."""
        if isinstance(self.outcome, FusedPictures):
            return self.outcome.first.name, self.outcome.second.name
        return self._map_names

    def chrom_shares(self) -> list[tuple[str, float]]:
        """Share of A in each chromosome of the map that was fused last."""
        shares = getattr(self.outcome, "shares", None)
        return (
            []
            if shares is None
            else [(display_name(str(row.chrom)), float(row.share_of_first)) for row in shares.itertuples()]
        )

    def show(self, shown: Shown) -> None:
        """Show the fused picture or map, the share of A, or what was fused."""
        self.shown = shown
        self.shown_changed.emit()


def _summary(outcome: Any) -> str:
    """What came of it in a sentence."""
    if isinstance(outcome, FusedPictures):
        share = 100 * float(outcome.share.mean())
        return f"Fused: {share:.0f} % of “{outcome.first.name}”, {100 - share:.0f} % of “{outcome.second.name}”."
    return f"Fused into {outcome.path.name}."
