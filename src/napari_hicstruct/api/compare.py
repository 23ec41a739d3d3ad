"""What two maps differ in, from Python."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import is_path_like, is_several, names
from napari_hicstruct.api.arguments import path as a_path
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.given import as_calls
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.compare import CompareRequest, Comparison


@checked
def compare(
    a: MapLike,
    b: MapLike,
    *,
    calls_a: Any = None,
    calls_b: Any = None,
    replicates_a: Any = (),
    replicates_b: Any = (),
    region: str | None = None,
    chroms: str | Iterable[str] | None = None,
    resolution: int | None = None,
    fdr: float = 0.05,
    norm: str | None = None,
    tolerance: int = 20_000,
    min_probability: float = 0.5,
    model: str = "default",
    device: str = "auto",
    threads: int = 0,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> Comparison:
    """Say which structures of map `b` are gained, lost, moved, stronger or weaker than in `a`.

    As ``hicstruct compare`` does.  Contacts of each structure and of its surroundings are tested under a negative
    binomial, given that the structure was called in one of the maps; depth, distance and coverage of the bins cancel.

    Parameters
    ----------
    a, b : ContactMap, path or str
        Of one assembly, with a common bin size of 50 kb or less.
    calls_a, calls_b : path, list of paths, calls or data frame, optional
        Structures of either map: label files, folders that ``hicstruct predict`` wrote, or what :func:`predict` gives.
        Default: both are predicted.
    replicates_a, replicates_b : path or list of paths
        Further maps of the same condition.  Their contacts are added, and say how far replicates differ.
    region : str, optional
        Only here, as ``"chr1:5M-10M"``.
    chroms : str or iterable of str, optional
        Only these chromosomes.  Default: all that both maps have.
    resolution : int, optional
        Bins in which contacts are counted, bp.  Default: the common ones nearest to 10 kb.
    fdr : float
        Share of false ones among the changes that is accepted, above 0 up to 0.5.
    norm : str, optional
        Stored weights to use, or ``raw``.  Default: the best of each map.
    tolerance : int
        How far calls of one structure may be apart, bp.
    min_probability : float
        Of structures that are predicted, in [0, 1].
    model : str
        Name of a model or its folder.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    threads : int
        Threads of the processor; 0: as many as there are.
    out : path, optional
        Folder for the table, the label files and a project whose queue holds the changes.
    overwrite : bool
        Also replace label files of other maps in `out`.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Comparison
        ``table``: a data frame with a row for each structure, the largest change first (``change``, ``log2_ratio`` of
        the enrichment in `b` over that in `a`, ``shrunken_log2_ratio``, which is its mean given the contacts [2]_ and
        the order of the rows, ``p``, ``fdr`` after Benjamini and Hochberg [1]_, contacts);
        ``changes``: those that changed, as annotations; ``run``, ``notes``, ``counts()``.

    Raises
    ------
    MapError
        If a map cannot be read, or the maps have no assembly, chromosome or bin size in common.
    RegionError
        If `region` or `chroms` names what is not there.
    LabelError
        If calls cannot be read.
    ConfigError
        If an argument is wrong, both maps are the same one, or calls of one map alone are given.
    ModelError
        If `model` cannot be used.
    OutputError
        If `out` cannot be written, or holds label files of another map.
    ProjectError
        If `out` holds a project of another map.

    See Also
    --------
    predict : Makes the calls.

    References
    ----------
    .. [1] Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful approach to multiple
       testing. Journal of the Royal Statistical Society B 57, 289-300 (1995).
    .. [2] Stephens M. False discovery rates: a new deal. Biostatistics 18, 275-294 (2017).

    Examples
    --------
    A map, and another with the same structures:

    >>> import napari_hicstruct as hs
    >>> same = hs.simulate("same.mcool", chromosomes={"chr1": 4_000_000}, depth=40, seed=3)
    >>> other = hs.simulate("other.mcool", chromosomes={"chr1": 4_000_000}, depth=80, seed=3)
    >>> calls = hs.predict("other.mcool")
    >>> found = hs.compare("same.mcool", "other.mcool", calls_a=calls, calls_b=calls)
    >>> found.counts()["lost"], found.counts()["gained"]
    (0, 0)
    """
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.compare import CompareRequest

    if region is not None and chroms is not None:
        raise ConfigError("region and chroms both say where.", hint="Give one of them.")
    first, second = source_of(a), source_of(b)
    request = CompareRequest(
        a=first.uri,
        b=second.uri,
        calls_a=_given("calls_a", calls_a),
        calls_b=_given("calls_b", calls_b),
        replicates_a=_paths("replicates_a", replicates_a),
        replicates_b=_paths("replicates_b", replicates_b),
        resolution=resolution or 0,
        chroms=() if chroms is None else names("chroms", chroms),
        region=None if region is None else parse_region(region),
        fdr=fdr,
        norm=norm,
        tolerance=tolerance,
        min_probability=min_probability,
        model=model,
        device=device,
        threads=threads,
    )
    return _run(request, first, None if out is None else Path(out), overwrite, progress)


def _run(
    request: CompareRequest, first: ContactSource, out: Path | None, overwrite: bool, progress: ProgressOption
) -> Comparison:
    """The comparison, and its files where a folder is given."""
    from napari_hicstruct.workflows.compare import iter_compare
    from napari_hicstruct.workflows.compare.write import check_folder, write_comparison

    if out is not None:
        check_folder(out, first, overwrite=overwrite)
    found: Comparison = run(iter_compare(request, CancelToken()), progress)
    if out is not None:
        write_comparison(found, out, first, overwrite=overwrite)
    return found


def _paths(name: str, given: Any) -> tuple[str, ...]:
    """One path or several, of maps."""
    if given is None:
        return ()
    if not is_several(given) and not is_path_like(given):
        raise ConfigError(f"{name}={given!r} names no map.", hint="Give a path, or a list of paths.")
    return tuple(str(a_path(name, one)) for one in ([given] if is_path_like(given) else given))


def _given(name: str, calls: Any) -> tuple[Any, ...] | None:
    """Paths or records of whatever is given for calls."""
    if calls is None:
        return None
    if is_path_like(calls):
        return (Path(a_path(name, calls)),)
    parts = list(calls) if is_several(calls) and not hasattr(calls, "itertuples") else None
    if parts and all(map(is_path_like, parts)):
        return tuple(Path(a_path(name, one)) for one in parts)
    return tuple(as_calls(calls))
