"""What to predict, and whether it can be done on a map: asked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.decode.least import check_least
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.genome import Interval

if TYPE_CHECKING:
    from napari_hicstruct.workflows.models import ModelInfo

MODES = {"fast": 1, "accurate": 2}
MAX_DISTANCE = 3_000_000
MIN_LENGTH = 200_000
"""Chromosomes (contigs) shorter than this hold nothing that could be called; they are skipped and named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictRequest:
    """What to predict.

    Attributes
    ----------
    regions : tuple of Interval
        Stretches of chromosomes; a whole chromosome is ``Interval(name, 0, length)``.
    tasks : tuple of str
        Any of the model's tasks.
    model : str
        Name or folder.
    device : str
        ``auto`` or a torch device.
    mode : str
        ``fast`` (each place is seen by one window centre) or ``accurate`` (four).
    norm : str, optional
        Stored weights to use; default: the map's best, else balanced in memory.
    threads : int
        Processor threads for the network; 0 leaves torch's own choice.
    tracks : mapping of str to path
        The bigWig file of each track that the model reads.
    least : mapping of str to float
        Least probability listed, by task; else the decoders' own thresholds.
    """

    regions: tuple[Interval, ...]
    tasks: tuple[str, ...] = ("loop", "stripe", "tad")
    model: str = "default"
    device: str = "auto"
    mode: str = "fast"
    norm: str | None = None
    threads: int = 0
    tracks: Mapping[str, str] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)


def loop_resolution(source: ContactSource, config: ModelConfig | None = None) -> int:
    """Bin size (bp) at which loops can be called on a map; 0 if at none."""
    config = config or ModelConfig()
    for resolution in (config.fine_resolution, config.coarse_resolution):
        if any(resolution % level == 0 for level in source.resolutions):
            return resolution
    return 0


def capabilities(source: ContactSource) -> dict[str, str]:
    """Task of the shipped models → why it cannot be done on this map; empty where it can."""
    return dict.fromkeys((task.name for task in ModelConfig().tasks), _lacks_level(source))


def _lacks_level(source: ContactSource) -> str:
    if loop_resolution(source):
        return ""
    have = ", ".join(f"{r // 1000} kb" if r >= 1000 else f"{r} bp" for r in source.resolutions)
    return f"needs a level of 5 or 10 kb, or finer ones that sum to it; this map has {have}"


def check_levels(source: ContactSource, refused: str) -> None:
    """Refuse a map whose bins are too large, saying first what is refused.

    Raises
    ------
    MapError
    """
    if why := _lacks_level(source):
        raise MapError(f"{refused}: it {why}.", where=source.uri, mend="Add a level, e.g. with cooler.")


def notes(source: ContactSource, request: PredictRequest) -> list[str]:
    """What a person should know before the run starts: bin sizes used, weights computed, contigs skipped."""
    said, config = [], ModelConfig()
    if "loop" in request.tasks and loop_resolution(source, config) == config.coarse_resolution:
        said.append("Loops are called at 10 kb: the map has no 5 kb level.")
    if config.coarse_resolution not in source.resolutions:
        said.append("The 10 kb map is summed from finer bins.")
    if not source.integer_counts:
        said.append("The map holds fractions: balanced counts are turned back, others scaled by their noise.")
    short = [region.chrom for region in request.regions if source.chromsizes[region.chrom] < MIN_LENGTH]
    if short:
        named = ", ".join(short[:5]) + (" …" if len(short) > 5 else "")
        said.append(f"{len(short)} contigs shorter than {MIN_LENGTH // 1000} kb are skipped: {named}")
    return said


def check_request(source: ContactSource, request: PredictRequest) -> None:
    """Refuse what cannot be done before anything starts.

    Raises
    ------
    MapError, ConfigError, ModelError
    """
    if not request.tasks:
        raise ConfigError("no task is named.", mend="Name at least one of the model's.")
    check_model(request)
    check_least(request.least, request.tasks)
    if request.mode not in MODES:
        raise ConfigError(f"there is no mode '{request.mode}'.", mend=f"Choose from {', '.join(MODES)}.")
    check_levels(source, "nothing can be predicted")
    if not any(source.chromsizes[region.chrom] >= MIN_LENGTH for region in request.regions):
        raise MapError(f"has no chromosome of {MIN_LENGTH // 1000} kb or more in what was chosen.", where=source.uri)


def check_model(request: PredictRequest) -> ModelInfo:
    """The model of a request, if it has its tasks, its device and its tracks.

    Raises
    ------
    ConfigError, ModelError
    """
    from napari_hicstruct.contacts.tracks import check_tracks
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.workflows.models import find_model

    info = find_model(request.model)
    missing = [task for task in request.tasks if task not in info.tasks]
    if missing:
        raise ConfigError(
            f"the model '{info.name}' has no task '{missing[0]}'.", mend=f"It has {', '.join(info.tasks)}."
        )
    choose_device(request.device)
    check_tracks(info.tracks, request.tracks)
    return info
