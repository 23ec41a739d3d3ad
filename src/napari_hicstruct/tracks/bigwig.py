"""bigWig files: opened, checked to be whole, and read by pybbi from the summary nearest to what is asked for."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import ConfigError, TrackError
from napari_hicstruct.genome import Interval
from napari_hicstruct.tracks.signal import SignalTrack

MAGIC = 0x888FFC26
_NAMES, _INDEX = 0x78CA8C91, 0x2468ACE0
"""What the tree of chromosomes and the index begin with."""


class BigWig(SignalTrack):
    """A bigWig file: the path is kept, no handle; a view reads a few kB.

    Raises
    ------
    TrackError
        If the file is not a whole bigWig.
    ConfigError
        If pybbi is not installed.
    """

    whole = True

    def __init__(self, path: Path, name: str = "") -> None:
        with open_bigwig(path) as file:
            ends = dict(file.chromsizes)
        super().__init__(name or path.stem, path, ends)

    def _values(self, interval: Interval, n: int) -> NDArray[np.float32]:
        assert self.path is not None
        with open_bigwig(self.path) as file:
            found = file.fetch(interval.chrom, interval.start, interval.end, bins=n, missing=np.nan, oob=np.nan)
        return np.asarray(found, np.float32)


def open_bigwig(path: str | Path) -> Any:
    """pybbi's handle of a bigWig file, a context manager.

    Raises
    ------
    TrackError
        If the file is not a whole bigWig.
    ConfigError
        If pybbi is not installed.
    """
    try:
        import bbi
    except ImportError as error:
        hint = 'Install it: pip install "napari-hicstruct[tracks]".'
        raise ConfigError("tracks are read with pybbi, which is not installed.", hint=hint) from error
    try:
        whole = _is_whole(Path(path))
    except OSError as error:
        raise TrackError(f"the track cannot be read ({error.strerror}).", where=path) from error
    except struct.error as error:
        raise TrackError("is not a bigWig file.", where=path) from error
    if not whole:
        raise TrackError("is not a whole bigWig file.", where=path, hint="Copy it again.")
    return bbi.open(str(path))


def _is_whole(path: Path) -> bool:
    """True if all that a bigWig's header points to is there: the library ends the process otherwise."""
    with path.open("rb") as file:
        head = file.read(64)
        order = next((o for o in "<>" if struct.unpack(f"{o}I", head[:4]) == (MAGIC,)), None)
        if order is None:
            return False
        fields = struct.unpack(f"{order}IHHQQQHHQQIQ", head)
        zooms = [struct.unpack(f"{order}IIQQ", file.read(24)) for _ in range(fields[2])]
        names, data, index = fields[3:6]
        offsets = [names, data, index, *fields[8:10], fields[11], *(at for zoom in zooms for at in zoom[2:])]
        if max(offsets) >= path.stat().st_size or min(names, data, index) < len(head):
            return False
        return all(_begins_with(file, at, order, magic) for at, magic in ((names, _NAMES), (index, _INDEX)))


def _begins_with(file: BinaryIO, at: int, order: str, magic: int) -> bool:
    file.seek(at)
    return bool(struct.unpack(f"{order}I", file.read(4)) == (magic,))
