"""Pile-ups from Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import whole_number, whole_numbers
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.figure import ShownLabels, label_sets
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.workflows.pileup import PileupResult


@checked
def pileup(
    map: MapLike,
    labels: ShownLabels,
    *,
    resolution: int = 0,
    flank: int = 100_000,
    distances: int | Iterable[int] | None = None,
    norm: str | None = None,
    size: int = 90,
    margin: float = 1.0,
    control: bool = True,
    stretch_stripes: bool = False,
    progress: ProgressOption = None,
) -> PileupResult:
    """Average a map around loops, boundaries, stripes and TADs, as ``hicstruct pileup`` does.

    Each window is observed over expected.  TADs are stretched to one size.  Windows that reach the diagonal or the end
    of their chromosome are left out.

    Parameters
    ----------
    map : ContactMap, path or str
        Contact map.
    labels : Calls, iterable of Annotation, DataFrame, path, or mapping of str to these
        One set, or several by name: each kind of each set has a pile-up of its own.
    resolution : int
        Bin size, bp; 0: the map's nearest to 10 kb.
    flank : int
        On each side of a loop or boundary, and across a stripe, bp.
    distances : int or iterable of int, optional
        Loops are split at these distances, bp.
    norm : str, optional
        Weights, or ``raw``.  Default: the best that each chromosome has.
    size : int
        Pixels to which TADs are stretched, and stripes along themselves.
    margin : float
        What is shown beside a TAD, in lengths of it.
    control : bool
        Also pile up the same windows moved along the diagonal.
    stretch_stripes : bool
        Stretch each stripe to one length, with half of that behind its end, instead of its first 45 bins as they are.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    PileupResult
        ``piles``: each with ``name``, ``kind``, ``pile.window`` (float64, the mean window), ``pile.n`` (windows),
        ``value`` (loops: centre over corners) and ``control_value``; ``rows()`` gives one dict for each.

    Raises
    ------
    LabelError
        If labels cannot be read, or none of them has room for a window on this map.
    MapError
        If the map has no such bins or weights.
    ConfigError
        If a number is impossible, or an argument is not what it says above.

    References
    ----------
    .. [1] Flyamer IM, Illingworth RS, Bickmore WA. Coolpup.py: versatile pile-up analysis of Hi-C data. Bioinformatics
       36, 2980-2985 (2020).

    Examples
    --------
    >>> from pathlib import Path
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> loops = hs.read_labels(Path(m.uri).parent / "truth" / "loops.bedpe", map=m)
    >>> (found,) = hs.pileup(m, {"truth": loops}).piles
    >>> found.pile.window.shape, bool(found.value > 2 > found.control_value)
    ((21, 21), True)
    """
    from napari_hicstruct.workflows.pileup import PileupRequest, iter_pileup
    from napari_hicstruct.workflows.pileup.inputs import resolution_of
    from napari_hicstruct.workflows.pileup.sets import PileSet

    source = source_of(map)
    chosen = resolution_of(source, whole_number("resolution", resolution, unit="bp"))
    if margin <= 0:
        raise ConfigError(f"margin={margin} shows nothing beside a TAD.", hint="Give more than 0.")
    sets = label_sets(labels, source)
    request = PileupRequest(
        sets=tuple(PileSet(one.name or "all", one.records) for one in sets),
        resolution=chosen,
        flank=max(2, whole_number("flank", flank, least=1, unit="bp") // chosen),
        distances=_rising(distances),
        norm=norm or "",
        size=whole_number("size", size, least=9),
        margin=margin,
        control=control,
        stretch_stripes=stretch_stripes,
    )
    return run(iter_pileup(source, request), progress)


def _rising(given: Any) -> tuple[int, ...]:
    return () if given is None else tuple(sorted(whole_numbers("distances", given, least=1, unit="bp")))
