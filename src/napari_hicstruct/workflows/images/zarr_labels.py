"""Zarr label files: an array, or a group of OME-Zarr, whose levels are written anew from the repaired finest one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.errors import LabelError
from napari_hicstruct.workflows.images.stored_labels import (
    LabelFormat,
    StoredLabels,
    Values,
    check_space,
    long_axes,
    reading,
)

METADATA = (".zarray", ".zattrs", ".zgroup", "zarr.json")
"""Files that say what a folder of zarr is; the rest are chunks."""

_UNITS = {"micrometer": "µm", "millimeter": "mm", "nanometer": "nm"}


@dataclass(frozen=True)
class _Kept:
    """Paths of the arrays inside, the finest first; one empty path: the file is an array itself."""

    levels: tuple[str, ...]


def is_zarr(path: Path) -> bool:
    """True for a folder that holds a zarr array or group, whatever its name."""
    return path.is_dir() and any((path / name).is_file() for name in METADATA)


def read_zarr(path: Path) -> StoredLabels:
    """Labels of a zarr array, or of the finest level of an OME-Zarr group.

    Raises
    ------
    LabelError
        If it cannot be read, is a group without images, or has more than three axes.
    """
    import zarr

    with reading(path, "zarr", "Is it complete, and is it a zarr array or an OME-Zarr?"):
        opened: Any = zarr.open(path, mode="r")
        image = None if isinstance(opened, zarr.Array) else _multiscales(path, opened)
        levels = tuple(_inside(level["path"]) for level in image["datasets"]) if image else ("",)
        arrays = [opened[level] if level else opened for level in levels]
        array, values = arrays[0], np.asarray(arrays[0][...])
        if any(len(one.shape) != values.ndim for one in arrays):  # each will be written
            raise ValueError("levels of unlike axes")
        axes = _axes(image["axes"]) if image and "axes" in image else _names(array)
        scale, unit = _scale(image, len(values.shape)) if image else ([1.0] * values.ndim, "")
    order = long_axes(path, values.shape)
    names = [axes[axis] if axis < len(axes) else "" for axis in order]
    check_space(path, names)
    if set(names) <= set("zyx") and len(set(names)) == len(names):
        order = tuple(sorted(order, key=lambda axis: "zyx".index(axes[axis])))
        directions = "".join(axes[axis] for axis in order)
    else:
        directions = "zyx"[-len(order) :]
    spacing = tuple(float(scale[axis]) for axis in order)
    return StoredLabels(path, values, order, (False,) * len(order), directions, spacing, unit, _Kept(levels))


def _inside(level: Any) -> str:
    """The path of a level in its group, which it must not leave."""
    parts = [part for part in str(level).split("/") if part]
    if not parts or {".", ".."} & set(parts):
        raise ValueError("a level outside the group")
    return "/".join(parts)


def _axes(axes: Sequence[Any]) -> list[str]:
    """Names of OME's axes: tables since version 0.4, before that names alone."""
    return [str(one.get("name", "") if isinstance(one, dict) else one).lower() for one in axes]


def _multiscales(path: Path, group: Any) -> dict[str, Any]:
    attributes = dict(group.attrs)
    found = attributes.get("ome", attributes).get("multiscales")
    if not found:
        hint = "Give the array inside, or an OME-Zarr image of labels (often NAME.zarr/labels/NAME)."
        raise LabelError("is a group of zarr without an image.", where=path, hint=hint)
    return dict(found[0])


def _names(array: Any) -> list[str]:
    """Names of an array's axes, of version 3 or of xarray."""
    named = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    return [str(name or "").lower() for name in named or ()]


def _scale(image: dict[str, Any], n_axes: int) -> tuple[list[float], str]:
    """Length of a voxel along each axis, and its unit."""
    scale = np.ones(n_axes)
    both = (*image["datasets"][0].get("coordinateTransformations", ()), *image.get("coordinateTransformations", ()))
    for one in both:
        if one.get("type") == "scale":
            scale = scale * np.asarray(one["scale"], float)
    axes = [one for one in image.get("axes", ()) if isinstance(one, dict)]
    units = {one.get("unit") for one in axes if one.get("type", "space") == "space"}
    unit = str(units.pop() or "") if len(units) == 1 else ""
    return [float(one) if np.isfinite(one) and one > 0 else 1.0 for one in scale], _UNITS.get(unit, unit)


def write_zarr(stored: StoredLabels, values: Values, path: Path) -> None:
    """Write ``values`` with the metadata, chunks and codecs of the file that was read, level by level.

    Raises
    ------
    OutputError
    """
    import zarr

    kept: _Kept = stored.kept
    with writing(path), in_place_of(path) as temporary:
        for folder in _nodes(stored.path, kept.levels):
            _copy_metadata(folder, temporary / folder.relative_to(stored.path))
        written: Any = zarr.open(temporary, mode="r+")
        for level in kept.levels:
            array = written[level] if level else written
            array[...] = nearest(values, array.shape)


def nearest(values: Values, shape: tuple[int, ...]) -> Values:
    """Labels of a coarser level: the value at each centre."""
    picked = [((np.arange(n) + 0.5) * length / n).astype(int) for n, length in zip(shape, values.shape, strict=True)]
    return np.asarray(values[np.ix_(*picked)])


def _nodes(root: Path, levels: tuple[str, ...]) -> Iterator[Path]:
    """Folders of ``root`` that lead to the levels, each once, the outermost first."""
    found: dict[Path, None] = {root: None}
    for level in levels:
        folder = root
        for part in Path(level).parts:
            folder = folder / part
            found[folder] = None
    yield from found


def _copy_metadata(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in METADATA:
        if not (source / name).is_file():
            continue
        shutil.copyfile(source / name, target / name)
        if name == "zarr.json":  # it may list arrays that are not copied
            data = json.loads((target / name).read_text(encoding="utf-8"))
            if data.pop("consolidated_metadata", None) is not None:
                (target / name).write_text(json.dumps(data, indent=2), encoding="utf-8")


ZARR = LabelFormat("zarr", (".zarr",), read_zarr, write_zarr)
