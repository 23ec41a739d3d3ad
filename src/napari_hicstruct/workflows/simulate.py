"""Simulate a map of one or several chromosomes into a balanced ``.mcool`` with truth; the sample map."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_hicstruct.config import load_config, parse_config
from napari_hicstruct.config.files import check_room, why
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.errors import ConfigError, OutputError
from napari_hicstruct.genome import format_bp
from napari_hicstruct.jobs import CancelToken, Progress, drain

_PIXEL_BYTES = 4  # per pixel of the finest band, coarser levels included; the densest maps came to 2.8

LADDER = (5_000, 10_000, 25_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateRequest:
    """What to simulate.

    Attributes
    ----------
    out : Path
        The ``.mcool`` to write.
    lengths : mapping of str to int
        Chromosomes and their lengths in bp.
    resolutions : tuple of int
        Ladder in bp; the finest is simulated, the others are summed from it.
    depth : float
        Mean count at a distance of one (finest) bin, before coverage bias.
    seed : int
    style : {"extrusion", "painted"}
    truth_dir : Path, optional
        Folder for the truth's label files.
    settings : mapping
        Further keys of :class:`SimulationConfig`: ranges other than the defaults.
    """

    out: Path
    lengths: Mapping[str, int]
    resolutions: tuple[int, ...] = LADDER
    depth: float = 100.0
    seed: int = 1
    style: str = "extrusion"
    truth_dir: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulateResult:
    """What was written, and how many structures of each kind are visible at the map's depth."""

    map: Path
    truth_dir: Path | None
    chromosomes: Mapping[str, int]
    visible: Mapping[str, int]
    seed: int
    depth: float


def simulate(request: SimulateRequest) -> SimulateResult:
    """:func:`iter_simulate` to its end."""
    return drain(iter_simulate(request))


def iter_simulate(
    request: SimulateRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, SimulateResult]:
    """Simulate, sum, balance and write; nothing is left behind when cancelled.

    Raises
    ------
    ConfigError
        If a length, the ladder or a setting is impossible.
    OutputError
        If the map is not to be an ``.mcool``, or it or the truth cannot be written.
    """
    from napari_hicstruct.synth import paint_map, simulate_map
    from napari_hicstruct.synth.records import truth_records
    from napari_hicstruct.synth.types import SimulatedMap
    from napari_hicstruct.synth.write import check_ladder, check_truth_folder, iter_write

    ladder = check_ladder(request.resolutions)
    _check(request)
    configs = chromosome_configs(request, ladder[0])
    check_room(request.out, _PIXEL_BYTES * sum(config.n_bins * config.n_diagonals for config in configs.values()))
    provenance: dict[str, Any] = {"seed": request.seed, "style": request.style, "settings": dict(request.settings)}
    if request.truth_dir is not None:
        provenance["map"] = {"uri": _from_folder(request.out, request.truth_dir)}
        check_truth_folder(request.truth_dir, provenance)
    visible: dict[str, int] = {}

    def make(name: str) -> SimulatedMap:
        seed = request.seed if len(configs) == 1 else request.seed * 1_000 + list(configs).index(name)
        sim = (simulate_map if request.style == "extrusion" else paint_map)(configs[name], seed)
        for record in truth_records(sim, request.depth)[0]:
            visible[record.kind.value] = visible.get(record.kind.value, 0) + 1
        return sim

    yield from iter_write(
        request.lengths,
        make,
        request.out,
        depth=request.depth,
        resolutions=ladder,
        truth_dir=request.truth_dir,
        provenance=provenance,
        token=token,
    )
    return SimulateResult(request.out, request.truth_dir, dict(request.lengths), visible, request.seed, request.depth)


def _check(request: SimulateRequest) -> None:
    if request.out.suffix.lower() != ".mcool":
        hint = f"Name it {request.out.with_suffix('.mcool').name}."
        raise OutputError("is no .mcool file.", where=request.out, hint=hint)
    if request.style not in ("extrusion", "painted"):
        raise ConfigError(f"there is no style '{request.style}'.", hint="Choose extrusion or painted.")
    if not request.depth > 0:
        raise ConfigError(f"the depth must be above 0, not {request.depth:g}.")


def is_simulated(path: Path) -> bool:
    """True if ``path`` is a map that was simulated by :func:`simulate`."""
    import h5py

    try:
        with h5py.File(path) as file:
            texts = (level.attrs.get("metadata", "") for level in file["resolutions"].values())
            return any("simulated-by" in str(text) for text in texts)
    except (OSError, KeyError, AttributeError):
        return False


def _from_folder(path: Path, folder: Path) -> str:
    """``path`` as seen from ``folder``: both are moved together; in full where they lie on two drives."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return str(path.absolute())


def ladder_from(resolutions: Sequence[int]) -> tuple[int, ...]:
    """The ladder asked for; one resolution alone means that and its usual multiples."""
    if len(resolutions) != 1:
        return tuple(resolutions) or LADDER
    return tuple(resolutions[0] * factor for factor in (1, 2, 5, 10, 20))


def load_settings(path: Path) -> dict[str, Any]:
    """Keys of :class:`SimulationConfig` that stand in a YAML file (chromosome, length and bins come from elsewhere)."""
    given = load_config(SimulationConfig, path).model_dump(exclude_unset=True)
    return {key: value for key, value in given.items() if key not in ("chrom", "length", "resolution")}


def chromosome_configs(request: SimulateRequest, resolution: int) -> dict[str, SimulationConfig]:
    """Settings of each chromosome; several share one set of drawn parameters."""
    if not request.lengths:
        raise ConfigError("there is no chromosome to simulate.")
    configs: dict[str, SimulationConfig] = {}
    for name, length in request.lengths.items():
        reach = min(3_300_000, length // 2) // resolution * resolution
        own = {"chrom": name, "length": length, "resolution": resolution, "max_distance": reach}
        if length < 2_000_000:
            raise ConfigError(
                f"{name} is {format_bp(length)} long; extrusion needs room.", hint="Simulate at least 2 Mb."
            )
        config = parse_config(SimulationConfig, {**own, **request.settings})
        configs[name] = config if len(request.lengths) == 1 else config.fixed(request.seed)
    return configs


SAMPLE_SETTINGS: Mapping[str, Any] = {
    "barrier_spacing": (190_000, 190_000),
    "barrier_strength": (0.85, 0.85),
    "barrier_clustered": (0.55, 0.55),
    "barrier_residence": (400, 400),
    "lef_spacing": (130_000, 130_000),
    "processivity": (300_000, 300_000),
    "stabilisation": (6.0, 6.0),
    "leg_contact": (2.5, 2.5),
    "psf_bins": (1.1, 1.1),
    "loop_exponent": (1.45, 1.45),
    "unlooped": (0.05, 0.05),
    "decay_near": (-0.7, -0.7),
    "decay_far": (-1.2, -1.2),
    "decay_first": (0.5, 0.5),
    "decoys": (0.0, 0.0),
    "slope_sigma": (0.02, 0.02),
    "odd_bins": (0.0, 0.0),
    "low_bins": (0.004, 0.004),
    "compartment_onset": (600_000, 600_000),
    "overdispersion": (0.01, 0.01),
    "compartment_strength": (0.15, 0.15),
    "roughness": (0.02, 0.02),
    "bias_sigma": (0.15, 0.15),
    "masked_single": (0.004, 0.004),
    "masked_runs": (0.15, 0.15),
    "masked_gaps": (0.0, 0.0),
}
SAMPLE_LENGTH, SAMPLE_DEPTH, SAMPLE_SEED = 12_000_000, 250.0, 5


def sample_map() -> tuple[Path, Path]:
    """The sample ``.mcool`` and the folder with its truth, made on first use and cached (``$HICSTRUCT_CACHE``)."""
    path = drain(iter_sample_map())
    return path, path.parent / "truth"


def sample_path() -> Path:
    """Where the sample map lies once it was made."""
    from napari_hicstruct.config.paths import cache_dir

    recipe = json.dumps([SAMPLE_LENGTH, SAMPLE_DEPTH, SAMPLE_SEED, LADDER, SAMPLE_SETTINGS, 1], sort_keys=True)
    folder = cache_dir(create=False) / f"sample-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    return folder / "hicstruct-sample.mcool"


def iter_sample_map(*, token: CancelToken | None = None) -> Generator[Progress, None, Path]:
    """As :func:`sample_map`, with progress; gives the map's path, the truth lies in ``truth/`` beside it."""
    from napari_hicstruct.config.paths import cache_dir

    path = sample_path()
    folder = path.parent
    if path.exists():
        return path
    try:
        cache_dir()
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".sample-") as temporary:
            made = Path(temporary) / "made"
            request = SimulateRequest(
                out=made / path.name,
                lengths={"chr1": SAMPLE_LENGTH},
                depth=SAMPLE_DEPTH,
                seed=SAMPLE_SEED,
                truth_dir=made / "truth",
                settings=SAMPLE_SETTINGS,
            )
            yield from iter_simulate(request, token=token)
            _put_in_place(made, folder, path)
    except OSError as error:
        raise OutputError(
            f"the sample map cannot be cached ({why(error)}).",
            where=folder.parent,
            hint="Set HICSTRUCT_CACHE to a folder that can be written.",
        ) from error
    return path


def _put_in_place(made: Path, folder: Path, path: Path) -> None:
    """Rename the finished folder; if another process was quicker, its equal result stays."""
    if folder.exists() and not path.exists():
        shutil.rmtree(folder)
    try:
        os.rename(made, folder)
    except OSError:
        if not path.exists():
            raise
