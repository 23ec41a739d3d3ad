"""Open a contact map of any format, or say in one sentence why not and what to do."""

from __future__ import annotations

import copyreg
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.map_uri import absolute_uri, as_path, split_uri
from napari_hicstruct.contacts.fused import FUSED, fused_note, parse_fusion
from napari_hicstruct.contacts.norms import stored_norms
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.contacts.sources._hictk import hictkpy
from napari_hicstruct.contacts.sources.base import FILE_ERRORS, MapSource
from napari_hicstruct.contacts.sources.bin_table import read_bin_table, text_of
from napari_hicstruct.contacts.sources.cooler_source import CoolerSource
from napari_hicstruct.contacts.sources.handles import file_lock
from napari_hicstruct.contacts.sources.hdf5 import open_h5
from napari_hicstruct.contacts.sources.hic_source import HicSource
from napari_hicstruct.contacts.sources.level_matching import CoolerLevel, match_levels
from napari_hicstruct.contacts.sources.not_a_map import check_regular, hdf5_refusal, refusal
from napari_hicstruct.contacts.sources.unicode_name import readable_name
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import h5py

_COLUMNS = ("chroms/name", "chroms/length", "bins/start", "bins/end", "pixels/bin2_id", "pixels/count")
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def open_map(path_or_uri: str | Path) -> ContactSource:
    """Open a contact map; reads chromosomes and resolutions, no pixels.

    Parameters
    ----------
    path_or_uri : str or Path
        A ``.cool``, ``.mcool`` or ``.hic`` file, or ``FILE::/group`` for one cooler of an HDF5 file.

    Returns
    -------
    ContactSource

    Raises
    ------
    MapError
        If there is no such file, it cannot be read, or it is not a map of whole fixed-size bins.
    """
    path, group = split_uri(as_path(os.fspath(path_or_uri)))
    start = check_regular(path)
    path = absolute_uri(path)  # the working folder may change while it is open
    opener: Callable[[], ContactSource]
    if start.startswith(_HDF5_MAGIC):
        opener = lambda: _open_hdf5(path, group or None)  # noqa: E731
    elif start.startswith(b"HIC\x00"):
        opener = lambda: _open_hic(path, start)  # noqa: E731
    else:
        raise refusal(path, start)
    try:
        with file_lock(path):
            return opener()
    except MapError:
        raise
    except FILE_ERRORS as error:
        detail = str(error).partition("\n")[0] or type(error).__name__
        raise MapError(
            f"is damaged ({detail}).", where=path_or_uri, hint="Is the file complete? Copy or download it again."
        ) from error


def _reopen(source: MapSource) -> tuple[Callable[..., Any], tuple[str]]:
    return open_map, (source.uri,)


for _kind in (CoolerSource, HicSource):  # they pickle as what opens them again: a path, no handle
    copyreg.pickle(_kind, _reopen)


# ---- .hic -----------------------------------------------------------------------------------------------------


def _open_hic(path: str, start: bytes) -> HicSource:
    version = int.from_bytes(start[4:8], "little")
    if version not in (8, 9):
        raise MapError(
            f"is a .hic file of version {version}; versions 8 and 9 can be read.",
            where=path,
            hint="Convert it with Juicer Tools or hictk.",
        )
    try:
        file = hictkpy().MultiResFile(readable_name(path))
        resolutions = tuple(int(r) for r in file.resolutions())
    except RuntimeError as error:
        if "resolutions" in str(error):
            raise MapError(
                "has no levels with bins of fixed size (restriction fragments only?).",
                where=path,
                hint="Make a .hic with resolutions in bp.",
            ) from error
        raise
    chromsizes = {name: int(size) for name, size in file.chromosomes().items() if name.lower() != "all"}
    if not resolutions or not chromsizes:
        raise MapError("has no levels with bins of fixed size.", where=path, hint="Make a .hic with resolutions in bp.")
    assembly = _assembly(str(file.attributes().get("assembly", "")))
    return HicSource(path, assembly=assembly, resolutions=resolutions, chromsizes=chromsizes)


# ---- HDF5 -----------------------------------------------------------------------------------------------------


def _open_hdf5(path: str, group: str | None) -> CoolerSource:
    with open_h5(path) as file:
        root = _group(file, path, group)
        coolers = [root] if _is_cooler(root) else list(_coolers_below(root))
        if not coolers:
            raise hdf5_refusal(root, path)
        if "SCOOL" in text_of(root.attrs.get("format")) or (len(coolers) > 1 and "cells" in root):
            example = coolers[0].name
            raise MapError(
                f"holds {how_many(len(coolers), 'single cell')}, not one map.",
                where=path,
                hint=f"Open one cell: {path}::{example}",
            )
        levels, notes = _levels(coolers, path)
        matched = match_levels(list(levels.values()))
        assembly = next((text for c in coolers if (text := _assembly(text_of(c.attrs.get("genome-assembly"))))), "")
        fusion = parse_fusion(text_of(coolers[0].attrs.get(FUSED)))
        notes = notes if fusion is None else (fused_note(fusion), *notes)
        return CoolerSource(path, group, assembly=assembly, levels=matched, notes=notes, fusion=fusion)


def _levels(coolers: list[h5py.Group], path: str) -> tuple[dict[int, CoolerLevel], tuple[str, ...]]:
    """Levels by bin size; of several, one that cannot be read is left out and named."""
    levels: dict[int, CoolerLevel] = {}
    notes, refused = [], None
    for cooler in coolers:
        try:
            level = _level(cooler, path)
        except MapError as error:
            refused = error
            notes.append(f"{cooler.name} is left out: it {error.message}")
            continue
        if level.resolution in levels:
            raise MapError(
                f"holds several maps of {level.resolution:,} bp bins.",
                where=path,
                hint=f"Open one of them: {path}::{level.group}",
            )
        levels[level.resolution] = level
    if refused is not None and not levels:
        raise refused
    empty = [size for size, level in levels.items() if not level.n_pixels]
    if len(empty) < len(levels):
        for size in sorted(empty):
            notes.append(f"The {format_bin_size(size)} level holds no contacts and is left out.")
            del levels[size]
    return levels, tuple(notes)


def _group(file: h5py.File, path: str, group: str | None) -> h5py.Group:
    import h5py

    if group is None:
        return file
    found = file.get(group)
    if not isinstance(found, h5py.Group):
        near = ", ".join(c.name for c in list(_coolers_below(file))[:5]) or "no map at all"
        hint = f"It is one map: open {path}" if _is_cooler(file) else f"It holds {near}."
        raise MapError(f"has no group '{group}'.", where=path, hint=hint)
    return found


def _is_cooler(group: Any) -> bool:
    """By content, not by the ``format`` attribute: files of early cooler versions lack it."""
    import h5py

    return "indexes" in group and all(isinstance(group.get(name), h5py.Dataset) for name in _COLUMNS)


def _coolers_below(group: h5py.Group, depth: int = 3) -> Iterator[h5py.Group]:
    import h5py

    for name in group:
        child = group.get(name)
        if isinstance(child, h5py.Group):
            if _is_cooler(child):
                yield child
            elif depth > 1:
                yield from _coolers_below(child, depth - 1)


def _level(cooler: h5py.Group, path: str) -> CoolerLevel:
    attributes: Mapping[str, Any] = cooler.attrs
    group = cooler.name
    where = path if group == "/" else f"{path}::{group}"
    if text_of(attributes.get("storage-mode")) == "square":
        raise MapError(
            "is stored square (asymmetric); contacts must be symmetric.",
            where=where,
            hint="Make it with 'cooler load' without --no-symmetric-upper.",
        )
    table = read_bin_table(cooler, where)
    if not table.chroms:
        raise MapError("has no bins.", where=where, hint="Make the file again.")
    norms, notes = stored_norms(cooler["bins"], text_of(attributes.get("generated-by")))
    return CoolerLevel(group, table.size, norms, table.regular, table, len(cooler["pixels/count"]), notes=notes)


def _assembly(text: str) -> str:
    """The assembly's name; files often give a path or ``unknown`` instead."""
    return "" if text.lower() in {"unknown", "null", "none"} or "/" in text else text
