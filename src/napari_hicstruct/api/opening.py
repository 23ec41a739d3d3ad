"""Opening contact maps from Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

from napari_hicstruct.api.arguments import path as a_path
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.maps import ContactMap
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ConfigError, MapError

MapLike: TypeAlias = ContactMap | ContactSource | str | Path
"""What is taken for a contact map: an open one, or a path or URI."""


@checked
def open_map(path: MapLike) -> ContactMap:
    """Open a contact map; reads chromosomes and bin sizes, no contacts.

    Parameters
    ----------
    path : path or str
        A ``.cool``, ``.mcool`` or ``.hic`` file, or ``FILE::/group`` for one cooler of an HDF5 file.

    Returns
    -------
    ContactMap
        Open, with nothing read of its contacts.

    Raises
    ------
    MapError
        If there is no such file, it cannot be read, or it is not a map of whole fixed-size bins.

    References
    ----------
    .. [1] Abdennur N, Mirny LA. Cooler: scalable storage for Hi-C data and other genomically labeled arrays.
       Bioinformatics 36, 311-316 (2020).

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> path = hs.sample_map().uri
    >>> m = hs.open_map(path)
    >>> m.chromsizes.to_dict()
    {'chr1': 12000000}
    >>> m.resolutions
    (5000, 10000, 25000, 50000, 100000)
    """
    from napari_hicstruct.contacts import open_map as open_source

    if isinstance(path, ContactMap):
        return path
    if isinstance(path, str | os.PathLike):
        return ContactMap(open_source(_written(path)))
    if not hasattr(path, "chromsizes"):
        raise MapError(f"{path!r} is not a contact map.", hint="Give a path, or what hs.open_map gave.")
    return ContactMap(path)


@checked
def sample_map(*, progress: ProgressOption = None) -> ContactMap:
    """Open the sample map: 12 Mb of simulated loop extrusion with known loops, stripes and TADs.

    It is simulated on first use (some seconds) and kept in the cache folder; the truth lies in ``truth/`` beside it.

    Parameters
    ----------
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    ContactMap
        Open, with nothing read of its contacts.

    Raises
    ------
    OutputError
        If the cache folder cannot be written.
    ConfigError
        If `progress` is none of these.

    Examples
    --------
    >>> from pathlib import Path
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> hs.read_labels(Path(m.uri).parent / "truth" / "tads.bed").kinds
    ('tad',)
    """
    from napari_hicstruct.workflows.simulate import iter_sample_map

    return open_map(run(iter_sample_map(), progress))


def _written(path: Any) -> str:
    """The path of a map as text; an empty one is refused with what maps are."""
    try:
        return "" if path == "" else a_path("path", path)
    except ConfigError as error:
        raise MapError(error.message, hint=error.hint) from error


def source_of(map: MapLike) -> ContactSource:
    """Give the open file behind whatever is taken for a map."""
    return open_map(map).source
