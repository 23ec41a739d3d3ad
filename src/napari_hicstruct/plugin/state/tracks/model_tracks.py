"""Which track beside the map a model reads under which name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_hicstruct.plugin.state.models.models import ModelChoice
from napari_hicstruct.plugin.state.tracks.shown_track import ShownTrack
from napari_hicstruct.tracks.bigwig import BigWig

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.tracks.tracks import TracksState


class ModelTracks:
    """For models that read tracks: a bigWig of the window for each name of theirs.

    Attributes
    ----------
    changed : Signal
        Another model is chosen, another track, or other tracks are open.
    """

    changed = Signal()

    def __init__(self, models: ModelChoice, tracks: TracksState) -> None:
        self._models, self._tracks = models, tracks
        self._chosen: dict[str, str] = {}
        for signal in (models.chosen_changed, models.refreshed, tracks.changed):
            signal.connect(lambda: self.changed.emit())

    def wanted(self) -> tuple[str, ...]:
        """Names of the tracks that the chosen model reads; most models read none."""
        return tuple(getattr(self._models.chosen, "tracks", ()) or ())

    def offered(self) -> list[ShownTrack]:
        """Tracks of the window that a model can read: bigWigs."""
        return [one for one in self._tracks.tracks if isinstance(one.track, BigWig)]

    def choose(self, name: str, key: str) -> None:
        """Read this track (its key) under a name of the model."""
        self._chosen[name] = key
        self.changed.emit()

    def of(self, name: str) -> str:
        """Key of the track that is read under a name: as chosen, else whose file's name has it; empty if none is."""
        offered = self.offered()
        if any(one.key == self._chosen.get(name) for one in offered):
            return self._chosen[name]
        named = [one.key for one in offered if name.casefold() in Path(one.key).name.casefold()]
        return next(iter(named), offered[0].key if len(offered) == len(self.wanted()) == 1 else "")

    def files(self) -> dict[str, str]:
        """The file of each name, as a request of a prediction has them."""
        return {name: key for name in self.wanted() if (key := self.of(name))}

    def problem(self) -> str:
        """Why the model cannot read its tracks; empty if it can."""
        missing = [name for name in self.wanted() if not self.of(name)]
        if not missing:
            return ""
        return f"This model reads the track '{missing[0]}': open its bigWig in Tracks, or choose it."
