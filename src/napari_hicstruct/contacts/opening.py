"""Open a contact map of any format, or say in one sentence why not and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.contacts._hictk import hictkpy
from napari_hicstruct.contacts.cooler_source import (
    MAX_HICTK_CONTIGS,
    CoolerLevel,
    CoolerSource,
    stored_norms,
)
from napari_hicstruct.contacts.handles import gate_of
from napari_hicstruct.contacts.hic_source import HicSource
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError

if TYPE_CHECKING:
    import h5py

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_FORMATS = "Contact maps are .cool, .mcool and .hic files."


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
    path, _, group = str(path_or_uri).partition("::")
    start = _first_bytes(path)
    if start.startswith((b"HIC\x00", _HDF5_MAGIC)):
        opener: Callable[[], ContactSource]
        if start.startswith(_HDF5_MAGIC):
            opener = lambda: _open_hdf5(path, group or None)  # noqa: E731
        else:
            opener = lambda: _open_hic(path, start)  # noqa: E731
        try:
            with gate_of(path):
                return opener()
        except MapError:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
            raise MapError(
                f"is damaged ({str(error) or type(error).__name__}).",
                where=path_or_uri,
                mend="Is the file complete? Copy or download it again.",
            ) from error
    raise MapError("is not a contact map.", where=path_or_uri, mend=_FORMATS)


def _first_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        raise MapError("does not exist.", where=path, mend="Check the path.") from None
    except IsADirectoryError:
        raise MapError("is a folder, not a contact map.", where=path, mend=_FORMATS) from None
    except OSError as error:
        raise MapError(
            f"cannot be read ({error.strerror or error}).", where=path, mend="Check the file's permissions."
        ) from error
    if not start:
        raise MapError("is empty.", where=path, mend="Copy or download it again.")
    return start


# ---- .hic -----------------------------------------------------------------------------------------------------


def _open_hic(path: str, start: bytes) -> HicSource:
    version = int.from_bytes(start[4:8], "little")
    if version not in (8, 9):
        raise MapError(
            f"is a .hic file of version {version}; versions 8 and 9 can be read.",
            where=path,
            mend="Convert it with Juicer Tools or hictk.",
        )
    try:
        file = hictkpy().MultiResFile(path)
        resolutions = tuple(int(r) for r in file.resolutions())
    except RuntimeError as error:
        if "resolutions" in str(error):
            raise MapError(
                "has no levels with bins of fixed size (restriction fragments only?).",
                where=path,
                mend="Make a .hic with resolutions in bp.",
            ) from error
        raise
    chromsizes = {name: int(size) for name, size in file.chromosomes().items() if name.lower() != "all"}
    if not resolutions or not chromsizes:
        raise MapError("has no levels with bins of fixed size.", where=path, mend="Make a .hic with resolutions in bp.")
    assembly = _assembly(str(file.attributes().get("assembly", "")))
    return HicSource(path, assembly=assembly, resolutions=resolutions, chromsizes=chromsizes)


# ---- HDF5 -----------------------------------------------------------------------------------------------------


def _open_hdf5(path: str, group: str | None) -> CoolerSource:
    import h5py

    with h5py.File(path, "r") as file:
        root = _group(file, path, group)
        coolers = [root] if _is_cooler(root) else list(_coolers_below(root))
        if not coolers:
            _refuse(root, path)
        if "SCOOL" in _text(root.attrs.get("format")) or (len(coolers) > 1 and "cells" in root):
            example = coolers[0].name
            raise MapError(
                f"holds {len(coolers)} single cells, not one map.", where=path, mend=f"Open one cell: {path}::{example}"
            )
        levels: dict[int, CoolerLevel] = {}
        for cooler in coolers:
            level = _level(cooler, path)
            if level.resolution in levels:
                raise MapError(
                    f"holds several maps of {level.resolution:,} bp bins.",
                    where=path,
                    mend=f"Open one of them: {path}::{level.group}",
                )
            levels[level.resolution] = level
        finest = file[levels[min(levels)].group]
        assembly = next((text for c in coolers if (text := _assembly(_text(c.attrs.get("genome-assembly"))))), "")
        return CoolerSource(path, group, assembly=assembly, levels=levels, chromsizes=_chromsizes(finest))


def _group(file: h5py.File, path: str, group: str | None) -> h5py.Group:
    import h5py

    if group is None:
        return file
    found = file.get(group)
    if not isinstance(found, h5py.Group):
        near = ", ".join(c.name for c in list(_coolers_below(file))[:5]) or "no map at all"
        raise MapError(f"has no group '{group}'.", where=path, mend=f"It holds {near}.")
    return found


def _is_cooler(group: Any) -> bool:
    """By content, not by the ``format`` attribute: files of early cooler versions lack it."""
    return all(name in group for name in ("chroms/name", "bins/start", "pixels/bin2_id", "pixels/count", "indexes"))


def _coolers_below(group: h5py.Group, depth: int = 3) -> Iterator[h5py.Group]:
    import h5py

    for name in group:
        child = group.get(name)
        if isinstance(child, h5py.Group):
            if _is_cooler(child):
                yield child
            elif depth > 1:
                yield from _coolers_below(child, depth - 1)


def _refuse(root: h5py.Group, path: str) -> None:
    if "PYTABLES_FORMAT_VERSION" in root.attrs:
        raise MapError(
            "is a PyTables file (FAN-C or similar), whatever its name says.",
            where=path,
            mend="Convert it to .cool, for example with 'fanc to-cooler'.",
        )
    raise MapError("is an HDF5 file without a contact map.", where=path, mend=_FORMATS)


def _level(cooler: h5py.Group, path: str) -> CoolerLevel:
    attributes: Mapping[str, Any] = cooler.attrs
    group = cooler.name
    where = path if group == "/" else f"{path}::{group}"
    if _text(attributes.get("storage-mode")) == "square":
        raise MapError(
            "is stored square (asymmetric); contacts must be symmetric.",
            where=where,
            mend="Make it with 'cooler load' without --no-symmetric-upper.",
        )
    size = _text(attributes.get("bin-size"))
    if _text(attributes.get("bin-type")) == "variable" or not size.isdigit() or int(size) < 1:
        raise MapError(
            "has bins of variable size (restriction fragments?).",
            where=where,
            mend="Make a map with bins of one size, for example with 'cooler cload'.",
        )
    version = _text(attributes.get("format-version"))
    can = (
        _text(attributes.get("format")) == "HDF5::Cooler"
        and version.isdigit()
        and int(version) >= 3
        and len(cooler["chroms/name"]) <= MAX_HICTK_CONTIGS
    )
    norms = stored_norms(cooler["bins"], _text(attributes.get("generated-by")))
    return CoolerLevel(group, int(size), norms, can)


def _chromsizes(cooler: h5py.Group) -> dict[str, int]:
    names = [_text(name) for name in cooler["chroms/name"][:]]
    return dict(zip(names, np.asarray(cooler["chroms/length"][:]).tolist(), strict=True))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _assembly(text: str) -> str:
    """The assembly's name; files often give a path or ``unknown`` instead."""
    return "" if text.lower() in {"unknown", "null", "none"} or "/" in text else text
