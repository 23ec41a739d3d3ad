"""Repair of label images, from Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import is_path_like, number
from napari_hicstruct.api.arguments import path as a_path
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.pictures import array_of, is_layer, listed
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.config.repair import RepairConfig
    from napari_hicstruct.workflows.images.stored_labels import StoredLabels
    from napari_hicstruct.workflows.repair.over_files import Repaired, RepairRequest

LabelImages = Any
"""What ``labels`` may be: an array of whole numbers, a napari ``Labels`` layer, a path, or several of one of these."""

_STAGES = ("shape", "fusion", "joint")


@checked
def repair(
    labels: LabelImages,
    preset: str = "generic",
    *,
    settings: Mapping[str, Any] | str | Path | None = None,
    spacing: Iterable[float] | None = None,
    out: str | Path | None = None,
    until: str = "joint",
    function: str | Path | None = None,
    device: str = "auto",
    devices: int = 1,
    threads: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> Repaired:
    """Repair label images by implicit functions, as ``hicstruct repair`` does.

    Holes, islands, staircases and swapped classes go: each class becomes a smooth shape, rules say what touches what,
    and one function of all classes, with a latent vector for each sample, gives the labelling at any resolution.

    Parameters
    ----------
    labels : array, napari Labels layer, path, or several
        One sample each: whole numbers, 0 is background, two or three axes of more than one voxel.  Several share one
        function, so they should show the same thing; their shapes may differ.  Of files (NIfTI, TIFF, zarr, OME-Zarr,
        npy) lengths of voxels and orientations are known; layers have their ``scale``.
    preset : {"generic", "cardiac", "hic"}
        Classes, priority, rules and settings.  ``generic``: a class for each value, no rules.
    settings : mapping or path, optional
        What replaces the preset's, as ``{"shape": {"epochs": 100}}``; or a YAML file instead of a preset.
    spacing : iterable of float, optional
        Length of a voxel along each axis of arrays, all in one unit.  Default: 1.
    out : path, optional
        Folder that keeps the function, checkpoints, log and changes; of files, the repaired ones, too.  Default: for
        arrays a temporary one.  Files need it.
    until : {"joint", "fusion", "shape"}
        The last stage: one function of all classes; classes laid together by priority and rules; each class by itself.
    function : path, optional
        A kept function (``function.safetensors``, or the folder of its run): `labels` are new samples, and all that is
        fitted is their latent vectors.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    devices : int
        So many share each step.
    threads : int, optional
        Threads of the processor.  Default: as many as there are.
    resume : bool
        Go on with the run that `out` holds; its settings and labels must be the same.
    overwrite : bool
        Replace what an earlier run left in `out`.  What is read is never replaced.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Repaired
        ``labels`` (an array for each sample, of the shape and dtype that were given; of NIfTI files its axes are
        superior, anterior, right, while the file that is written has those of its input), ``changes`` (sample, rule,
        class, voxels), ``dice`` (of each stage and class, with what the stage was trained on), ``notes``, ``files``,
        and ``result`` with all that is known of the run.

    Raises
    ------
    LabelError
        If a file cannot be read, something is no labelling, has values that no class has, or two samples do not go
        together.
    ConfigError
        If a setting or an argument is wrong, or a rule names a class that is not there.
    OutputError
        If `out` cannot be written, or holds something that would be replaced.
    ModelError
        If `function` cannot be read.

    Examples
    --------
    A disc with a hole and an island; settings of a few seconds:

    >>> import numpy as np
    >>> import napari_hicstruct as hs
    >>> y, x = np.mgrid[:32, :32]
    >>> disc = ((y - 16) ** 2 + (x - 16) ** 2 < 100).astype(np.uint8)
    >>> ragged = disc.copy()
    >>> ragged[15:17, 15:17], ragged[2:4, 2:4] = 0, 1
    >>> fast = {"shape": {"epochs": 40, "points": 512, "train_size": 32, "size": 32}}
    >>> found = hs.repair(ragged, settings=fast, until="fusion")
    >>> int(found.labels[0][16, 16]), int(found.labels[0][2, 2])
    (1, 0)
    """
    if until not in _STAGES:
        raise ConfigError(f"there is no stage '{until}'.", where="until", hint=f"Choose from {', '.join(_STAGES)}.")
    request = _request(
        _config(preset, settings),
        out,
        function,
        until=until,
        device=device,
        devices=devices,
        threads=threads,
        resume=resume,
        overwrite=overwrite,
    )
    return run(_job(listed(labels, "labels", "labels"), spacing, request, out is not None), progress)


def _config(preset: str, settings: Mapping[str, Any] | str | Path | None) -> RepairConfig:
    from napari_hicstruct.config.base import parse_config
    from napari_hicstruct.config.repair import PRESETS, RepairConfig, repair_config

    if preset not in PRESETS:
        raise ConfigError(f"there is no preset '{preset}'.", where="preset", hint=f"Choose from {', '.join(PRESETS)}.")
    if settings is None:
        return repair_config(preset)
    if not isinstance(settings, Mapping):
        return repair_config(Path(settings))
    data = repair_config(preset).model_dump(mode="json")
    for key, value in settings.items():
        inside = isinstance(value, Mapping) and isinstance(data.get(key), dict)
        data[key] = data[key] | dict(value) if inside else value
    return parse_config(RepairConfig, data, where="settings")


def _request(
    config: RepairConfig, out: Any, function: Any, *, overwrite: bool, threads: int | None, **options: Any
) -> RepairRequest:
    from napari_hicstruct.workflows.repair.options import RepairOptions
    from napari_hicstruct.workflows.repair.over_files import RepairRequest

    if options["resume"] and out is None:
        raise ConfigError("resume=True needs the folder of the run.", hint="Add out=.")
    if options["devices"] < 1:
        raise ConfigError("devices=0 is no number of devices.", hint="Give devices=1.")
    folder, kept = Path(out or "."), None if function is None else Path(function)
    return RepairRequest((), folder, config, RepairOptions(threads=threads or None, **options), kept, overwrite)


def _job(labels: list[Any], spacing: Any, request: RepairRequest, keep: bool) -> Any:
    """The generator for what is given: all paths, or all arrays."""
    from dataclasses import replace

    from napari_hicstruct.workflows.repair.over_files import iter_repair_arrays, iter_repair_files

    paths = [is_path_like(one) for one in labels]
    if any(paths) and not all(paths):
        raise ConfigError("labels holds paths and arrays.", hint="Give one or the other.")
    if any(paths):
        if not keep:
            raise ConfigError("labels holds paths, but there is no folder for the result.", hint="Add out=.")
        if spacing is not None:
            raise ConfigError("spacing is of arrays: files have their own.", hint="Leave spacing out.")
        return iter_repair_files(replace(request, paths=tuple(Path(a_path("labels", one)) for one in labels)))
    known = () if request.function is not None else tuple(one.value for one in request.config.classes)
    lengths = None if spacing is None else tuple(number("spacing", one) for one in spacing)
    stored = [_stored(k, one, lengths, known, len(labels)) for k, one in enumerate(labels)]
    return iter_repair_arrays(stored, request, keep=keep)


def _stored(k: int, given: Any, spacing: Any, known: tuple[int, ...], n: int) -> tuple[str, StoredLabels]:
    """One array or layer, with its name."""
    from napari_hicstruct.workflows.repair.over_files import array_labels

    place = "labels" if n == 1 else f"labels[{k}]"
    name, lengths = f"sample {k + 1}", spacing
    if is_layer(given):
        name = str(getattr(given, "name", name))
        lengths = spacing or tuple(map(float, () if given.scale is None else given.scale))
    return name, array_labels(place, array_of(given, place), lengths or (), known)
