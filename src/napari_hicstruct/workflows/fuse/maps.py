"""Fuse two contact maps into one file: replicates, enzymes, protocols, or a sharp map and a deep one."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.config.files import check_output_file, in_place_of, try_folder, writing
from napari_hicstruct.config.leftovers import remove_leftovers
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.errors import OutputError
from napari_hicstruct.genome import display_name, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain, preload_torch
from napari_hicstruct.workflows.fuse.map_checks import MapPlan, plan_fusion
from napari_hicstruct.workflows.fuse.provenance import SHIPPED, SHIPPED_UNLIKE, account, model_record
from napari_hicstruct.workflows.fuse.requests import FuseMapsRequest

if TYPE_CHECKING:
    import h5py
    import pandas as pd

    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.models.fusion.network import HybridFusionNet

MAP_ENDING = ".mcool"
"""Of the file: it holds several levels, which readers of other endings do not look for."""

MAX_DISTANCE = 2_000_000
"""bp; farther contacts are added up."""


@dataclass(frozen=True, slots=True)
class FusedMap:
    """What was written.

    Attributes
    ----------
    path : Path
    notes : tuple of str
        One sentence each.
    shares : DataFrame
        Per chromosome: contacts of both maps and of the fused one, mean share of the first, and ``decided``: the part
        of fused contacts at which the network left the share of contacts.
    model : str
        Name and version of the network.
    """

    path: Path
    notes: tuple[str, ...]
    shares: pd.DataFrame
    model: str


def fuse_maps(request: FuseMapsRequest) -> FusedMap:
    """:func:`iter_fuse_maps` run to its end."""
    return drain(iter_fuse_maps(request))


def iter_fuse_maps(request: FuseMapsRequest, token: CancelToken | None = None) -> Generator[Progress, None, FusedMap]:
    """Fuse two maps; a generator of Progress.

    Raises
    ------
    MapError, RegionError
        If the two maps cannot be fused.
    ModelError
        If the network cannot be used.
    OutputError
        If the file exists, is one of the two, or cannot be written; what stood there is whole.
    Cancelled
        Nothing is left then.
    """
    from napari_hicstruct.contacts import open_map

    token, clock = token or CancelToken(), Clock()
    yield clock.step("open maps", 0, 0)
    sources = open_map(request.a), open_map(request.b)
    files = [split_uri(source.uri)[0] for source in sources]
    check_output_file(request.out, files, overwrite=request.overwrite)
    _check_out(request.out)
    plan = plan_fusion(
        *sources, resolution=request.resolution, chroms=request.chroms, region=request.region, token=token
    )
    yield clock.step("load model", 0, 0, " ".join(plan.notes))
    preload_torch()
    from napari_hicstruct.inference.device import torch_threads

    with torch_threads(request.threads or 0):
        net, model = _load(request, unlike=plan.read[0] != plan.read[1])
        job = _Job(request, plan, sources, net, account(request, plan, sources, model), token, clock)
        # what HDF5 raises are OSErrors, too
        with writing(request.out, what="cannot be written"), in_place_of(request.out) as file:
            yield from job.iter_write(file)
    yield clock.step("done", 1, 1, str(request.out))
    label = f"{model['name']} {model['version']}".strip()
    return FusedMap(request.out, (*plan.notes, *job.notes), job.table(), label)


def _check_out(path: Path) -> None:
    """Refuse before the work what could not be written after it."""
    if path.suffix.lower() != MAP_ENDING:
        hint = f"Give a name that ends in {MAP_ENDING}."
        raise OutputError("is no name of a map that is written.", where=path, hint=hint)
    if path.is_dir():
        raise OutputError("is a folder.", where=path, hint="Choose another name.")
    try_folder(path.parent)
    remove_leftovers(path.parent, f".{path.stem}.")  # of a run that was killed: they are as large as maps


def _load(request: FuseMapsRequest, *, unlike: bool) -> tuple[HybridFusionNet, dict[str, Any]]:
    """The network, and what is kept of it."""
    from napari_hicstruct.config.resources import resource
    from napari_hicstruct.errors import ModelError
    from napari_hicstruct.fusion.map_features import CHANNELS
    from napari_hicstruct.fusion.sharpen import OUTPUTS
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.models.fusion.store import load_fusion
    from napari_hicstruct.models.store import read_card

    shipped = SHIPPED_UNLIKE if unlike else SHIPPED
    folder = request.model if request.model is not None else resource("models", "fusion", shipped)
    net, config, card = load_fusion(folder, device=choose_device(request.device))
    hint = "Leave --model out, or give one that was trained on maps."
    if config.preset != "hic":
        raise ModelError(f"fuses pictures ({config.preset}), not contact maps.", where=folder, hint=hint)
    if config.network.in_channels > CHANNELS:
        text = f"reads {config.network.in_channels} channels of a map, not {CHANNELS}: it is of another version."
        raise ModelError(text, where=folder, hint=hint)
    if unlike and not (config.network.residual and config.network.value_channels == OUTPUTS):
        text = "was trained on maps in the same bins, and one of these has bins twice as large."
        raise ModelError(text, where=folder, hint="Leave --model out, or train with hic-unlike.yaml.")
    return net, model_record(Path(folder), card, str(read_card(Path(folder))["sha256"]))


@dataclass
class _Job:
    """One run: levels are written one after another into one file."""

    request: FuseMapsRequest
    plan: MapPlan
    sources: tuple[ContactSource, ContactSource]
    net: HybridFusionNet
    about: dict[str, Any]
    token: CancelToken
    clock: Clock
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Work in all: chromosomes by their length, and a tenth for each further level."""
        return sum(len(one.region) for one in self.plan.chroms) * (1 + 0.1 * len(self.plan.levels))

    def iter_write(self, file: Path) -> Generator[Progress, None, None]:
        import h5py

        from napari_hicstruct.workflows.fuse.write import mark_file

        with h5py.File(file, "w") as handle:
            yield from self._iter_finest(handle)
            yield from self._iter_coarser(handle)
            mark_file(handle, self.about)

    @property
    def _chromsizes(self) -> dict[str, int]:
        return {one.names[0]: one.length for one in self.plan.chroms}

    def _iter_finest(self, handle: h5py.File) -> Generator[Progress, None, None]:
        from napari_hicstruct.workflows.fuse.chromosome import ChromosomeFusion
        from napari_hicstruct.workflows.fuse.write import LevelWriter

        writer = self._writer(handle, self.plan.resolution, LevelWriter)
        done = 0.0
        for number, chrom in enumerate(self.plan.chroms):
            run = ChromosomeFusion(self.sources, chrom, self.plan, self.token, MAX_DISTANCE)
            name = display_name(chrom.names[0])
            for part in run.iter_fuse(self.net):
                yield self.clock.step(f"fuse {name}", done + 0.9 * part * len(chrom.region), self.total)
            rng = np.random.default_rng([24, number]) if self.request.counts else None
            for pixels in run.iter_pixels(rng):
                self.token.check()
                writer.add(chrom.names[0], pixels)
                yield self.clock.step(f"write {name}", done + 0.95 * len(chrom.region), self.total)
            self.rows.append({"chrom": chrom.names[0], **run.figures()})
            self.notes += run.notes
            done += len(chrom.region)
        writer.close(self.plan.assembly, self.about)

    def _iter_coarser(self, handle: h5py.File) -> Generator[Progress, None, None]:
        from napari_hicstruct.workflows.fuse.write import LevelWriter, balance_level, sum_level

        finest = self.plan.resolution
        lengths = sum(len(one.region) for one in self.plan.chroms)
        unbalanced = []
        for k, size in enumerate(self.plan.levels):
            self.token.check()
            yield self.clock.step(f"level {format_bin_size(size)}", lengths * (1 + 0.1 * k), self.total)
            if size != finest:
                base = max(one for one in self.plan.levels[:k] if size % one == 0)
                writer = self._writer(handle, size, LevelWriter)
                sum_level(handle[f"resolutions/{base}"], writer, self._chromsizes, size // base, self.token)
                writer.close(self.plan.assembly, self.about)
            if not balance_level(handle[f"resolutions/{size}"], self.token):
                unbalanced.append(format_bin_size(size))
        if unbalanced:
            self.notes.append(f"Too few bins to balance at {', '.join(unbalanced)}.")

    def _writer(self, handle: h5py.File, size: int, kind: Any) -> Any:
        group = handle.create_group(f"resolutions/{size}")
        most = 2 * sum(self.plan.contacts)  # a network that decides may add some to their sum
        return kind(group, self._chromsizes, size, integer=self.request.counts, most=most, place=self.request.out)

    def table(self) -> pd.DataFrame:
        """Figures of each chromosome."""
        import pandas as pd

        return pd.DataFrame(self.rows)
