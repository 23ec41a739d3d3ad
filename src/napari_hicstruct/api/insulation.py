"""A map's own evidence of boundaries, bin by bin, from Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari_hicstruct.api.arguments import names, whole_number, whole_numbers
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run

if TYPE_CHECKING:
    import pandas as pd


@checked
def insulation(
    map: MapLike,
    chroms: str | Iterable[str] | None = None,
    *,
    resolution: int = 0,
    windows: int | Iterable[int] | None = None,
    norm: str | None = None,
    ignore_diags: int = 2,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Insulation, border contrast, directionality and weak boundary labels of a map, as ``hicstruct insulation`` does.

    Parameters
    ----------
    map : ContactMap, path or str
        Contact map.
    chroms : str or iterable of str, optional
        Only these chromosomes; default: all.
    resolution : int
        Bin size, bp; 0: 10 kb where the map gives it, else the next above.
    windows : int or iterable of int, optional
        Sides of the sliding squares, bp; default 5, 10, 25 and 50 bins.
    norm : str, optional
        Weights to use; default: the best that each chromosome has.
    ignore_diags : int
        First diagonals that insulation leaves out.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    DataFrame
        A row per bin: ``chrom start end is_bad_bin`` (bp, 0-based, half-open); for each window W in bp
        ``log2_insulation_score_W``, ``n_valid_pixels_W``, ``boundary_strength_W`` (as cooltools, which means the same),
        ``border_contrast_W`` (log2 of the contacts across the bin's left border over those within both sides); then
        ``directionality`` (upstream − … + downstream, in standard deviations) and ``weak_boundary_probability``, the
        soft vector in [0, 1] that boundaries are learnt from without labels.  NaN where nothing is known.
        ``frame.attrs["notes"]`` says what was left out.

    Raises
    ------
    ConfigError
        If a window is no multiple of the bins, or too small; if a number or a name is none, or another
        argument is not what it says above.
    RegionError
        If there is no such chromosome.
    MapError
        If no level of the map gives these bins, or it holds no contacts.

    References
    ----------
    .. [1] Crane E et al. Condensin-driven remodelling of X chromosome topology during dosage compensation. Nature 523,
       240-244 (2015).
    .. [2] Dixon JR et al. Topological domains in mammalian genomes. Nature 485, 376-380 (2012).

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> table = hs.insulation(hs.sample_map(), windows=[100_000])
    >>> list(table.columns[4:8])
    ['log2_insulation_score_100000', 'n_valid_pixels_100000', 'boundary_strength_100000', 'border_contrast_100000']
    >>> strong = table[table.boundary_strength_100000 > 0.5]
    >>> len(strong) > 5
    True
    """
    from napari_hicstruct.genome import NameMatcher
    from napari_hicstruct.workflows.insulation import InsulationRequest, iter_insulation

    source = source_of(map)
    known = NameMatcher(source.chromsizes)
    chosen = () if chroms is None else names("chroms", chroms)
    request = InsulationRequest(
        resolution=whole_number("resolution", resolution, unit="bp"),
        windows=() if windows is None else whole_numbers("windows", windows, least=1, unit="bp"),
        chroms=tuple(dict.fromkeys(known.require(name) for name in chosen)),
        norm=norm,
        ignore_diags=whole_number("ignore_diags", ignore_diags),
    )
    result = run(iter_insulation(source, request), progress)
    result.table.attrs["notes"] = list(result.notes)
    return result.table
