"""TIFF label files through tifffile: plain stacks, ImageJ's and OME-TIFF, with their voxel sizes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.errors import LabelError
from napari_hicstruct.workflows.images.stored_labels import (
    LabelFormat,
    StoredLabels,
    Values,
    check_space,
    long_axes,
    reading,
)

_LOSSLESS = {1: None, 5: "lzw", 8: "zlib", 32946: "zlib", 32773: "packbits", 50000: "zstd", 34925: "lzma"}
"""tifffile's name of each compression that keeps labels as they are; another one becomes zlib."""

_OME_SIZES = {"z": "PhysicalSizeZ", "y": "PhysicalSizeY", "x": "PhysicalSizeX"}


@dataclass(frozen=True)
class _Kept:
    """Axes, compression, resolution and what the two dialects keep of voxel sizes."""

    axes: str
    compression: int
    big: bool
    resolution: tuple[Any, Any] | None
    resolution_unit: int | None
    imagej: dict[str, Any] | None = None
    ome: dict[str, Any] | None = None
    sizes: dict[str, float] = field(default_factory=dict)
    description: str = ""


def read_tiff(path: Path) -> StoredLabels:
    """Labels of a TIFF file: a page, or a stack of pages along z.

    Raises
    ------
    LabelError
        If it cannot be read, is a colour picture, holds several images, or more than three axes.
    """
    import tifffile

    with reading(path, "TIFF", "Is it complete, and is it a TIFF?"), tifffile.TiffFile(path) as tif:
        _check_series(path, tif)
        axes, kept = tif.series[0].axes.lower(), _kept(tif)
        values = tif.series[0].asarray()
    order = long_axes(path, values.shape)
    names = "".join(axes[axis] for axis in order)
    check_space(path, names)
    known = "zyx"[-len(order) :]
    spacing = tuple(kept.sizes.get(name, 1.0) for name in known)
    unit = _unit(kept)
    directions = names if set(names) <= set("zyx") else known  # pages of a stack without names are planes along z
    return StoredLabels(path, values, order, (False,) * len(order), directions, spacing, unit, kept)


def _check_series(path: Path, tif: Any) -> None:
    """Refuse what is not one image of one value for each voxel."""
    if not tif.series:
        raise ValueError("no image")
    if len(tif.series) != 1:
        hint = "Save the labelled image as a file of its own."
        raise LabelError(f"holds {len(tif.series)} images.", where=path, hint=hint)
    series = tif.series[0]
    colours = dict(zip(series.axes, series.shape, strict=True)).get("S", 1)
    if colours > 1:
        hint = "Save labels as one channel of whole numbers."
        raise LabelError(f"is a colour picture ({colours} values for each voxel).", where=path, hint=hint)


def _kept(tif: Any) -> _Kept:
    page, tags = tif.pages[0], tif.pages[0].tags
    pair = (
        (tags["XResolution"].value, tags["YResolution"].value)
        if {"XResolution", "YResolution"} <= _names(tags)
        else None
    )
    unit = tags["ResolutionUnit"].value if "ResolutionUnit" in _names(tags) else None
    ome, imagej = _pixels(tif), dict(tif.imagej_metadata) if tif.is_imagej else None
    sizes = _ome_sizes(ome) if ome else _imagej_sizes(imagej, pair) if imagej is not None else {}
    plain = not (tif.is_ome or tif.is_imagej or tif.is_shaped)
    return _Kept(
        axes=tif.series[0].axes,
        compression=int(page.compression),
        big=tif.is_bigtiff,
        resolution=pair,
        resolution_unit=None if unit is None else int(unit),
        imagej=imagej,
        ome=ome,
        sizes=sizes,
        description=page.description.encode("ascii", "replace").decode() if plain else "",  # as TIFF wants it
    )


def _names(tags: Any) -> set[str]:
    return {tag.name for tag in tags}


def _pixels(tif: Any) -> dict[str, Any] | None:
    """The attributes of OME's ``Pixels``."""
    import tifffile

    if not tif.is_ome:
        return None
    images = tifffile.xml2dict(tif.ome_metadata).get("OME", {}).get("Image", {})
    first = images[0] if isinstance(images, list) else images
    return dict(first.get("Pixels", {}))


def _ome_sizes(pixels: dict[str, Any]) -> dict[str, float]:
    found = {name: pixels.get(key) for name, key in _OME_SIZES.items()}
    return {name: float(size) for name, size in found.items() if size and float(size) > 0}


def _imagej_sizes(metadata: dict[str, Any], pair: tuple[Any, Any] | None) -> dict[str, float]:
    """ImageJ keeps voxels per unit along x and y, and the distance of slices."""
    sizes = {}
    for name, (per_units, units) in zip("xy", pair or (), strict=False):
        if per_units and units:
            sizes[name] = units / per_units
    if (slices := float(metadata.get("spacing") or 0)) > 0:
        sizes["z"] = slices
    return sizes


def _unit(kept: _Kept) -> str:
    found = (kept.imagej or {}).get("unit") or (kept.ome or {}).get("PhysicalSizeXUnit")
    if kept.ome is not None and kept.sizes:
        return str(found or "µm")  # OME's default
    return {"micron": "µm", "um": "µm", "\\u00B5m": "µm"}.get(str(found), str(found)) if found and kept.sizes else ""


def write_tiff(stored: StoredLabels, values: Values, path: Path) -> None:
    """Write ``values`` in the dialect, compression and voxel sizes of the file that was read.

    Raises
    ------
    OutputError
    """
    import tifffile

    kept: _Kept = stored.kept
    dialect: dict[str, Any]
    if kept.imagej is not None and values.dtype in (np.uint8, np.uint16, np.float32):
        meta = {key: kept.imagej[key] for key in ("spacing", "unit", "finterval", "Info", "LUTs") if key in kept.imagej}
        dialect = {"imagej": True, "metadata": {"axes": kept.axes, **meta}}
    elif kept.ome is not None:
        sizes = {key: value for key, value in kept.ome.items() if key.startswith("PhysicalSize")}
        dialect = {"ome": True, "metadata": {"axes": kept.axes, **sizes}}
    else:
        dialect = (
            {"metadata": {"axes": kept.axes}}
            if not kept.description
            else {"description": kept.description, "metadata": None}
        )
    # ImageJ reads no compression of hyperstacks' pages, so its files stay as tifffile writes them
    if not dialect.get("imagej"):
        dialect |= {"compression": _LOSSLESS.get(kept.compression, "zlib"), "bigtiff": kept.big}
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        values,
        photometric="minisblack",
        resolution=kept.resolution,
        resolutionunit=kept.resolution_unit,
        **dialect,
    )
    write_bytes(path, file.getvalue())


TIFF = LabelFormat("TIFF", (".tif", ".tiff"), read_tiff, write_tiff)
