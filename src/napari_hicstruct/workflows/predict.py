"""Predict loops, stripes and TADs on a contact map: one code path for button, shell and notebook."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.decode.least import check_least
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_hicstruct.annotations.writers.tracks import BinTrack
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.inference.maps import Predictor
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


@dataclass(frozen=True, slots=True)
class PredictResult:
    """All annotations, boundary probabilities per bin, and what ``run.json`` says."""

    annotations: tuple[Annotation, ...]
    boundary_tracks: tuple[BinTrack, ...]
    run: dict[str, Any]
    notes: tuple[str, ...] = field(default=())


def loop_resolution(source: ContactSource, config: ModelConfig | None = None) -> int:
    """Bin size (bp) at which loops can be called on a map; 0 if at none."""
    config = config or ModelConfig()
    for resolution in (config.fine_resolution, config.coarse_resolution):
        if any(resolution % level == 0 for level in source.resolutions):
            return resolution
    return 0


def capabilities(source: ContactSource) -> dict[str, str]:
    """Task → why it cannot be done on this map; empty where it can."""
    config = ModelConfig()
    why = ""
    if loop_resolution(source, config) == 0:
        have = ", ".join(f"{r // 1000} kb" if r >= 1000 else f"{r} bp" for r in source.resolutions)
        why = f"needs a level of 5 or 10 kb, or finer ones that sum to it; this map has {have}"
    return {task.name: why for task in config.tasks}


def notes(source: ContactSource, request: PredictRequest) -> list[str]:
    """What a person should know before the run starts: bin sizes used, weights computed, contigs skipped."""
    said, config = [], ModelConfig()
    if "loop" in request.tasks and loop_resolution(source, config) == config.coarse_resolution:
        said.append("Loops are called at 10 kb: the map has no 5 kb level.")
    if config.coarse_resolution not in source.resolutions:
        said.append("The 10 kb map is summed from finer bins.")
    if not source.integer_counts:
        said.append("The map holds no raw counts: their scale is estimated from its noise.")
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
    can = capabilities(source)
    unknown = [task for task in request.tasks if task not in can]
    if unknown or not request.tasks:
        name = unknown[0] if unknown else ""
        raise ConfigError(f"there is no task '{name}'.", mend=f"Choose from {', '.join(can)}.")
    check_least(request.least, request.tasks)
    if request.mode not in MODES:
        raise ConfigError(f"there is no mode '{request.mode}'.", mend=f"Choose from {', '.join(MODES)}.")
    if why := next((can[task] for task in request.tasks if can[task]), ""):
        raise MapError(f"nothing can be predicted: it {why}.", where=source.uri, mend="Add a level, e.g. with cooler.")
    if not any(source.chromsizes[region.chrom] >= MIN_LENGTH for region in request.regions):
        raise MapError(f"has no chromosome of {MIN_LENGTH // 1000} kb or more in what was chosen.", where=source.uri)
    _check_model(request)


def _check_model(request: PredictRequest) -> ModelInfo:
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


def _iter_bands(
    source: ContactSource, chrom: str, request: PredictRequest, config: ModelConfig, token: CancelToken, clock: Clock
) -> Generator[Progress, None, tuple[Band | None, Band]]:
    """Fine band (None if the map has no such bins) and coarse band of a chromosome."""
    from napari_hicstruct.contacts.band import Band, coarsen_band, iter_load_band

    resolution = loop_resolution(source, config)
    loaded: Band | None = None
    for step in iter_load_band(
        source, chrom, resolution=resolution, max_distance=config.max_distance, norm=request.norm
    ):
        token.check()
        if isinstance(step, Band):
            loaded = step
        else:
            yield clock.step(f"read {chrom}", 0, 0)
    assert loaded is not None  # iter_load_band ends with the band or raises
    if resolution == config.coarse_resolution:
        return None, loaded
    return loaded, coarsen_band(loaded, config.coarse_resolution // resolution)


def _read_tracks(
    source: ContactSource, chrom: str, request: PredictRequest, config: ModelConfig
) -> dict[int, NDArray[np.float32]]:
    """The model's tracks on a chromosome by bin size; empty where it reads none."""
    from napari_hicstruct.contacts.tracks import read_tracks

    length, both = source.chromsizes[chrom], (config.fine_resolution, config.coarse_resolution)
    read = {r: read_tracks(config.tracks, request.tracks, chrom, length=length, resolution=r) for r in both}
    return {resolution: tracks for resolution, tracks in read.items() if tracks is not None}


def _load(request: PredictRequest, on_windows: Any) -> tuple[Predictor, dict[str, Any]]:
    import torch

    from napari_hicstruct.evaluation.calibrate import maps_of
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.inference.maps import Predictor
    from napari_hicstruct.models.store import load_model

    if request.threads:
        torch.set_num_threads(request.threads)
    info, device = _check_model(request), choose_device(request.device)
    net, card = load_model(info.path, device=device)
    run = {"name": info.name, "version": info.version, "sha256": info.sha256, "device": str(device)}
    maps = maps_of(card)
    return Predictor(net, device, MODES[request.mode], on_windows, calibration=maps), run


def iter_predict(
    source: ContactSource, request: PredictRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, PredictResult]:
    """Predict region after region; each Progress carries the annotations that have just become final.

    Raises
    ------
    MapError, ConfigError, ModelError
        Before the first window, if the request cannot be done.
    Cancelled
        Within one batch of windows after ``token`` was cancelled.
    """
    from napari_hicstruct.annotations.writers.tracks import BinTrack
    from napari_hicstruct.inference.chromosome import ChromosomeRun, Stretch

    token, clock = token or CancelToken(), Clock()
    check_request(source, request)
    counter = [0]

    def on_windows(n: int) -> None:
        counter[0] += n
        token.check()

    said = notes(source, request)
    yield clock.step("load model", 0, 0, " ".join(said))
    predictor, about = _load(request, on_windows)
    config = predictor.net.config
    regions = [r for r in request.regions if source.chromsizes[r.chrom] >= MIN_LENGTH]
    everything, before = sum(len(r) for r in regions), 0.0
    found: list[Annotation] = []
    tracks: list[BinTrack] = []
    for region in regions:
        try:
            fine, coarse = yield from _iter_bands(source, region.chrom, request, config, token, clock)
            predictor.tracks = _read_tracks(source, region.chrom, request, config)
        except MapError as error:
            if len(regions) == 1:
                raise
            said.append(f"{region.chrom} is skipped: {error.message}")
            continue
        stretch = Stretch(
            start=region.start,
            end=region.end,
            length=source.chromsizes[region.chrom],
            tasks=request.tasks,
            max_distance=MAX_DISTANCE,
            model=f"{about['name']} {about['version']}".strip(),
            least=request.least,
        )
        run = ChromosomeRun(predictor, fine, coarse, stretch)
        counter[0], total, share = 0, run.windows(), len(region) / everything
        for final in run.run():
            found.extend(final)
            done = before + share * min(1.0, counter[0] / total)
            yield clock.step(f"predict {region.chrom}", done, 1.0, payload=final)
        before += share
        if run.track is not None:
            tracks.append(BinTrack(region.chrom, 0, coarse.resolution, run.track, stretch.length))
    record = _run_record(source, request, about, clock, said)
    return PredictResult(tuple(found), tuple(tracks), record, tuple(said))


def _run_record(
    source: ContactSource, request: PredictRequest, model: dict[str, Any], clock: Clock, said: list[str]
) -> dict[str, Any]:
    return {
        "made_with": f"napari-hicstruct {__version__}",
        "model": model,
        "map": {"uri": source.uri, "fingerprint": source.fingerprint(), "assembly": source.assembly},
        "parameters": {
            "regions": [str(region) for region in request.regions],
            "tasks": list(request.tasks),
            "mode": request.mode,
            "norm": request.norm or "best stored",
            "loop_resolution": loop_resolution(source),
            "tracks": dict(request.tracks),
            "least": dict(request.least),
        },
        "notes": said,
        "seconds": round(clock.step("", 0, 0).elapsed, 2),
        "peak_memory_mb": _peak_memory_mb(),
    }


def _peak_memory_mb() -> float | None:
    """Largest resident set of this process so far, MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


def predict(source: ContactSource, request: PredictRequest) -> PredictResult:
    """:func:`iter_predict` run to its end."""
    return drain(iter_predict(source, request))
