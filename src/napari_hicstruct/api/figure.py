"""Figures of contact maps for papers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.api.arguments import files, is_path_like, names, numbers
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.given import as_calls
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.regions import Region, to_interval
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import drain

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.figure import LabelSet, TrackRow

ShownLabels: TypeAlias = "Iterable[Annotation] | pd.DataFrame | str | Path | Mapping[str, Any]"
"""Annotations, a file of them, or several of these by the name that the legend gives them."""


@checked
def figure(
    map: MapLike,
    region: Region,
    out: str | Path,
    *,
    cols: Region | None = None,
    labels: ShownLabels | None = None,
    tracks: str | Path | Iterable[str | Path] | None = None,
    tilted: bool = False,
    max_distance: int = 0,
    second: MapLike | None = None,
    joined: str = "halves",
    second_labels: ShownLabels | None = None,
    map_names: str | Iterable[str] | None = None,
    norm: str | None = None,
    resolution: int = 0,
    width_mm: float = 89.0,
    theme: str = "light",
    colormap: str | None = None,
    limits: Iterable[float] | None = None,
    percentile: float = 97.0,
    by_score: bool = False,
    dpi: int = 600,
    overwrite: bool = False,
) -> Path:
    """Draw a part of a map with labels and tracks, at a size in mm, as ``hicstruct figure`` does.

    Text stays text and lines stay lines in ``.svg`` and ``.pdf``; only the bins are a picture.

    Parameters
    ----------
    map : ContactMap, path or str
        Contact map.
    region : str, Interval or (chrom, start, end)
        Rows, and columns too without `cols`.  A str may also name a gene of the tracks: what is around is shown, too.
    out : path
        File to write: ``.svg``, ``.pdf`` or ``.png``.
    cols : str, Interval or (chrom, start, end), optional
        Columns, for a part off the diagonal.
    labels : Calls, iterable of Annotation, DataFrame, path, or mapping of str to these, optional
        What is drawn on the map; the keys of a mapping are the names in the legend.
    tracks : path, str or iterable of these, optional
        Files of tracks, from above; ``NAME=FILE`` names one.
    tilted : bool
        The diagonal lies horizontally, distance goes up.
    max_distance : int
        How far up a tilted map goes, bp; 0: as far as the region reaches.
    second : ContactMap, path or str, optional
        A second map, below the diagonal or below the axis, or as its difference from the first or ratio to it.
    joined : {"halves", "difference", "ratio"}
        How both maps are drawn; the second is taken as deep as the first.
    second_labels : as `labels`, optional
        What is drawn on the second map.
    map_names : str or iterable of str, optional
        Of the map and of the second one, instead of their files' names.
    norm : str, optional
        ``raw``, ``oe``, or the name of weights.  Default: the map's best.
    resolution : int
        Bin size, bp; 0: as fine as the figure can show.
    width_mm : float
        Of the figure; the height follows.
    theme : {"light", "dark"}
        Of paper and ink.
    colormap : str, optional
        ``hic_red``, ``hic_ratio``, or one of matplotlib's.
    limits : (float, float), optional
        Values of the first and the last colour.  Default: by `percentile`.
    percentile : float
        Of the values in view, which get the last colour.
    by_score : bool
        Lines fade with the score of the labels.
    dpi : int
        Of the picture of the bins.
    overwrite : bool
        Replace a file that exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MapError
        If a map cannot be read, holds no contacts there, or both have no bins in common.
    RegionError
        If a region is none of the map, or a tilted figure is to lie off the diagonal.
    LabelError
        If labels cannot be read.
    TrackError
        If a track cannot be read.
    OutputError
        If the file exists, or cannot be written.
    ConfigError
        If there is no such kind of file, theme or colour map, a size is impossible, or an argument is not what it says
        above.

    Examples
    --------
    >>> from pathlib import Path
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> truth = Path(m.uri).parent / "truth"
    >>> hs.figure(m, "chr1:5M-7M", "map.svg", labels={"loops": truth / "loops.bedpe"}).name
    'map.svg'
    """
    from napari_hicstruct.workflows.figure import FigureRequest, iter_figure

    source, other = source_of(map), None if second is None else source_of(second)
    size = {"width_mm": width_mm, "max_distance": max_distance, "resolution": resolution, "dpi": dpi}
    rows = _tracks(tracks)
    request = FigureRequest(
        map=source.uri,
        region=_place(region, source, rows),
        out=Path(out),
        cols=None if cols is None else to_interval(cols, source.chromsizes),
        labels=label_sets(labels, source),
        second_labels=label_sets(second_labels, other or source),
        tracks=rows,
        tilted=tilted,
        second="" if other is None else other.uri,
        names=_two_names(map_names),
        percentile=percentile,
        by_score=by_score,
        overwrite=overwrite,
        **size,  # type: ignore[arg-type]
        **_look(theme, norm, colormap, limits),
        joined=_joined(joined),
    )
    return drain(iter_figure(request, source=source)).path


def _place(region: Region, source: ContactSource, tracks: tuple[TrackRow, ...]) -> Interval:
    """The region, or what is around a gene of the tracks."""
    from napari_hicstruct.workflows.figure.inputs import region_or_gene

    if isinstance(region, str):
        return region_or_gene(region, source, tracks)
    return to_interval(region, source.chromsizes)


def label_sets(given: Any, source: ContactSource) -> tuple[LabelSet, ...]:
    """Sets of whatever is taken for labels."""
    from napari_hicstruct.workflows.figure.inputs import read_sets
    from napari_hicstruct.workflows.figure.request import LabelSet

    if given is None:
        return ()
    named = given.items() if isinstance(given, Mapping) else [("", given)]
    found: list[LabelSet] = []
    for name, one in named:
        if is_path_like(one):
            text = os.fspath(one)
            found += read_sets([f"{name}={text}" if name else text], source)[0]
        else:
            found.append(LabelSet(str(name), tuple(as_calls(one))))
    return tuple(found)


def _tracks(given: Any) -> tuple[TrackRow, ...]:
    from napari_hicstruct.workflows.figure.inputs import open_tracks

    return () if given is None else open_tracks(files("tracks", given))


def _look(theme: str, norm: str | None, colormap: str | None, limits: Any) -> dict[str, Any]:
    """What has a name or an order of its own, checked."""
    return {"theme": _theme(theme), "norm": norm or "", "colormap": colormap or "", "limits": _two_numbers(limits)}


def _two_names(given: Any) -> tuple[str, str]:
    found = () if given is None else names("map_names", given)
    if len(found) > 2:
        raise ConfigError(f"map_names={given!r} are more than two.", hint="There are two maps at most.")
    first, second = (*found, "", "")[:2]
    return first, second


def _two_numbers(given: Any) -> tuple[float, float] | None:
    if given is None:
        return None
    found = numbers("limits", given)
    if len(found) != 2:
        raise ConfigError(f"limits={given!r} are not two numbers.", hint="Give (lowest, highest).")
    return found[0], found[1]


def _joined(name: str) -> Any:
    from napari_hicstruct.contacts.pair_levels import DIVERGING, Joined

    known = (Joined.HALVES, *DIVERGING)
    if name not in known:
        raise ConfigError(f"two maps are not drawn as '{name}'.", hint=f"Choose from {', '.join(known)}.")
    return Joined(name)


def _theme(name: str) -> Any:
    from napari_hicstruct.workflows.figure.request import Theme

    if name not in list(Theme):
        raise ConfigError(f"there is no theme '{name}'.", hint="Choose light or dark.")
    return Theme(name)
