"""Adapt a network with a gate to a map: unlabelled windows of it set the gate; no training, no labels."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ConfigError, MapError, ModelError
from napari_hicstruct.genome import display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.workflows.models import ModelInfo


@dataclass(frozen=True, slots=True)
class Reading:
    """How a map is read to adapt to it.

    Attributes
    ----------
    config : ModelConfig
        In the bins in which the map is read (:func:`~napari_hicstruct.contacts.band_pair.bins_for`).
    norm : str, optional
    files : mapping of str to path
        The bigWig of each track that the network reads.
    """

    config: ModelConfig
    norm: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    token: CancelToken = field(default_factory=CancelToken)
    clock: Clock = field(default_factory=Clock)


GATE = "cell_gate"
"""Name of the selector that can adapt."""

MIN_SPREAD = 1e-3
"""Standard deviation of the windows' contacts over expected below which a map is the same everywhere."""

_UNLIKE = re.compile(r"(chr)?(x|y|z|w|m|mt)$", re.IGNORECASE)  # of one copy in some cells: half as deep


@dataclass(frozen=True, slots=True)
class Adapted:
    """By what a network was adapted.

    Attributes
    ----------
    chrom : str
        Whose windows were read; empty where nothing was.
    windows, wanted : int
    change : float
        Mean of |factor − 1| over the features that decoders read; 0 is the network as it is.
    """

    chrom: str
    windows: int
    wanted: int
    change: float = 0.0

    def notes(self) -> list[str]:
        """What a person should know of it."""
        if not self.windows:
            return ["The map is the same everywhere: nothing describes it, and the model stays as it was."]
        said = f"Adapted to the map by {how_many(self.windows, 'window')} of {display_name(self.chrom)}."
        few = f" It has fewer than the {self.wanted} that describe a map well." if self.windows < self.wanted else ""
        return [said + few]

    def to_run(self) -> dict[str, Any]:
        """As a ``run.json`` has it."""
        return {"chrom": self.chrom, "windows": self.windows, "change": round(self.change, 4)}


def why_not_adapt(info: ModelInfo) -> str:
    """Why a model cannot adapt to a map; empty if it can."""
    from napari_hicstruct.workflows.models import config_of

    try:
        config = config_of(info)
    except (ConfigError, ModelError) as error:  # somebody took its folder away
        return str(error)
    return "" if config.selector == GATE else f"{info.label} has no gate, so it cannot adapt to a map."


def check_can_adapt(info: ModelInfo) -> None:
    """Refuse a model without a gate before anything is read.

    Raises
    ------
    ModelError
    """
    if why := why_not_adapt(info):
        hint = "Leave --adapt (adapt) out, or take a model with one (docs/adapt.md)."
        raise ModelError(why, where=info.path, hint=hint)


def support_order(source: ContactSource, length: int) -> list[str]:
    """Chromosomes in the order in which they are asked for windows.

    First the shortest of those on which windows of ``length`` bp in all fit side by side, so that it takes seconds and
    is the same whatever region is predicted; then the others from the longest on.  Sex chromosomes come last.
    """
    sizes = source.chromsizes
    fit = sorted((name for name in sizes if sizes[name] >= length), key=sizes.__getitem__)
    rest = sorted((name for name in sizes if sizes[name] < length), key=lambda name: -sizes[name])
    return sorted([*fit, *rest], key=lambda name: bool(_UNLIKE.match(name)))


def iter_support(source: ContactSource, reading: Reading) -> Generator[Progress, None, tuple[str, NDArray[np.float32]]]:
    """Windows of the first chromosome that has any, and its name.

    Raises
    ------
    MapError
        If no chromosome has a window with contacts.
    """
    from napari_hicstruct.contacts.support import support_starts, support_windows
    from napari_hicstruct.tracks.binned import read_tracks

    config = reading.config
    own, size = config.cell_gate, config.coarse_resolution
    for chrom in support_order(source, own.windows * own.size * size):
        band = yield from _iter_band(source, chrom, reading)
        starts = () if band is None else support_starts(band, own.size, own.windows)
        if band is None or not len(starts):
            continue
        length = source.chromsizes[chrom]
        tracks = read_tracks(config.tracks, reading.files, chrom, length=length, resolution=size)
        return chrom, support_windows(band, starts, own.size, config.inputs, tracks)
    hint = "Choose another map, or predict without adapting."
    raise MapError("has no chromosome with contacts enough to describe it.", where=source.uri, hint=hint)


def _iter_band(source: ContactSource, chrom: str, reading: Reading) -> Generator[Progress, None, Band | None]:
    """The band of a chromosome as far as windows reach; None where it cannot be read: another may."""
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.band_loading import iter_load_band
    from napari_hicstruct.contacts.clumping import clumping
    from napari_hicstruct.contacts.genome_scale import genome_scale

    size = reading.config.coarse_resolution
    reach = reading.config.cell_gate.size * size
    try:
        for step in iter_load_band(source, chrom, resolution=size, max_distance=reach, norm=reading.norm):
            reading.token.check()
            if isinstance(step, Band):
                band = replace(step, scale=genome_scale(source, size))
                return band.without_clumps(clumping(band.counts))
            yield reading.clock.step(f"read {display_name(chrom)} to adapt", 0, 0)
    except MapError:
        return None
    return None


def iter_adapt(source: ContactSource, net: MultiTaskNet, reading: Reading) -> Generator[Progress, None, Adapted]:
    """Set a network's gate by a map's own windows; ``net.adapt(None)`` takes it back.

    Raises
    ------
    MapError
        If the map holds no contacts.
    ModelError
        If the network has no gate.
    """
    import torch

    net.adapt(None)  # raises without a gate, before anything is read
    chrom, windows = yield from iter_support(source, reading)
    wanted = reading.config.cell_gate.windows
    if not varies(windows, reading.config.inputs):
        return Adapted("", 0, wanted)
    yield reading.clock.step("adapt", 0, 0)
    device = next(net.parameters()).device
    with torch.no_grad():
        net.adapt(torch.from_numpy(windows).to(device).contiguous(memory_format=torch.channels_last))
    return Adapted(chrom, len(windows), wanted, _change(net))


def varies(windows: NDArray[np.float32], inputs: tuple[str, ...]) -> bool:
    """False for windows of a map that is the same everywhere."""
    signal = windows[:, inputs.index("oe") if "oe" in inputs else 0]
    known = signal[windows[:, inputs.index("valid")] > 0]
    return bool(known.size and float(known.std()) > MIN_SPREAD)


def _change(net: MultiTaskNet) -> float:
    factors: Any = net.selector.factors
    return float(np.mean([abs(float(v) - 1) for own in factors.values() for f in own.values() for v in f.flatten()]))
