"""What to predict, and whether it can be done on a map: asked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band_pair import MAX_BINS, MIN_BINS, bins_for, loop_resolution
from napari_hicstruct.contacts.fused import fused_note, fusion_of
from napari_hicstruct.contacts.genome_scale import SMALL_GENOME, genome_scale, is_of_large_genome
from napari_hicstruct.contacts.norms import missing_note
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.contacts.values import WHY_NO_CONTACTS
from napari_hicstruct.decode.limits import DecodingLimits
from napari_hicstruct.decode.thresholds import check_min_probability
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.genome import Interval, format_bin_size, united
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.workflows.models import ModelInfo

MODES = {"fast": 1, "accurate": 2}
MAX_DISTANCE = 3_000_000
MIN_DEPTH = 1.0
"""Mean contacts of neighbouring bins below which a map says little at that bin size."""

MIN_DISTANCE_BINS = 4
"""Bins from the diagonal; nearer to it nothing is called."""

WIDTH_BINS = 20
"""Bins from the diagonal up to which a boundary is judged by what crosses it."""

NEEDED_BINS = "Take a version of the map with bins of 1 to 50 kb; 5 and 10 kb are best."
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
    min_probability : mapping of str to float
        Least probability listed, by task; else the decoders' own thresholds.
    limits : DecodingLimits
        Sizes and distances of what is called; else the decoders' own.
    resolution : int
        Coarse bin size, bp; 0: 10 kb, or what the map has nearest to it (``contacts.band_pair.bins_for``).
    adapt : bool
        Let unlabelled windows of the map set the model's gate (``workflows.predict.adapt``).
    """

    regions: tuple[Interval, ...]
    tasks: tuple[str, ...] = ("loop", "stripe", "tad")
    model: str = "default"
    device: str = "auto"
    mode: str = "fast"
    norm: str | None = None
    threads: int = 0
    tracks: Mapping[str, str] = field(default_factory=dict)
    min_probability: Mapping[str, float] = field(default_factory=dict)
    limits: DecodingLimits = field(default_factory=DecodingLimits)
    resolution: int = 0
    adapt: bool = False

    def bins(self, source: ContactSource, config: ModelConfig | None = None) -> ModelConfig:
        """A network's configuration (default: the shipped one's) in the bins in which it reads the map."""
        return bins_for(source, config or ModelConfig(), self.resolution)

    def scale(self, source: ContactSource) -> float:
        """How many times smaller than mammals' the structures are that are looked for (``contacts.genome_scale``)."""
        return genome_scale(source, self.bins(source).coarse_resolution)

    def min_length(self, source: ContactSource) -> int:
        """Length of the shortest chromosome that is not skipped, bp."""
        return round(MIN_LENGTH / self.scale(source))

    def to_run(self) -> dict[str, Any]:
        """What was asked for, as the ``parameters`` of a ``run.json``."""
        return {
            "regions": [str(region) for region in self.regions],
            "tasks": list(self.tasks),
            "mode": self.mode,
            "norm": self.norm or "best stored",
            "tracks": dict(self.tracks),
            "min_probability": dict(self.min_probability),
            "limits": self.limits.to_dict(),
            "resolution": self.resolution or None,
            **({"adapt": True} if self.adapt else {}),
        }


def capabilities(source: ContactSource) -> dict[str, str]:
    """Task of the shipped models → why it cannot be done on this map; empty where it can."""
    why = WHY_NO_CONTACTS.get(source.value_kind)
    config = bins_for(source, ModelConfig())
    reason = f"the map {why}" if why else _lacks_level(source, config) or _lacks_length(source)
    return dict.fromkeys((task.name for task in config.tasks), reason)


def offered_bins(source: ContactSource) -> tuple[int, tuple[int, ...]]:
    """The coarse bin size in which a map is read if nobody chooses one, and those to choose from: its own levels."""
    sizes = {size for size in source.resolutions if MIN_BINS <= size <= MAX_BINS}
    return bins_for(source, ModelConfig()).coarse_resolution, tuple(sorted(sizes))


def _lacks_level(source: ContactSource, config: ModelConfig) -> str:
    if loop_resolution(source, config):
        return ""
    have = ", ".join(map(format_bin_size, source.resolutions))
    if config == ModelConfig():
        return f"needs bins of {format_bin_size(MAX_BINS)} or less; this map has {have}"
    return f"needs a level whose bins sum to {format_bin_size(config.coarse_resolution)}; this map has {have}"


def _lacks_length(source: ContactSource) -> str:
    shortest = PredictRequest(regions=()).min_length(source)
    if max(source.chromsizes.values()) >= shortest:
        return ""
    return f"needs a chromosome of {format_bin_size(shortest)} or more"


def check_levels(source: ContactSource, refused: str, config: ModelConfig) -> None:
    """Refuse a map that has no bins as ``config`` reads them, saying first what is refused.

    Raises
    ------
    MapError
    """
    if why := _lacks_level(source, config):
        have = ", ".join(map(format_bin_size, source.resolutions))
        hint = NEEDED_BINS if config == ModelConfig() else f"Choose a multiple of a bin size that it has ({have})."
        raise MapError(f"{refused}: it {why}.", where=source.uri, hint=hint)


def notes(source: ContactSource, request: PredictRequest) -> list[str]:
    """What a person should know before the run starts: levels and weights used, contigs skipped."""
    said, config = list(source.notes), request.bins(source)
    if len(united(request.regions)) < len(request.regions):
        said.append("Regions that overlap or touch are predicted as one.")
    shortest = request.min_length(source)
    chroms = [r.chrom for r in request.regions if source.chromsizes[r.chrom] >= shortest]
    fine, coarse = format_bin_size(config.fine_resolution), format_bin_size(config.coarse_resolution)
    other = config.coarse_resolution != ModelConfig().coarse_resolution
    if other and not request.resolution and request.scale(source) == 1:
        said.append(f"Everything is called at {coarse}: the map has no bins that sum to 10 kb.")
    elif "loop" in request.tasks and loop_resolution(source, config) == config.coarse_resolution:
        said.append(f"Loops are called at {coarse}: the map has no {fine} level.")
    for chrom in dict.fromkeys(chroms):
        said += source.level_notes(chrom)
        said += _norm_notes(source, request, chrom)
    if config.coarse_resolution not in source.resolutions:
        said.append(f"The {coarse} map is summed from finer bins.")
    said += _small_genome(source, request, config)
    if (fusion := fusion_of(source)) is not None:
        said += [note for note in [fused_note(fusion)] if note not in said]  # the map's own notes may have it
    elif not source.integer_counts:
        said.append(
            "The map holds normalised contacts: counts are worked out where they can be, else the depth is estimated."
        )
    short = [region.chrom for region in request.regions if source.chromsizes[region.chrom] < shortest]
    if short:
        named = ", ".join(short[:5]) + (" …" if len(short) > 5 else "")
        said.append(f"Skipped {how_many(len(short), 'contig')} shorter than {shortest // 1000} kb: {named}.")
    return said


def _small_genome(source: ContactSource, request: PredictRequest, config: ModelConfig) -> list[str]:
    """Yeasts and bacteria: their domains span a few tens of kb, which larger bins blur."""
    finest, longest = min(source.resolutions), max(source.chromsizes.values())
    if (scale := request.scale(source)) > 1:
        return [
            f"Its longest chromosome has {longest / 1e6:.1f} Mb, and its contacts fall off within 100 kb: a small "
            f"genome, read in bins of {format_bin_size(config.coarse_resolution)}, its structures {scale:.3g} times "
            f"smaller than mammals'. Choose bins of {format_bin_size(ModelConfig().coarse_resolution)} to look for "
            "sizes as in mammals."
        ]
    if request.resolution or longest >= SMALL_GENOME or is_of_large_genome(source):
        return []
    if finest >= config.coarse_resolution:
        return [
            f"Its longest chromosome has {longest / 1e6:.1f} Mb: where that is a whole one, structures span a few tens "
            f"of kb, and bins of {format_bin_size(finest)} do not show them. "
            "Take a version of the map with bins of 1 or 2 kb."
        ]
    size = max(finest, MIN_BINS)
    return [
        f"Its longest chromosome has {longest / 1e6:.1f} Mb and is read in bins of "
        f"{format_bin_size(config.coarse_resolution)}: in a small genome structures are smaller than that. "
        f"Choose bins of {format_bin_size(size)} to {format_bin_size(2 * size)} to see them."
    ]


def _norm_notes(source: ContactSource, request: PredictRequest, chrom: str) -> list[str]:
    """What balances ``chrom`` where that is not the map's best."""
    from napari_hicstruct.contacts.band_loading import used_norm

    resolution = loop_resolution(source, request.bins(source), chrom)
    stored = source.normalisations(resolution) if resolution in source.resolutions else ()
    if request.norm is not None or not stored or resolution not in source.resolutions_of(chrom):
        return []
    used = used_norm(source, chrom, resolution=resolution, asked=None)
    return [missing_note(chrom, format_bin_size(resolution), stored[0].name, used)] if used != stored[0].name else []


def check_request(source: ContactSource, request: PredictRequest) -> None:
    """Refuse what cannot be done before anything starts.

    Raises
    ------
    MapError, ConfigError, ModelError
    """
    from napari_hicstruct.contacts.band_loading import used_norm

    if not request.tasks:
        raise ConfigError("no task is named.", hint="Name at least one of the model's.")
    check_model(request)
    check_min_probability(request.min_probability, request.tasks)
    if request.resolution and not MIN_BINS <= request.resolution <= MAX_BINS:
        what = f"bins of {format_bin_size(request.resolution)} are not what a model reads."
        hint = f"Choose {format_bin_size(MIN_BINS)} to {format_bin_size(MAX_BINS)}, or leave the choice to it."
        raise ConfigError(what, where=f"resolution {request.resolution:,}", hint=hint)
    if request.mode not in MODES:
        raise ConfigError(f"there is no mode '{request.mode}'.", hint=f"Choose from {', '.join(MODES)}.")
    if why := WHY_NO_CONTACTS.get(source.value_kind):
        hint = "Predict on the maps of contacts that it was made from."
        raise MapError(f"nothing can be predicted: it {why}.", where=source.uri, hint=hint)
    check_levels(source, "nothing can be predicted", request.bins(source))
    shortest = request.min_length(source)
    if not any(source.chromsizes[region.chrom] >= shortest for region in request.regions):
        raise MapError(
            f"has no chromosome of {shortest // 1000} kb or more in what was chosen.",
            where=source.uri,
            hint="Choose a longer one.",
        )
    if request.norm is not None:
        for chrom in dict.fromkeys(r.chrom for r in request.regions if source.chromsizes[r.chrom] >= shortest):
            if resolution := loop_resolution(source, request.bins(source), chrom):
                used_norm(source, chrom, resolution=resolution, asked=request.norm)


def check_model(request: PredictRequest) -> ModelInfo:
    """The model of a request, if it has its tasks, its device and its tracks.

    Raises
    ------
    ConfigError, ModelError
    """
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.tracks.binned import check_tracks
    from napari_hicstruct.workflows.models import find_model
    from napari_hicstruct.workflows.predict.adapt import check_can_adapt

    info = find_model(request.model)
    missing = [task for task in request.tasks if task not in info.tasks]
    if missing:
        raise ConfigError(
            f"the model '{info.name}' has no task '{missing[0]}'.", hint=f"It has {', '.join(info.tasks)}."
        )
    choose_device(request.device)
    check_tracks(info.tracks, request.tracks)
    if request.adapt:
        check_can_adapt(info)
    return info
