"""The window from Python: napari on a contact map, with calls in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.given import as_calls, check_on_map, run_of, set_of
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.regions import Region, to_interval

if TYPE_CHECKING:
    import napari
    import pandas as pd


@checked
def show(
    map: MapLike,
    calls: Iterable[Annotation] | pd.DataFrame | None = None,
    region: Region | None = None,
    *,
    norm: str | None = None,
    project: str | Path | None = None,
    block: bool | None = None,
) -> napari.Viewer:
    """Open napari on a contact map, with the dock *HiC Structures*.

    Parameters
    ----------
    map : ContactMap, path or str
        What is shown; a path is opened.
    calls : Calls, iterable of Annotation, or DataFrame, optional
        Added to the project of the window as a set; calls that it holds already are not added again.
    region : str, Interval or (chrom, start, end), optional
        Where to look, bp.  Default: where the calls are, else the whole of the first chromosome with contacts.
    norm : str, optional
        ``raw``, ``oe``, or the name of weights.  Default: the map's best.
    project : path, optional
        Project that keeps what is corrected in the window, made if it is missing.  Default: the one that belongs to the
        map already, else an automatic one; without calls none is made before the first edit.
    block : bool, optional
        Wait until the window is closed.  Default: wait in a script, not where Qt's event loop runs already (Jupyter,
        IPython, napari's console).

    Returns
    -------
    napari.Viewer
        Its window is open, or was closed by the time that a script goes on.

    Raises
    ------
    HicStructError
        If there is no Qt or no display.
    MapError, RegionError, LabelError, ProjectError
        If the map, the region, the calls or the project cannot be shown; no window stays open.
    ConfigError
        If another argument is not what it says above.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> m = hs.open_map("map.mcool")  # doctest: +SKIP
    >>> viewer = hs.show(m, hs.predict(m, "chr17:60M-70M"), "chr17:62.5M-63.5M")  # doctest: +SKIP
    """
    from napari_hicstruct.workflows.display import check_display, check_qt

    source = source_of(map)
    found = None if calls is None else as_calls(calls)
    place = None if region is None else to_interval(region, source.chromsizes)
    if found is not None and len(found):
        check_on_map(found, source.chromsizes, source.uri)
        place = place or found[0].span.expand(500_000, source.chromsizes[found[0].chrom])
    check_display("Start a virtual one: xvfb-run -a python …")
    check_qt()
    from napari_hicstruct.plugin.show import open_window

    shown: dict[str, Any] = {}
    if found is not None and len(found):
        shown = {"calls": tuple(found), "named": set_of(found), "run": run_of(found)}
    return open_window(source, region=place, norm=norm, project=project, block=block, **shown)
