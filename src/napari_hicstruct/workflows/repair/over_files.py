"""A repair from label files to label files: reads and checks all, repairs, writes each whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_hicstruct.config.files import make_folder, try_folder
from napari_hicstruct.config.repair import RepairConfig, repair_config
from napari_hicstruct.errors import ConfigError, OutputError
from napari_hicstruct.jobs import Clock, Progress
from napari_hicstruct.label_repair.records import RepairResult, RuleChange
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.images.stored_labels import StoredLabels, Values, check_values, long_axes
from napari_hicstruct.workflows.repair.label_files import LabelFile, check_targets, read_label_files
from napari_hicstruct.workflows.repair.options import RepairOptions

FUNCTION = "function.safetensors"
"""Of a run's folder: the one function, with its class table and decision rule."""


@dataclass(frozen=True)
class RepairRequest:
    """What to repair, and where the result belongs.

    Attributes
    ----------
    paths : tuple of Path
        Label files, one sample each.
    out : Path
        Folder for the repaired files, the function and what is said of the run.
    config : RepairConfig
    options : RepairOptions
        Its ``folder`` is not used: ``out`` is.
    function : Path, optional
        A kept function, whose new samples these are: nothing is learnt but where each lies in it.
    overwrite : bool
        Replace what an earlier run left in ``out``.
    """

    paths: tuple[Path, ...]
    out: Path
    config: RepairConfig = field(default_factory=lambda: repair_config("generic"))
    options: RepairOptions = field(default_factory=RepairOptions)
    function: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, repr=False)
class Repaired:
    """Repaired labels of samples, in their order.

    Attributes
    ----------
    samples : tuple of LabelSample
        Repaired: shape, axes and dtype as they were given.
    files : tuple of Path
        What was written.
    result : RepairResult or None
        All that is known of the run; None where a kept function was applied.
    """

    samples: tuple[LabelSample, ...]
    files: tuple[Path, ...] = ()
    result: RepairResult | None = None

    def __repr__(self) -> str:
        """Without the voxels."""
        sizes = ", ".join(f"{one.name} {' × '.join(map(str, one.labels.shape))}" for one in self.samples)
        return f"Repaired({sizes}; {how_many(len(self.changes), 'change')}, {how_many(len(self.files), 'file')})"

    @property
    def labels(self) -> tuple[Values, ...]:
        """The repaired labels alone, an array for each sample."""
        return tuple(one.labels for one in self.samples)

    @property
    def changes(self) -> tuple[RuleChange, ...]:
        """What each rule changed: sample, rule, class, voxels."""
        return () if self.result is None else self.result.changes

    @property
    def dice(self) -> Mapping[str, Mapping[str, float]]:
        """Stage → class → Dice with what that stage was trained on."""
        return {} if self.result is None else self.result.dice

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know: classes left out, a training that was stopped."""
        return () if self.result is None else self.result.notes


def iter_repair_files(request: RepairRequest) -> Generator[Progress, None, Repaired]:
    """Repair files; a generator of Progress.

    Raises
    ------
    LabelError
        If a file cannot be read, is no labelling, or two do not go together.
    ConfigError
        If the settings name a class that is not there.
    OutputError
        If the folder cannot be written, or holds what would be replaced.
    """
    if not request.paths:
        raise ConfigError("no label file is given.", hint="Give one file for each sample.")
    yield Clock().step("read labels", 0, len(request.paths))
    files = read_label_files(request.paths, _config_to_read(request))
    went_on = request.options.resume and (request.out / "run.json").exists()
    targets = check_targets(files, request.out, overwrite=request.overwrite or went_on)
    try_folder(request.out)
    samples = [file.sample for file in files]
    if request.function is not None:
        repaired = yield from iter_apply(request.function, samples, request.options)
    else:
        options = replace(request.options, folder=request.out, overwrite=request.overwrite)
        repaired = yield from _learn(samples, request.config, options)
    if is_first_process():
        yield from _write(files, repaired, targets)
        if request.function is not None:
            _write_applied(request, samples)
    return replace(repaired, files=tuple(targets))


def iter_repair_arrays(
    stored: Sequence[tuple[str, StoredLabels]], request: RepairRequest, *, keep: bool
) -> Generator[Progress, None, Repaired]:
    """Repair arrays that were read elsewhere; ``keep`` keeps the function and what is said of the run in ``out``.

    Raises
    ------
    LabelError, ConfigError, OutputError
        As :func:`iter_repair_files`.
    """
    samples = [LabelSample(name, one.to_sample(), one.spacing) for name, one in stored]
    if request.function is not None:
        repaired = yield from iter_apply(request.function, samples, request.options)
    else:
        if keep:
            try_folder(request.out)
        options = replace(request.options, folder=request.out if keep else None, overwrite=request.overwrite)
        repaired = yield from _learn(samples, request.config, options)
    back = (
        replace(sample, labels=one.to_stored(sample.labels))
        for sample, (_, one) in zip(repaired.samples, stored, strict=True)
    )
    return replace(repaired, samples=tuple(back))


def array_labels(name: str, values: Any, spacing: Sequence[float], known: tuple[int, ...]) -> StoredLabels:
    """An array of numpy's as labels, checked as a file is.

    Parameters
    ----------
    name : str
        For messages.
    values : ndarray
        Two or three axes of more than one voxel; others are kept.
    spacing : sequence of float
        Length of a voxel along each axis; empty: 1.
    known : tuple of int
        Values of the classes; empty: any.

    Raises
    ------
    LabelError
        If it is no labelling.
    ConfigError
        If ``spacing`` does not fit it.
    """
    order = long_axes(Path(name), values.shape)
    if spacing and (len(spacing) not in (values.ndim, len(order)) or min(spacing) <= 0):
        hint = f"Give {len(order)} lengths above 0, one for each axis."
        raise ConfigError(f"spacing={list(spacing)} does not fit labels of {len(order)} axes.", hint=hint)
    lengths = tuple(spacing[axis] for axis in order) if len(spacing) == values.ndim else tuple(spacing)
    stored = StoredLabels(
        Path(name),
        values,
        order,
        (False,) * len(order),
        "zyx"[-len(order) :],
        tuple(map(float, lengths or (1.0,) * len(order))),
    )
    check_values(stored, known)
    return stored


def iter_apply(
    function: Path, samples: Sequence[LabelSample], options: RepairOptions
) -> Generator[Progress, None, Repaired]:
    """New samples of a kept function: only their latent vectors are fitted.

    Raises
    ------
    ModelError
        If the file cannot be read or is no function.
    ConfigError
        If it is one of other axes.
    LabelError
        If the samples hold labels that it does not know.
    """
    from napari_hicstruct.workflows.repair.functions import apply_function

    found = yield from apply_function(_function_file(function), samples, threads=options.threads)
    return Repaired(tuple(found))


def _write_applied(request: RepairRequest, samples: Sequence[LabelSample]) -> None:
    """``run.json`` of a kept function: which one it was, and on what; that of an earlier run would say otherwise."""
    from napari_hicstruct.workflows.repair.run_folder import RUN, clear_run, label_record, write_run

    assert request.function is not None
    path = _function_file(request.function)
    about = {"file": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    if path.parent.resolve() == request.out.resolve():
        return  # the folder is that of the function, and says how it came about
    if request.overwrite:
        clear_run(request.out)
    if request.overwrite or not (request.out / RUN).exists():
        write_run(request.out, {"function": about, "labels": [label_record(one) for one in samples]})


def _function_file(given: Path) -> Path:
    return given / FUNCTION if given.is_dir() else given


def _config_to_read(request: RepairRequest) -> RepairConfig:
    """Of a kept function the classes are its own, which it checks."""
    return RepairConfig() if request.function is not None else request.config


def _learn(
    samples: Sequence[LabelSample], config: RepairConfig, options: RepairOptions
) -> Generator[Progress, None, Repaired]:
    from napari_hicstruct.workflows.repair import iter_repair

    result = yield from iter_repair(samples, config, options)
    return Repaired(result.samples, result=result)


def _write(files: Sequence[LabelFile], repaired: Repaired, targets: Sequence[Path]) -> Generator[Progress, None, None]:
    clock = Clock()
    for k, (file, sample, target) in enumerate(zip(files, repaired.samples, targets, strict=True)):
        yield clock.step("write labels", k, len(files), target.name)
        try:
            make_folder(target.parent)
            file.write(sample.labels, target)
        except OutputError as error:
            done = f" Written before: {k} of {len(files)} files." if k else ""
            raise OutputError(error.message + done, where=error.where, hint=error.hint) from error


def is_first_process() -> bool:
    """False in the process of a further device: the first one reads, writes and prints for all."""
    return {os.environ.get(name, "0") for name in ("LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")} == {"0"}
