"""What the commands do with each of many maps: jobs that workers can be given."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.files import check_output_file, make_folder
from napari_hicstruct.config.map_uri import absolute_uri, as_path, split_uri
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.genome.batch import MapJob, MapOutcome, folders_of, read_batch
from napari_hicstruct.workflows.genome.map_table import MapRow

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Kind
    from napari_hicstruct.config.training import PoolConfig
    from napari_hicstruct.workflows.consensus import ConsensusRequest
    from napari_hicstruct.workflows.dataset import DatasetRequest
    from napari_hicstruct.workflows.evaluate.request import EvaluateRequest
    from napari_hicstruct.workflows.insulation import InsulationRequest, InsulationResult
    from napari_hicstruct.workflows.simulate import SimulateRequest

Steps = Generator[Progress, None, MapOutcome]

_RATES = ("precision", "recall", "f1")


def full_paths(*places: str | Path) -> tuple[str, ...]:
    """Full paths of files and maps, without groups, as inputs of a job."""
    return tuple(absolute_uri(split_uri(as_path(str(place)))[0]) for place in places)


def rows_of(maps: Sequence[str]) -> list[MapRow]:
    """Rows for maps that are given by themselves."""
    return [
        MapRow(absolute_uri(as_path(uri)), name, {}) for uri, name in zip(maps, folders_of(maps), strict=True)
    ]  # fmt: skip


# ---------------------------------------------------------------------- insulation
def iter_insulate(
    uri: str, request: InsulationRequest, out: Path, formats: tuple[str, ...], token: CancelToken | None = None
) -> Generator[Progress, None, tuple[InsulationResult, list[Path]]]:
    """Insulation of a map, written; its chromosomes may be named in any spelling.

    Raises
    ------
    HicStructError
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import NameMatcher
    from napari_hicstruct.workflows.insulation import iter_insulation, write_insulation

    source = open_map(uri)
    names = NameMatcher(source.chromsizes)
    chroms = tuple(dict.fromkeys(names.require(name) for name in request.chroms))
    result = yield from iter_insulation(source, dataclasses.replace(request, chroms=chroms), token=token)
    return result, write_insulation(result, out, dict(source.chromsizes), formats)


def insulation_figures(result: InsulationResult) -> dict[str, int]:
    """Bins, good bins, their size, and boundaries."""
    bad = result.table["is_bad_bin"]
    return {
        "bins": len(result.table),
        "good_bins": int((~bad).sum()),
        "bin_size": result.run["parameters"]["resolution"],
        "boundaries": len(result.boundaries),
    }


def _insulate(uri: str, request: InsulationRequest, out: Path, formats: tuple[str, ...], token: CancelToken) -> Steps:
    result, files = yield from iter_insulate(uri, request, out, formats, token)
    return MapOutcome(tuple(files), result.notes, insulation_figures(result))


def insulation_jobs(
    maps: Sequence[str], request: InsulationRequest, out: Path, formats: tuple[str, ...]
) -> list[MapJob]:
    """A folder of tracks for each map."""
    return [
        MapJob(
            map=given,
            name=row.name,
            run=partial(_insulate, row.map, request, out / row.name, formats),
            inputs=full_paths(row.map),
            settings=(request, formats),
        )
        for given, row in zip(maps, rows_of(maps), strict=True)
    ]


# ---------------------------------------------------------------------- evaluate
def evaluation_jobs(rows: Sequence[MapRow], request: EvaluateRequest, out: Path) -> list[MapJob]:
    """``metrics.json`` and pictures for each row; what a row does not say is the request's.

    Raises
    ------
    ConfigError
        If a row has no predictions or no truth.
    """
    jobs = []
    for row in rows:
        cells, map = row.cells, [row.map] if row.map else []
        pred, truth, ignore = (
            _paths(cells.get(column)) or _full_sides(given)
            for column, given in (("pred", request.predictions), ("truth", request.truth), ("ignore", request.ignore))
        )
        if not pred or not truth:
            what = f"nothing says what is compared for {row.name}."
            raise ConfigError(what, hint="Give --pred and --truth, or columns of these names.")
        own = dataclasses.replace(
            request, predictions=pred, truth=truth, ignore=ignore, map=row.map or None, out_dir=out / row.name
        )
        inputs = full_paths(*pred, *truth, *ignore, *map)
        job = partial(_evaluate, own)
        settings = dataclasses.replace(own, overwrite=False)  # changes no result
        jobs.append(MapJob(map=row.map or row.name, name=row.name, run=job, inputs=inputs, settings=settings))
    return jobs


def _full_sides(sides: Sequence[Any]) -> tuple[Path, ...]:
    return tuple(Path(side).absolute() for side in sides)


def _evaluate(request: EvaluateRequest, token: CancelToken) -> Steps:
    from napari_hicstruct.workflows.evaluate import iter_evaluate

    result = yield from iter_evaluate(request)
    figures = {
        name: {rate: section[rate] for rate in _RATES}
        for name, section in result.metrics.items()
        if all(isinstance(section.get(rate), float | int) for rate in _RATES)
    }
    return MapOutcome(result.files, result.notes, figures)


def predicted_jobs(folder: Path, request: EvaluateRequest, out: Path) -> list[MapJob]:
    """The same for each map of a batch of predictions; maps that failed there fail here.

    A truth is the sub-folder of the map's name, where a folder of truths has one, else as it is.
    """
    known = read_batch(folder)
    jobs = []
    for one, name in zip(known, folders_of([one.map for one in known]), strict=True):
        if one.folder is None:
            jobs.append(MapJob(map=one.map, name=name, run=partial(_not_predicted, one.error or "")))
            continue
        cells = {
            "pred": (str((folder / one.folder).absolute()),),
            "truth": tuple(str(_own_side(Path(side), one.folder)) for side in request.truth if isinstance(side, Path)),
            "ignore": tuple(str(_own_side(Path(s), one.folder)) for s in request.ignore if isinstance(s, Path)),
        }
        jobs += [dataclasses.replace(job, map=one.map)
                 for job in evaluation_jobs([MapRow("", one.folder, cells)], request, out)]  # fmt: skip
    return jobs


def _own_side(path: Path, name: str) -> Path:
    return ((path / name) if (path / name).is_dir() else path).absolute()


def _not_predicted(error: str, token: CancelToken) -> Steps:
    raise LabelError(f"there are no predictions of it: {error}")
    yield


# ---------------------------------------------------------------------- consensus
def consensus_jobs(rows: Sequence[MapRow], request: ConsensusRequest, out: Path, *, overwrite: bool) -> list[MapJob]:
    """A folder with the list of soft labels for each row.

    Raises
    ------
    ConfigError
        If a call names no program.
    """
    from napari_hicstruct.workflows.consensus import CallFile

    jobs = []
    for row in rows:
        files = tuple(CallFile.of(cell) for cell in row.cells.get("calls", ()))
        own = dataclasses.replace(request, files=files, map_uri=row.map)
        run = partial(_join, own, out / row.name, overwrite)
        inputs = full_paths(*(one.path for one in files), *([row.map] if row.map else []))
        jobs.append(MapJob(map=row.map or row.name, name=row.name, run=run, inputs=inputs, settings=own))
    return jobs


def soft_label_file(kind: Kind) -> str:
    """Name of the list in a folder, as ``hicstruct evaluate`` finds it there."""
    from napari_hicstruct.annotations.kinds import KINDS
    from napari_hicstruct.annotations.records import Kind as Kinds

    return KINDS[kind].stem + (".bed" if kind in (Kinds.TAD, Kinds.BOUNDARY) else ".bedpe")


def _join(request: ConsensusRequest, out: Path, overwrite: bool, token: CancelToken) -> Steps:
    from napari_hicstruct.workflows.consensus import iter_consensus, write_result

    result = yield from iter_consensus(request, token=token)
    path = out / soft_label_file(result.kind)
    check_output_file(path, overwrite=overwrite)
    make_folder(out)
    write_result(result, path)
    texts = {one.path: [*one.notes, *([f"left out: {one.error}"] if one.error else [])] for one in result.files}
    notes = [f"{path}: {text}" for path, own in texts.items() for text in own]
    figures = {"kind": result.kind.value, "soft_labels": len(result.consensus.records)}
    return MapOutcome((path,), (*notes, *result.consensus.notes), figures)


# ---------------------------------------------------------------------- data sets
def dataset_jobs(rows: Sequence[MapRow], request: DatasetRequest) -> list[MapJob]:
    """A data set for each row, in a folder of the request's ``out``; label files of a row count instead of those given.

    Raises
    ------
    ConfigError
        If a row names no map.
    """
    jobs = []
    for row in rows:
        if not row.map:
            raise ConfigError(f"no map is named for {row.name}.", hint="Add a column 'map'.")
        loops, tads, stripes, reviewed = (
            _paths(row.cells.get(column)) or _full_sides(given)
            for column, given in (
                ("loops", request.loops),
                ("tads", request.tads),
                ("stripes", request.stripes),
                ("reviewed", () if request.reviewed is None else (request.reviewed,)),
            )
        )
        own = dataclasses.replace(
            request,
            map=row.map,
            out=request.out / row.name,
            loops=loops,
            tads=tads,
            stripes=stripes,
            reviewed=reviewed[0] if reviewed else None,
            tracks={name: full_paths(file)[0] for name, file in request.tracks.items()},
        )
        inputs = full_paths(row.map, *loops, *tads, *stripes, *reviewed, *own.tracks.values())
        jobs.append(MapJob(map=row.map, name=row.name, run=partial(_make_dataset, own), inputs=inputs, settings=own))
    return jobs


def _paths(cells: Sequence[str] | None) -> tuple[Path, ...]:
    return tuple(Path(cell) for cell in cells or ())


def dataset_figures(manifest: Mapping[str, Any]) -> dict[str, int]:
    """How many labels and windows, by split."""
    return {
        "labels": sum(entry["records"] for entry in manifest["labels"]),
        **{f"{split} windows": count for split, count in manifest["windows"].items()},
        **{f"{split} {name}": count for split, all in manifest["labelled"].items() for name, count in all.items()},
    }


def _make_dataset(request: DatasetRequest, token: CancelToken) -> Steps:
    from napari_hicstruct.workflows.dataset import MANIFEST, WINDOWS, iter_make_dataset

    manifest = yield from iter_make_dataset(request, token=token)
    files = (request.out / MANIFEST, request.out / WINDOWS)
    return MapOutcome(files, tuple(manifest["notes"]), dataset_figures(manifest))


# ---------------------------------------------------------------------- simulated maps
def simulation_jobs(seeds: Sequence[int], request: SimulateRequest, *, overwrite: bool) -> list[MapJob]:
    """``seed_N.mcool`` in the folder that the request's ``out`` names, the truth in ``seed_N`` of its truth folder."""
    jobs = []
    for seed in dict.fromkeys(seeds):
        name = f"seed_{seed}"
        truth = None if request.truth_dir is None else request.truth_dir.absolute() / name
        own = dataclasses.replace(request, seed=seed, out=request.out / f"{name}.mcool", truth_dir=truth)
        jobs.append(MapJob(map=own.out.name, name=name, run=partial(_simulate, own, overwrite), settings=own))
    return jobs


def _simulate(request: SimulateRequest, overwrite: bool, token: CancelToken) -> Steps:
    from napari_hicstruct.workflows.simulate import is_simulated, iter_simulate

    check_output_file(request.out, overwrite=overwrite or is_simulated(request.out))
    result = yield from iter_simulate(request, token=token)
    truth = () if result.truth_dir is None else (result.truth_dir,)
    return MapOutcome((result.map, *truth), (), {"visible": dict(result.visible)})


def pool_jobs(config: PoolConfig, folder: Path) -> list[MapJob]:
    """The maps of a recipe's pool that are not there yet."""
    from napari_hicstruct.training.pool import missing_members

    return [
        MapJob(map=path.name, name=path.stem, run=partial(_simulate_member, config, path, style, seed))
        for path, style, seed in missing_members(config, folder)
    ]


def _simulate_member(config: PoolConfig, path: Path, style: str, seed: int, token: CancelToken) -> Steps:
    from napari_hicstruct.jobs import Clock
    from napari_hicstruct.training.pool import make_member

    yield Clock().step("simulate maps", 0, 1, message=path.name)
    make_member(config, path, style, seed)
    return MapOutcome((path,))
