"""The real maps that have no truth list, the copies that other programs get, and every caller's calls on them.

A copy holds one chromosome at ``/resolutions/BIN`` of a ``.mcool``, the form that all peers read.  Weights of the map
are kept.  A map without any is balanced by cooler's ICE: the two diagonals nearest the main one are left out, bins of
fewer than ten pixels masked (the empty rest of a capture map's chromosome holds none), bins five deviations below the
others too.  Whether that converged is written beside the copy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._callers import (
    PEER_LOOPS,
    STRIPECALLER,
    STRIPEPY,
    insulation,
    peer_loops,
    stripecaller,
    stripepy,
)
from benchmarks._harness import BenchmarkError, data_dir, say, scratch
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.records import boundary_table, loop_table, select, stripe_table

OURS = "hicstruct"
RELATIVE_CHANGE = 5.0
"""StripePy's own threshold."""
IGNORED_DIAGONALS, MIN_PIXELS, MAX_DEVIATIONS, MAX_ROUNDS = 2, 10, 5, 1000
INSULATION_BINS = 10


@dataclass(frozen=True, slots=True)
class RealMap:
    """A file of ``data/maps``, its chromosomes and bins; ``quick``: also in a short run."""

    name: str
    file: str
    chroms: tuple[str, ...]
    resolution: int = 10_000
    group: str = "/"
    quick: bool = False

    @property
    def uri(self) -> str:
        """The map where it lies."""
        return f"{data_dir() / 'maps' / self.file}{'' if self.group == '/' else f'::{self.group}'}"

    def work(self, chrom: str) -> Path:
        """Where copies and calls on one chromosome are kept."""
        return scratch("real_maps") / f"{self.name.replace(' ', '_')}_{chrom}"


MAPS = (
    RealMap("Epha4 WT", "mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool", ("chr1",), quick=True),
    RealMap("Epha4 DelB", "mouse_limbE11.5_Epha4_DelB_chr1_73-79Mb_10kb.cool", ("chr1",)),
    RealMap("stripeDiff mutant", "stripeDiff_mutant_chr19_20Mb_10kb.cool", ("chr19",)),
    RealMap("LNCaP", "LNCaP_chr7_chr14_10kb_hg38.cool", ("chr7", "chr14")),
    RealMap("GM12878 chr21", "GM12878_MboI_chr21_10kb_hg19.cool", ("21",), group="/10000", quick=True),
    RealMap("mouse ES chr18", "mouse_ES_chr18_50-70Mb_25kb.cool", ("chr18",), resolution=25_000),
    RealMap("GM12878 chr20", "GM12878_rep_chr20_25kb.cool", ("chr20",), resolution=25_000),
)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one kind, best first: chromosomes, two positions each (bp), scores.

    Positions are both centres of a loop, centre of the anchor and far end of a stripe, twice the centre of a boundary.
    """

    kind: Kind
    chroms: tuple[str, ...]
    places: Any
    scores: Any

    def __len__(self) -> int:
        return len(self.chroms)


def calls_of(kind: Kind, chrom: str, places: Any, scores: Any) -> Calls:
    """Calls of one chromosome, sorted by score; equal scores keep their order."""
    order = np.argsort(-np.asarray(scores, float), kind="stable")
    return Calls(
        kind, (chrom,) * len(order), np.asarray(places, float).reshape(-1, 2)[order], np.asarray(scores)[order]
    )


def joined(parts: list[Calls]) -> Calls:
    """Calls of several chromosomes as one list, best first."""
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="stable")
    chroms = [chrom for part in parts for chrom in part.chroms]
    places = np.concatenate([part.places for part in parts])[order]
    return Calls(parts[0].kind, tuple(chroms[k] for k in order), places, scores[order])


def stripe_places(table: Any) -> Any:
    """Centre of the anchor and the end that is further from it, of ``x0, x1, y0, y1, …`` (bp)."""
    x0, x1, y0, y1 = table[:, :4].T
    return np.column_stack([(x0 + x1) / 2, np.where(np.abs(y1 - x0) > np.abs(y0 - x1), y1, y0)])


def our_calls(folder: Path, one: RealMap) -> dict[Kind, Calls]:
    """What ``hicstruct predict`` wrote, of each kind."""
    files = {Kind.LOOP: "loops.bedpe", Kind.STRIPE: "stripes.bedpe", Kind.BOUNDARY: "boundaries.bed"}
    found = {}
    for kind, name in files.items():
        records = read_labels(folder / name, kind=kind).records
        found[kind] = joined([_ours_of(kind, chrom, select(records, kind, chrom)) for chrom in one.chroms])
    return found


def _ours_of(kind: Kind, chrom: str, records: list[Any]) -> Calls:
    if kind is Kind.LOOP:
        table = loop_table(records)
        return calls_of(kind, chrom, table[:, :2], table[:, 2])
    if kind is Kind.STRIPE:
        table = stripe_table(records)
        return calls_of(kind, chrom, stripe_places(table), table[:, 4])
    table = boundary_table(records, [])
    return calls_of(kind, chrom, table[:, [0, 0]], table[:, 1])


def peer_calls(one: RealMap) -> dict[Kind, dict[str, Calls]]:
    """What the peers call, of each kind; a peer that fails on a map is left out and said so."""
    found: dict[Kind, dict[str, Calls]] = {Kind.LOOP: {}, Kind.STRIPE: {}, Kind.BOUNDARY: {}}
    for kind, callers in _peers(one.resolution).items():
        for name, call in callers.items():
            try:
                found[kind][name] = joined([calls_of(kind, chrom, *call(*copied(one, chrom))) for chrom in one.chroms])
            except BenchmarkError as error:
                say(f"{one.name}: {name} gives nothing: {str(error).strip().splitlines()[-1]}")
    return found


Caller = Callable[[str, Path], tuple[Any, Any]]
"""URI of a copy and a folder → places and scores."""


def _peers(resolution: int) -> Mapping[Kind, Mapping[str, Caller]]:
    def loops(name: str) -> Caller:
        def call(uri: str, folder: Path) -> tuple[Any, Any]:
            table = peer_loops(name, uri, folder)
            return table[:, :2], table[:, 2]

        return call

    def stripes(setting: str, least: float) -> Caller:
        def call(uri: str, folder: Path) -> tuple[Any, Any]:
            table = stripepy(uri, folder, resolution, setting=setting)
            table = table[table[:, 4] >= least]
            return stripe_places(table), table[:, 4]

        return call

    def runs(setting: str) -> Caller:
        def call(uri: str, folder: Path) -> tuple[Any, Any]:
            table = stripecaller(uri, folder, setting=setting)
            return stripe_places(table), table[:, 4]

        return call

    def borders(uri: str, folder: Path) -> tuple[Any, Any]:
        table = insulation(uri, folder, INSULATION_BINS * resolution)
        centres = table[:, 0] + resolution / 2
        return np.column_stack([centres, centres]), table[:, 1]

    return {
        Kind.LOOP: {name: loops(name) for name in PEER_LOOPS},
        Kind.STRIPE: {f"StripePy, {name}": stripes(name, RELATIVE_CHANGE) for name in STRIPEPY}
        | {f"StripeCaller, {name}": runs(name) for name in STRIPECALLER},
        Kind.BOUNDARY: {"cooltools insulation": borders},
    }


def copied(one: RealMap, chrom: str) -> tuple[str, Path]:
    """URI of the balanced copy of one chromosome, made at the first call, and the folder of calls on it."""
    import h5py

    folder = one.work(chrom)
    path = folder / "map.mcool"
    uri = f"{path}::/resolutions/{one.resolution}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / "part.mcool"
        part.unlink(missing_ok=True)
        _write_copy(one, chrom, f"{part}::/resolutions/{one.resolution}", folder)
        with h5py.File(part, "r+") as file:
            file.attrs.update({"format": "HDF5::MCOOL", "format-version": 2})  # else StripePy does not open it
        part.rename(path)
    return uri, folder


def _describe_weights(one: RealMap, uri: str) -> None:
    """What the map says of its weights; insulation wants to know how many diagonals they leave out."""
    import cooler
    import h5py

    with cooler.Cooler(one.uri).open() as group:
        said = {"ignore_diags": IGNORED_DIAGONALS} | dict(group["bins/weight"].attrs)
    path, _, name = uri.partition("::")
    with h5py.File(path, "r+") as file:
        file[name]["bins/weight"].attrs.update(said)


def _write_copy(one: RealMap, chrom: str, uri: str, folder: Path) -> None:
    import cooler

    source = cooler.Cooler(one.uri)
    bins, pixels = source.bins().fetch(chrom), source.matrix(balance=False, as_pixels=True).fetch(chrom)
    pixels = pixels[["bin1_id", "bin2_id", "count"]] - [bins.index[0], bins.index[0], 0]
    pixels = pixels.astype({"bin1_id": np.int64, "bin2_id": np.int64})
    kinds = {"count": source.pixels().dtypes["count"]}
    cooler.create_cooler(uri, bins.reset_index(drop=True), pixels, dtypes=kinds, ordered=True)
    note: dict[str, Any] = {"weights": "the map's own"}
    if "weight" in bins:
        _describe_weights(one, uri)
    else:
        _, state = cooler.balance_cooler(
            cooler.Cooler(uri),
            ignore_diags=IGNORED_DIAGONALS,
            min_nnz=MIN_PIXELS,
            mad_max=MAX_DEVIATIONS,
            max_iters=MAX_ROUNDS,
            store=True,
        )
        note = {"weights": "ICE", "converged": bool(np.all(state["converged"])), "variance": str(state["var"])}
        say(f"{one.name} {chrom}: balanced by ICE, {note}")
    (folder / "map.json").write_text(json.dumps(note))
