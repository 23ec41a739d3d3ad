"""All that the panels, tools and commands of one window share; it knows neither Qt nor napari."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.config.paths import cache_dir, can_write
from napari_hicstruct.errors import ProjectError, RegionError
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, Runner
from napari_hicstruct.plugin.state.labels.labels import LabelState, Others
from napari_hicstruct.plugin.state.map.axes import AxesState
from napari_hicstruct.plugin.state.map.map import Camera, MakePicture
from napari_hicstruct.plugin.state.map.seen import Seen
from napari_hicstruct.plugin.state.map.view import View, parse_view
from napari_hicstruct.plugin.state.project import ProjectState
from napari_hicstruct.plugin.state.settings import Settings

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin.state.consensus.consensus import ConsensusState
    from napari_hicstruct.plugin.state.figures.figure import FigureState
    from napari_hicstruct.plugin.state.figures.pileup import PileupState
    from napari_hicstruct.plugin.state.images.fusion import FusionState
    from napari_hicstruct.plugin.state.images.repair import RepairState
    from napari_hicstruct.plugin.state.images.repair_votes import RepairVotesState
    from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
    from napari_hicstruct.plugin.state.labels.importing import ImportState
    from napari_hicstruct.plugin.state.map.genome_view import GenomeView
    from napari_hicstruct.plugin.state.map.navigation import NavigationState
    from napari_hicstruct.plugin.state.map.second_map import SecondMapState
    from napari_hicstruct.plugin.state.models.adapting import AdaptState
    from napari_hicstruct.plugin.state.models.learning import LearningState
    from napari_hicstruct.plugin.state.models.prediction import PredictionState
    from napari_hicstruct.plugin.state.review.gallery import GalleryState
    from napari_hicstruct.plugin.state.review.loop_pairs import LoopPairsState
    from napari_hicstruct.plugin.state.review.orientation import OrientationState
    from napari_hicstruct.plugin.state.review.rescoring import RescoringState
    from napari_hicstruct.plugin.state.review.review import ReviewState
    from napari_hicstruct.plugin.state.tracks.tracks import TracksState

_RECENT, _OTHERS, _REGIONS, _TILTED = "recent_maps", "others", "regions", "tilted"
_MAX_RECENT = 10


class WindowState(ProjectState):
    """The map, the view and the project of a window; its labels, review, prediction and learning.

    The last three are imported and made when they are first asked for, after the first picture.

    Parameters
    ----------
    camera, make_picture
        As for :class:`~napari_hicstruct.plugin.state.map.map.MapState`.
    runner : Runner
        Of long work.

    Attributes
    ----------
    labels : LabelState
    settings : Settings
        What is remembered for the next window.
    axes : AxesState
    seen : Seen
        What is seen along each axis of the canvas, with a signal: rulers, tracks and figures follow it.
    """

    def __init__(self, *, camera: Camera, make_picture: MakePicture, runner: Runner) -> None:
        super().__init__(camera=camera, make_picture=make_picture)
        self.settings = Settings(runner.in_main_thread(self.problem.emit))
        self.axes, self.seen = AxesState(self.settings), Seen()
        self.runner = runner
        self.labels = LabelState(self, runner, self.settings)
        self.labels.others = next((o for o in Others if o == self.settings.get(_OTHERS, "")), self.labels.others)
        self.labels.others_changed.connect(lambda others: self.settings.set(_OTHERS, str(others)))
        self.map_changed.connect(self._remember_map)
        self._last_view: tuple[str, str] | None = None
        self._keeping = BackgroundJob(runner)
        self.view_changed.connect(self._on_view)

    def recent_maps(self) -> list[str]:
        """Maps that were open last, the newest first."""
        return [uri for uri in self.settings.get(_RECENT, []) if isinstance(uri, str)]

    def open_source(self, source: ContactSource) -> None:
        """Show a map that is open already where and as one looked at it last; at first all of its first chromosome."""
        super().open_source(source)
        uri = absolute_uri(source.uri)
        super().show_tilted(self.settings.entry(_TILTED, uri, self.projection.tilted))
        seen = self.settings.entry(_REGIONS, uri, "")
        if seen:
            with suppress(RegionError):  # another map stands in the file by now
                view = parse_view(seen, source.chromsizes)
                self.go_to(view.rows, view.cols)

    def show_tilted(self, on: bool) -> None:
        """Turn the map by 45°, or back; a map that is opened again lies as it lay last."""
        super().show_tilted(on)
        if self.source is not None and self.settings.path.exists() and can_write(self.settings.path.parent):
            self.settings.set_entry(_TILTED, absolute_uri(self.source.uri), on)

    def open_project(self, path: str | Path) -> None:
        """Not while work on the one that is open goes on: what it keeps would come into the wrong one.

        Raises
        ------
        ProjectError
            Then, and as the method that this extends.
        """
        if running := self.what_runs():
            raise ProjectError(f"{running} has not ended yet.", hint="Wait for it, or cancel it.")
        super().open_project(path)

    def what_runs(self) -> str:
        """What works on the project, for people; empty if nothing does.  What was never asked for is not imported."""
        if self.labels.busy.text:
            return self.labels.busy.text
        parts = {"prediction": "The run of the model", "learning": "The fine-tune"}
        return next((text for name, text in parts.items() if name in self.__dict__ and getattr(self, name).running), "")

    def _on_view(self, rows: Interval, cols: Interval) -> None:
        if self.source is not None:
            self._last_view = absolute_uri(self.source.uri), str(View(rows, cols))

    def keep_view_soon(self) -> None:
        """Remember where one looks, beside the window, once the camera has come to rest: a kill does not lose it.

        Looking at the sample leaves nothing on the disk: where nothing is remembered yet, this waits for its end.
        """

        def job(_token: CancelToken) -> Job:
            yield Clock().step("region", 0, 1)
            self._keep_view()

        if self._last_view is not None and self.settings.path.exists():
            self._keeping.start(job)

    def _keep_view(self) -> None:
        seen = self._last_view
        if seen is not None and can_write(self.settings.path.parent):
            self.settings.set_entry(_REGIONS, *seen)

    def _remember_map(self) -> None:
        """A map of ours (the sample) is in the menu already; where no settings can be kept, none are."""
        if self.source is None or not can_write(self.settings.path.parent):
            return
        uri = absolute_uri(self.source.uri)
        if not Path(uri).is_relative_to(cache_dir(create=False)):
            self.settings.set(_RECENT, [uri, *(one for one in self.recent_maps() if one != uri)][:_MAX_RECENT])

    @cached_property
    def navigation(self) -> NavigationState:
        """Where to look: regions and genes by name, links, places."""
        from napari_hicstruct.plugin.state.map.navigation import NavigationState

        return NavigationState(self, self.settings, self.runner)

    @cached_property
    def importing(self) -> ImportState:
        """The import of label files that runs."""
        from napari_hicstruct.plugin.state.labels.importing import ImportState

        return ImportState(self.labels)

    @cached_property
    def consensus(self) -> ConsensusState:
        """What several callers agree on."""
        from napari_hicstruct.plugin.state.consensus.consensus import ConsensusState

        return ConsensusState(self.labels)

    @cached_property
    def genome_view(self) -> GenomeView:
        """All chromosomes, as they are looked at beside the map."""
        from napari_hicstruct.plugin.state.map.genome_view import GenomeView

        return GenomeView(self, self.runner)

    @cached_property
    def tracks(self) -> TracksState:
        """Tracks beside the map."""
        from napari_hicstruct.plugin.state.tracks.tracks import TracksState

        return TracksState(self.labels, self.settings)

    @cached_property
    def second_map(self) -> SecondMapState:
        """A second map beside the one that is open."""
        from napari_hicstruct.plugin.state.map.second_map import SecondMapState

        return SecondMapState(self, self.runner)

    @cached_property
    def gallery(self) -> GalleryState:
        """All objects of a kind as thumbnails."""
        from napari_hicstruct.plugin.state.review.gallery import GalleryState

        return GalleryState(self.review)

    @cached_property
    def pileup(self) -> PileupState:
        """Pile-ups of what is shown."""
        from napari_hicstruct.plugin.state.figures.pileup import PileupState

        return PileupState(self)

    @cached_property
    def figure(self) -> FigureState:
        """A figure of what is shown."""
        from napari_hicstruct.plugin.state.figures.figure import FigureState

        return FigureState(self)

    @cached_property
    def motif_orientation(self) -> OrientationState:
        """How CTCF motifs at the anchors of candidates point."""
        from napari_hicstruct.plugin.state.review.orientation import OrientationState

        return OrientationState(self.labels, self.tracks, self.review.queue)

    @cached_property
    def repair(self) -> RepairState:
        """The repair of labels that runs, and what came of the last one."""
        from napari_hicstruct.plugin.state.images.repair import RepairState

        return RepairState(self.runner)

    @cached_property
    def repair_votes(self) -> RepairVotesState:
        """The repair of callers' votes on the map."""
        from napari_hicstruct.plugin.state.images.repair_votes import RepairVotesState

        return RepairVotesState(self.labels, self.consensus)

    @cached_property
    def fusion(self) -> FusionState:
        """The fusion of pictures or maps that runs, and what came of the last one."""
        from napari_hicstruct.plugin.state.images.fusion import FusionState

        return FusionState(self.runner, self)

    @cached_property
    def segmentation(self) -> SegmentationState:
        """The segmentation of pictures: what is trained, segmented or corrected, and the models."""
        from napari_hicstruct.plugin.state.images.segmentation import SegmentationState

        return SegmentationState(self.runner)

    def end_image_work(self) -> None:
        """End what is being repaired, fused or segmented, and wait for it: the window goes."""
        parts = (
            "repair",
            "repair_votes",
            "fusion",
            "segmentation",
            "figure",
            "gallery",
            "pileup",
            "loop_pairs",
            "adapting",
        )
        for name in (*parts, "second_map", "genome_view"):
            if name in self.__dict__:
                getattr(self, name).end()

    @cached_property
    def review(self) -> ReviewState:
        """What is reviewed, in which order."""
        from napari_hicstruct.plugin.state.review.review import ReviewState

        return ReviewState(self.labels)

    @cached_property
    def rescoring(self) -> RescoringState:
        """The scores of the model in use for the candidates."""
        from napari_hicstruct.plugin.state.review.rescoring import RescoringState

        return RescoringState(self.review, self.runner)

    @cached_property
    def loop_pairs(self) -> LoopPairsState:
        """Loops as enhancer–promoter pairs of a line."""
        from napari_hicstruct.plugin.state.review.loop_pairs import LoopPairsState

        return LoopPairsState(self.review, self.runner)

    @cached_property
    def adapting(self) -> AdaptState:
        """The model in use, adapted to the map."""
        from napari_hicstruct.plugin.state.models.adapting import AdaptState

        return AdaptState(self.prediction, self.review, self.runner)

    @cached_property
    def prediction(self) -> PredictionState:
        """Models, and what they are asked to find."""
        from napari_hicstruct.plugin.state.models.cluster_choice import ClusterChoice
        from napari_hicstruct.plugin.state.models.prediction import PredictionState
        from napari_hicstruct.plugin.state.models.run_options import RunOptions
        from napari_hicstruct.plugin.state.tracks.model_tracks import ModelTracks

        options, cluster = RunOptions(self.settings), ClusterChoice(self.settings)
        made = PredictionState(self, self.runner, options=options, cluster=cluster)
        made.finished.connect(self.labels.sets_changed)
        made.tracks = ModelTracks(made.models, self.tracks)
        made.tracks.changed.connect(made.changed.emit)
        return made

    @cached_property
    def learning(self) -> LearningState:
        """The fine-tune that runs, and what came of the last one."""
        from napari_hicstruct.plugin.state.models.learning import LearningState

        return LearningState(self, self.prediction, self.runner)

    def _map_gone(self) -> None:
        if "importing" in self.__dict__:
            self.importing.end()
        self.labels.busy.end()
        self._keeping.end()
        self._keep_view()
        self._last_view = None
        super()._map_gone()
