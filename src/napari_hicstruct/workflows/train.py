"""Train a model from simulated maps by a recipe, and pack the best checkpoint as a model folder."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.files import write_text, writing
from napari_hicstruct.config.paths import training_maps_dir
from napari_hicstruct.config.training import PoolConfig, TrainConfig, simulated_maps
from napari_hicstruct.errors import ConfigError, HicStructError, JobError
from napari_hicstruct.jobs import CancelToken, Progress, drain
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from napari_hicstruct.jobs.cluster import Cluster
    from napari_hicstruct.training.samples import Batch

VALIDATION_BATCHES = 18

RECIPE = "recipe.json"
FREE = {"name", "version", "checkpoint_every", "patience"}
"""Keys that may change on the way: they touch no weight."""

_SAME = "Give the run's own recipe, or a new folder."

PARTS = ("decoders", "heads", "fine_heads")
"""Of a network, by task."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The model a run starts from."""

    name: str
    sha256: str
    weights: dict[str, Any]
    lineage: tuple[str, ...]
    simulated_seeds: tuple[tuple[int, int], ...] = ()
    """First seed and the one after the last, of the simulated maps of every run before."""
    calibration: Mapping[str, Any] = field(default_factory=dict)


def iter_train_model(  # noqa: PLR0913 - keywords of a use case
    config: TrainConfig,
    out: str | Path,
    *,
    device: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    parent: str | Path | None = None,
    pool: Path | None = None,
    token: CancelToken | None = None,
) -> Generator[Progress, None, Path]:
    """Simulate what is missing, train (or go on), and write ``out/model``; gives that folder.

    Parameters
    ----------
    devices, nodes : int
        Devices of each machine, and machines, that share the batches of a step and the folder ``out``.
    parent : path or str, optional
        Model (folder or name) whose weights a new run starts from, else ``config.start_from``.
    pool : Path, optional
        Folder of simulated maps, else :func:`~napari_hicstruct.config.paths.training_maps_dir` of ``out``.

    Raises
    ------
    ConfigError, JobError, OutputError
    """
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.training.engine import RunOptions, iter_train
    from napari_hicstruct.training.state import open_fabric

    out, token = Path(out), token or CancelToken()
    choose_device(device)
    before = _check(config, devices, parent or config.start_from, nodes)
    prepare_folder(config, out)
    fabric, maps = open_fabric(device, devices, nodes), pool or training_maps_dir(out)
    yield from _iter_first_process(fabric, config, out, maps, token)
    paths, held_out = yield from _iter_maps(config, maps, token)
    weights, batches = None if before is None else before.weights, validation_batches(config, held_out)
    options = RunOptions(prepare=_gate_alone if config.learns == "cell_gate" else None)
    common: dict[str, Any] = {"token": token, "fabric": fabric, "weights": weights, "options": options}
    try:
        best = yield from iter_train(config, out, train_paths=paths, validation=batches, **common)
    except JobError as error:
        raise (_with_best(error, config, out, before) if fabric.is_global_zero else error) from error
    if fabric.is_global_zero:
        pack_model(config, best, out / "model", parent=before)
    fabric.barrier()  # nobody reads the folder before it is whole
    return out / "model"


def _gate_alone(net: Any) -> None:
    """Freeze everything but the gate of maps: with the gate off, the network is the one that it started from."""
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name.split(".")[0] == "selector")


def _iter_first_process(
    fabric: Fabric, config: TrainConfig, out: Path, maps: Path, token: CancelToken
) -> Generator[Progress, None, None]:
    """Recipe and maps are written by one process; the others wait for it."""
    if fabric.is_global_zero:
        write_text(out / RECIPE, config.model_dump_json(indent=2))
        yield from _iter_maps(config, maps, token)
    fabric.barrier()


def _check_nodes(nodes: int) -> None:
    """Refuse to wait for machines that nobody has named.

    Raises
    ------
    ConfigError
    """
    known = "SLURM_NODEID" in os.environ or {"NODE_RANK", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()
    if nodes > 1 and not known:
        what = f"training on {nodes} nodes does not know which of them this is."
        hint = "Start it with srun, or set NODE_RANK, MASTER_ADDR and MASTER_PORT on each node (docs/clusters.md)."
        raise ConfigError(what, hint=hint)


def _iter_maps(
    config: TrainConfig, pool: Path, token: CancelToken
) -> Generator[Progress, None, tuple[list[Path], list[Path]]]:
    """Simulate the maps that are not there yet; gives what is trained and what is validated on."""
    from napari_hicstruct.training.pool import iter_make_pool

    paths = yield from iter_make_pool(config.train, pool, token=token)
    held_out = dataset_regions(config, "validation")
    if not held_out:
        held_out = yield from iter_make_pool(config.validation, pool, token=token)
    return paths + dataset_regions(config, "train"), held_out


def iter_make_pools(
    cluster: Cluster, stages: Sequence[TrainConfig], out: str | Path, *, parent: str | Path | None = None
) -> Generator[Progress, None, None]:
    """Have workers simulate the maps that recipes need and that are not in ``out`` yet; training then finds them there.

    Raises
    ------
    ConfigError
        If the first recipe is impossible.
    JobError
        If a map cannot be made; the others are kept.
    OutputError
    """
    from napari_hicstruct.workflows.genome.map_jobs import pool_jobs
    from napari_hicstruct.workflows.genome.over_maps import iter_over_maps

    out, first = Path(out), stages[0]
    _check(first, 1, parent or first.start_from)
    folder = training_maps_dir(out).absolute()
    pools = [pool for config in stages for pool in (config.train, *_simulated_validation(config))]
    jobs = {job.name: job for pool in pools for job in pool_jobs(pool, folder)}
    if not jobs:
        return
    program = f"napari-hicstruct {__version__}"
    found = yield from iter_over_maps(cluster, list(jobs.values()), folder, program=program)
    if failed := [one for one in found if one.status == "failed"]:
        what = f"{len(failed)} of {how_many(len(found), 'map')} could not be simulated: {failed[0].error}"
        raise JobError(what, where=folder, hint="Start the same command again: the others are kept.")


def _simulated_validation(config: TrainConfig) -> list[PoolConfig]:
    return [] if dataset_regions(config, "validation") else [config.validation]


def _check(config: TrainConfig, devices: int, parent: str | Path | None, nodes: int = 1) -> Parent | None:
    """Refuse an impossible recipe while nothing has been made yet; gives the parent to start from."""
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.training.state import take_weights

    if config.batches % (devices * nodes):
        raise ConfigError(f"key 'batches': {config.batches} cannot be shared by {devices * nodes} devices.")
    _check_nodes(nodes)
    if config.model.tracks and (_simulated(config.train) or not dataset_regions(config, "validation")):
        raise ConfigError(
            f"key 'model.tracks': simulated maps have no track '{config.model.tracks[0]}'.",
            hint="Train and validate on data sets made with --track (datasets, train.extrusion: 0), or leave it out.",
        )
    net = MultiTaskNet(config.model)
    _check_datasets(config)
    before = load_parent(config, parent)
    if before is not None:
        take_weights(net, before.weights)
    return before


def _with_best(error: JobError, config: TrainConfig, out: Path, parent: Parent | None) -> JobError:
    """The same error, and where the best weights before it lie as a model, if there are any."""
    from napari_hicstruct.training.state import BEST

    kept = "No model was kept yet."
    if (out / BEST).exists():
        kept = f"The best model before is in {pack_model(config, out / BEST, out / 'model', parent=parent)}."
    return JobError(f"{error.message} {kept}", where=error.where, hint=error.hint)


def _simulated(pool: PoolConfig) -> int:
    return pool.extrusion + pool.painted


def dataset_regions(config: TrainConfig, split: str) -> list[Path]:
    """Folders of the regions of ``config.datasets`` that belong to a split."""
    return [path for folder in config.datasets for path in sorted((Path(folder) / split).glob("*.zarr"))]


def _check_datasets(config: TrainConfig) -> None:
    """Refuse data sets that are none, and tasks that nobody gives labels for."""
    heads: set[str] = set()
    for folder in config.datasets:
        mine = [path for path in dataset_regions(config, "train") if path.is_relative_to(folder)]
        if not mine or not (Path(folder) / "manifest.json").exists():
            hint = "Make it with hicstruct dataset; key 'datasets' names its folder."
            raise ConfigError("is no whole data set with regions to train on.", where=folder, hint=hint)
        heads |= set().union(*(_heads(path, config) for path in mine))
    for path in dataset_regions(config, "validation"):
        _heads(path, config)
    if not _simulated(config.validation) and not dataset_regions(config, "validation"):
        hint = "Give hicstruct dataset --validation regions, or the recipe validation.extrusion."
        raise ConfigError("there is nothing to validate on.", hint=hint)
    if config.datasets and not config.dataset_share:
        hint = "Leave 'datasets' out, or give a share above 0."
        raise ConfigError("key 'dataset_share' is 0: the data sets would never be drawn.", hint=hint)
    if config.objective == "reconstruction":  # reads no label
        return
    alone = config.datasets and (not _simulated(config.train) or config.dataset_share == 1)
    for task in config.model.tasks if alone else ():
        if task.head not in heads and not (task.head == "boundary" and config.weak.enabled):
            raise ConfigError(
                f"task '{task.name}' has no labels in {', '.join(config.datasets)}.",
                hint="Leave it out of model.tasks, give its label file to hicstruct dataset, or add simulated maps "
                "(train.extrusion, dataset_share below 1).",
            )


def _heads(path: Path, config: TrainConfig) -> frozenset[str]:
    """Heads that a region has labels for; refuses regions in other bins than the model's, or without its tracks."""
    from napari_hicstruct.training.dataset import region_heads

    heads, resolution, tracks = region_heads(path)
    if missing := [name for name in config.model.tracks if name not in tracks]:
        hint = f"Make the data set again with hicstruct dataset --track {missing[0]}=FILE.bw."
        raise ConfigError(f"has no track '{missing[0]}', which the model reads.", where=path, hint=hint)
    sizes = config.bin_sizes or (config.model.coarse_resolution,)
    if resolution not in sizes:
        known = ", ".join(f"{size:,}" for size in sizes)
        what = f"is in bins of {resolution:,} bp; the model's coarse bins are {known} bp."
        raise ConfigError(what, where=path, hint="Set model.coarse_resolution, or add the size to bin_sizes.")
    return heads


def iter_train_stages(
    stages: Sequence[TrainConfig], out: str | Path, *, device: str = "auto", devices: int = 1, nodes: int = 1
) -> Generator[Progress, None, Path]:
    """Train one recipe after the other, each from the model before it; gives the last one's folder.

    Stages that are done are passed over: run the same list again to go on.  Folders are ``out/<k>-<name>``.
    """
    out = Path(out)
    previous: Path | None = None
    for k, config in enumerate(stages):
        folder = out / f"{k}-{config.name}"
        previous = yield from iter_train_model(
            config, folder, device=device, devices=devices, nodes=nodes, parent=previous, pool=training_maps_dir(out)
        )
    if previous is None:
        raise ConfigError("there is no stage to train.", hint="Give at least one recipe.")
    return previous


def validation_batches(config: TrainConfig, paths: list[Path]) -> list[Batch]:
    """Fixed batches of the validation pool: other seeds, other depths, the same every time."""
    from napari_hicstruct.training.samples import SampleStream

    few = config.judged().model_copy(update={"steps_per_draw": 3})
    stream = SampleStream(few, paths, first_step=0, last_step=VALIDATION_BATCHES, seed=config.seed + 1_000_003)
    return list(stream)


def validated_on(config: TrainConfig) -> str:
    """What a card's validation figures were measured on, as their heading."""
    own = sorted({path.parent.parent.name for path in dataset_regions(config, "validation")})
    return f"validation ({'data set ' + ', '.join(own) if own else 'simulated'})"


def _data(config: TrainConfig) -> str:
    names = "".join(f", data set {Path(folder).name}" for folder in config.datasets)
    return simulated_maps(config.train.extrusion, config.train.painted) + names


def pack_model(config: TrainConfig, best: Path, folder: Path, *, parent: Parent | None = None) -> Path:
    """Turn a checkpoint's averaged weights into a model folder with card."""
    from napari_hicstruct.models.store import save_model
    from napari_hicstruct.training.checkpoint import load_checkpoint

    saved = load_checkpoint(best)
    card: dict[str, Any] = {
        "name": config.name,
        "version": config.version,
        "tasks": [task.name for task in config.model.tasks],
        "data": _data(config),
        "metrics": {validated_on(config): saved["scores"]},
        "step": saved["step"],
        "seed": config.seed,
        "parent": None if parent is None else {"name": parent.name, "sha256": parent.sha256},
        "lineage": [] if parent is None else list(parent.lineage),
        "simulated_seeds": simulated_seeds(config, parent),
        "licence": "BSD-3-Clause",
        "made_with": f"napari-hicstruct {__version__}",
        "recipe": json.loads(config.model_dump_json()),
    }
    if config.learns == "cell_gate" and parent is not None and parent.calibration:
        card["calibration"] = dict(parent.calibration)  # with the gate off it is the network that was calibrated
    save_model(folder, config.model, saved["net"], card)
    return folder


def simulated_seeds(config: TrainConfig, parent: Parent | None) -> list[list[int]]:
    """Seeds of all simulated maps that a model learns from, in this run or one before: no judge of it, ever."""
    known = [] if parent is None else [list(pair) for pair in parent.simulated_seeds]
    own = [config.train.seeds.start, config.train.seeds.stop]
    return known if not config.train.seeds or own in known else [*known, own]


def train_model(config: TrainConfig, out: str | Path, *, device: str = "auto") -> Path:
    """:func:`iter_train_model` run to its end."""
    return drain(iter_train_model(config, out, device=device))


# ---------------------------------------------------------------------- the folder of a run, and where it starts
def prepare_folder(config: TrainConfig, out: Path) -> None:
    """Make ``out``, or make sure that the run in it was begun by the same recipe (more steps may be asked for).

    Raises
    ------
    ConfigError
        If a checkpoint of another recipe lies there: its card would tell of settings that did not make it.
    OutputError
        If the folder cannot be made.
    """
    from napari_hicstruct.training.state import CHECKPOINT

    with writing(out, what="the folder cannot be made"):
        out.mkdir(parents=True, exist_ok=True)
    if (out / CHECKPOINT).exists() and (out / RECIPE).exists():
        before, now = _begun_by(out), config.model_dump(mode="json")
        if key := next((key for key in now if key not in FREE and _differs(key, before, now)), None):
            raise ConfigError(f"key '{key}' is not that of the run in this folder.", where=out, hint=_SAME)


def _begun_by(out: Path) -> dict[str, Any]:
    try:
        text = json.loads((out / RECIPE).read_text(encoding="utf-8"))
        return parse_config(TrainConfig, text, where=str(out / RECIPE)).model_dump(mode="json")
    except (HicStructError, ValueError) as error:
        raise ConfigError("was begun by another version of this program.", where=out / RECIPE, hint=_SAME) from error


def _differs(key: str, before: dict[str, Any], now: dict[str, Any]) -> bool:
    return bool(now[key] < before[key]) if key == "steps" else bool(now[key] != before[key])


def load_parent(config: TrainConfig, parent: str | Path | None) -> Parent | None:
    """Weights of ``parent``, with the decoder and head of each task that ``config.task_from`` names; None without any.

    Without ``parent`` the encoder is that of the first model of ``task_from``.

    Raises
    ------
    ConfigError, ModelError
        If a model is missing, or lacks the task that it is to give.
    """
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.models import find_model

    sources = {task: find_model(str(name)) for task, name in config.task_from.items()}
    if not parent and not sources:
        return None
    info = find_model(str(parent)) if parent else next(iter(sources.values()))
    weights, lineage = load_model(info.path)[0].state_dict(), list(info.card.get("lineage", ()))
    seeds: dict[tuple[int, int], None] = {}
    for one in {model.sha256: model for model in (info, *sources.values())}.values():
        lineage.append(f"{one.label} ({one.sha256[:12]})")
        seeds |= dict.fromkeys((first, stop) for first, stop in one.simulated_seeds)
    for task, source in sources.items():
        part = parts_of(load_model(source.path)[0].state_dict(), task)
        if not part:
            hint = f"It has {', '.join(source.tasks)}."
            raise ConfigError(f"key 'task_from': the model '{source.name}' has no task '{task}'.", hint=hint)
        weights = {name: value for name, value in weights.items() if name not in parts_of(weights, task)} | part
    return Parent(info.name, info.sha256, weights, tuple(lineage), tuple(seeds), info.card.get("calibration", {}))


def parts_of(weights: Mapping[str, Any], task: str) -> dict[str, Any]:
    """The weights of one task's decoder and heads."""
    return {name: value for name, value in weights.items() if name.split(".")[0] in PARTS and f".{task}." in name}
