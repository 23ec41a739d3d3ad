"""A pool of simulated maps on disk: made once, drawn from at ever new depths."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Generator
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from napari_hicstruct.config.files import in_place_of, why_and_hint
from napari_hicstruct.config.training import PoolConfig
from napari_hicstruct.errors import MapError, OutputError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.synth.truth import VERSION
from napari_hicstruct.synth.types import SimulatedMap, Truth

_ARRAYS = ("bias", "masked", "overdispersion")
_TRUTH = ("loops", "stripes", "boundaries", "domains")


def pool_members(config: PoolConfig) -> list[tuple[str, int]]:
    """Style and seed of every map of the pool, styles taking turns so that any prefix is mixed."""
    styles = ["extrusion"] * config.extrusion + ["painted"] * config.painted
    order = np.random.default_rng(config.first_seed).permutation(len(styles))
    return [(styles[k], seed) for k, seed in zip(order, config.seeds, strict=True)]


def _member_path(folder: Path, config: PoolConfig, style: str, seed: int) -> Path:
    key = hashlib.sha256(f"{VERSION}{config.settings.model_dump_json()}".encode()).hexdigest()[:12]
    return folder / f"{style}-{seed}-{key}.npz"


def save_map(sim: SimulatedMap, path: Path) -> None:
    """Write one map atomically; the band as float16 square roots (relative error below 0.1 %).

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written.
    """
    arrays = {name: getattr(sim, name) for name in _ARRAYS}
    arrays |= {f"truth_{name}": getattr(sim.truth, name) for name in _TRUTH}
    header = np.array([sim.length, sim.resolution, sim.seed])
    root = np.sqrt(sim.band).astype(np.float16)
    try:
        with in_place_of(path) as file:
            np.savez(file, root=root, header=header, chrom=np.array(sim.chrom), **arrays)
    except OSError as error:
        reason, hint = why_and_hint(error)
        hint = f"{hint} Then start the same command again: the maps that are there are kept."
        raise OutputError(f"the simulated map cannot be written ({reason}).", where=path, hint=hint) from error


def load_map(path: Path) -> SimulatedMap:
    """Read a map written by :func:`save_map`.

    Raises
    ------
    MapError
        If the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = dict(file)
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        hint = "Delete it and start the same command again: it is simulated anew."
        raise MapError(f"is no whole simulated map ({type(error).__name__}).", where=path, hint=hint) from error
    length, resolution, seed = (int(v) for v in data["header"])
    band = data["root"].astype(np.float32) ** 2
    truth = Truth(**{name: data[f"truth_{name}"] for name in _TRUTH})
    arrays = {name: data[name] for name in _ARRAYS}
    return SimulatedMap(str(data["chrom"]), length, resolution, band, truth=truth, seed=seed, **arrays)


def missing_members(config: PoolConfig, folder: Path) -> list[tuple[Path, str, int]]:
    """Path, style and seed of the maps of the pool that are not in its folder yet."""
    found = [(_member_path(folder, config, style, seed), style, seed) for style, seed in pool_members(config)]
    return [member for member in found if not member[0].exists()]


def make_member(config: PoolConfig, path: Path, style: str, seed: int) -> None:
    """Simulate one map of the pool and write it.

    Raises
    ------
    OutputError
    """
    from napari_hicstruct import synth

    make = synth.simulate_map if style == "extrusion" else synth.paint_map
    save_map(make(config.settings, seed), path)


def iter_make_pool(config: PoolConfig, folder: Path, *, token: CancelToken) -> Generator[Progress, None, list[Path]]:
    """Make the maps of the pool that are not there yet; gives the paths of all."""
    clock, members = Clock(), pool_members(config)
    paths = [_member_path(folder, config, style, seed) for style, seed in members]
    for done, (path, (style, seed)) in enumerate(zip(paths, members, strict=True)):
        token.check()
        yield clock.step("simulate maps", done, len(members), message=path.name)
        if not path.exists():
            make_member(config, path, style, seed)
    return paths
