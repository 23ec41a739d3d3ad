"""Write simulated chromosomes as one balanced ``.mcool``, with their truth in our label formats."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct import __version__
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.files import in_place_of, output_error, try_folder
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import n_bins
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.synth.counts import iter_counts
from napari_hicstruct.synth.records import truth_records
from napari_hicstruct.synth.types import SimulatedMap

LADDER = (5_000, 10_000, 25_000, 50_000, 100_000)
_MIN_BALANCED_BINS = 40  # below that balancing fails or means nothing
_FORMATS = ("bedpe", "bed", "stripenn")
_CHUNK = 2_000_000  # pixels in memory at once


def write_simulation(
    sim: SimulatedMap | Sequence[SimulatedMap],
    path: str | Path,
    *,
    depth: float,
    resolutions: Sequence[int] = LADDER,
    truth_dir: str | Path | None = None,
) -> Path:
    """Write counts of one or several simulated chromosomes.

    Parameters
    ----------
    sim : SimulatedMap or sequence of SimulatedMap
        Chromosomes of one resolution.
    path : str or Path
        The ``.mcool``; replaced atomically.
    depth : float
        Mean count at a distance of one bin.
    resolutions : sequence of int
        Ladder in bp, finest first; each a whole multiple of a finer one.
    truth_dir : str or Path, optional
        Folder for the truth, see :func:`write_truth`.
    """
    sims = [sim] if isinstance(sim, SimulatedMap) else list(sim)
    by_name = {s.chrom: s for s in sims}
    lengths = {s.chrom: s.length for s in sims}
    return drain(
        iter_write(lengths, by_name.__getitem__, path, depth=depth, resolutions=resolutions, truth_dir=truth_dir)
    )


def iter_write(  # noqa: PLR0913 - keywords of a use case
    lengths: Mapping[str, int],
    make: Callable[[str], SimulatedMap],
    path: str | Path,
    *,
    depth: float,
    resolutions: Sequence[int] = LADDER,
    truth_dir: str | Path | None = None,
    provenance: Mapping[str, Any] | None = None,
    token: CancelToken | None = None,
) -> Generator[Progress, None, Path]:
    """As :func:`write_simulation`, but each chromosome is made when it is needed and forgotten afterwards."""
    path, ladder, clock = Path(path), check_ladder(resolutions), Clock()
    token = token or CancelToken()
    total = 3.0 + 2 * len(ladder)
    truths: list[SimulatedMap] = []
    try:
        with in_place_of(path) as file:
            temporary = str(file)
            yield clock.step("simulate", 0, total, ", ".join(lengths))
            _write_base(temporary, lengths, make, depth, ladder[0], truths, token)
            for k, resolution in enumerate(ladder[1:], start=1):
                token.check()
                yield clock.step("sum bins", 2.0 + k, total, f"{resolution:,} bp")
                _coarsen(temporary, ladder, resolution)
            for k, resolution in enumerate(ladder):
                token.check()
                yield clock.step("balance", 2.0 + len(ladder) + k, total, f"{resolution:,} bp")
                _balance(temporary, resolution, token)
            _mark_mcool(temporary)
            if truth_dir is not None:
                write_truth(truths, truth_dir, depth=depth, provenance=provenance)
    except (OSError, RuntimeError) as error:  # HDF5 raises either
        raise output_error(path, error, what="cannot be written") from error
    yield clock.step("done", total, total, str(path))
    return path


def check_ladder(resolutions: Sequence[int]) -> tuple[int, ...]:
    """Ladder, finest first.

    Raises
    ------
    ConfigError
        If a step is not made of whole bins of the finest.
    """
    ladder = tuple(sorted({int(r) for r in resolutions}))
    if not ladder or ladder[0] <= 0:
        raise ConfigError("the ladder of resolutions is empty or not positive.")
    for resolution in ladder:
        if resolution % ladder[0]:
            raise ConfigError(f"{resolution:,} bp bins are not made of whole {ladder[0]:,} bp bins.")
    return ladder


def _write_base(  # noqa: PLR0913 - one pass with all its state
    file: str,
    lengths: Mapping[str, int],
    make: Callable[[str], SimulatedMap],
    depth: float,
    resolution: int,
    truths: list[SimulatedMap],
    token: CancelToken,
) -> None:
    import cooler
    import pandas as pd

    def pixels() -> Iterator[dict[str, Any]]:
        offset = 0
        for name in lengths:
            token.check()
            sim = make(name)
            if sim.resolution != resolution:
                raise ConfigError(f"{name} was simulated at {sim.resolution:,} bp, not at {resolution:,} bp.")
            rng = np.random.default_rng([sim.seed, 3])
            for bin1, bin2, count in iter_counts(sim, depth, rng):
                token.check()
                yield {"bin1_id": bin1 + offset, "bin2_id": bin2 + offset, "count": count}
            offset += n_bins(sim.length, resolution)
            truths.append(_without_band(sim))

    bins = cooler.util.binnify(pd.Series(dict(lengths)), resolution)
    cooler.create_cooler(
        f"{file}::/resolutions/{resolution}",
        bins,
        pixels(),
        ordered=True,
        dtypes={"count": np.int32},
        assembly="simulated",
        metadata={"simulated-by": f"napari-hicstruct {__version__}", "depth": depth},
    )


def _without_band(sim: SimulatedMap) -> SimulatedMap:
    """The map without its bulk: only truth, bias and mask are needed later."""
    empty = np.zeros((0, sim.n_bins), np.float32)
    return SimulatedMap(sim.chrom, sim.length, sim.resolution, empty, sim.bias, sim.masked, sim.truth, sim.seed)


def _coarsen(file: str, ladder: Sequence[int], resolution: int) -> None:
    import cooler

    finer = max(r for r in ladder if r < resolution and resolution % r == 0)
    base, target = (f"{file}::/resolutions/{r}" for r in (finer, resolution))
    cooler.coarsen_cooler(base, target, resolution // finer, _CHUNK, mode="r+")


def _balance(file: str, resolution: int, token: CancelToken) -> None:
    """ICE within chromosomes; a level with too few bins is left without weights."""
    import h5py

    from napari_hicstruct.synth.balance import balance

    with h5py.File(file, "r+") as handle:
        group = handle[f"resolutions/{resolution}"]
        if int(group.attrs["nbins"]) >= _MIN_BALANCED_BINS:
            balance(group, token)


def _mark_mcool(file: str) -> None:
    import h5py

    with h5py.File(file, "r+") as handle:
        handle.attrs.update({"format": "HDF5::MCOOL", "format-version": 2})


def check_truth_folder(folder: str | Path, provenance: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another map's label files or cannot be written, before hours are spent on this one.

    Raises
    ------
    OutputError
    """
    from napari_hicstruct.annotations.writers.export import file_names
    from napari_hicstruct.annotations.writers.folder import plan_folder

    for target in (Path(folder), Path(folder) / "faint"):
        plan_folder(target, file_names(tuple(Kind), _FORMATS), provenance, hint="Choose another folder.")
    try_folder(Path(folder))


def write_truth(
    sims: Sequence[SimulatedMap], folder: str | Path, *, depth: float, provenance: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write what is visible at ``depth`` as label files with ``run.json``, and the rest the same way in ``faint/``.

    An evaluation takes the folder as truth and ``faint/`` as what calls may hit without being right or wrong.
    """
    from napari_hicstruct.annotations.writers import export_records

    parts = [truth_records(sim, depth) for sim in sims]
    about = {
        "depth": depth,
        "chromosomes": {sim.chrom: {"length": sim.length, "seed": sim.seed} for sim in sims},
        **(provenance or {}),
    }
    written: list[Path] = []
    for k, target in enumerate((Path(folder), Path(folder) / "faint")):
        records = [record for part in parts for record in part[k]]
        written += export_records(records, target, formats=_FORMATS, provenance=about, kinds=tuple(Kind))
    return written
