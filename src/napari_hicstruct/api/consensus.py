"""Calls of several programs as one list of soft labels, from Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import is_path_like, is_several, names, numbers_by_name, plain, whole_number
from napari_hicstruct.api.arguments import path as a_path
from napari_hicstruct.api.calls import Calls
from napari_hicstruct.api.checked import checked, in_arguments
from napari_hicstruct.api.frames import kind_of
from napari_hicstruct.api.given import as_calls, as_frame
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.errors import ConfigError, HicStructError
from napari_hicstruct.workflows.evaluate.regions import regions_of_run

if TYPE_CHECKING:
    from napari_hicstruct.workflows.consensus import CallFile, ConsensusResult


@checked
def consensus(
    calls: Mapping[str, Any] | Iterable[str | Path],
    kind: str | None = None,
    *,
    method: str = "em",
    tolerance: int = 0,
    bin_size: int = 0,
    weights: Mapping[str, float] | None = None,
    map: MapLike | None = None,
    chroms: str | Iterable[str] | None = None,
    max_q: float = 0.01,
    keep_all: bool = False,
    progress: ProgressOption = None,
) -> Calls:
    """Join the calls of several programs into one list with soft scores, as ``hicstruct consensus`` does.

    Parameters
    ----------
    calls : mapping or sequence of paths
        Calls by the name of their program: a path, calls, a data frame, or a list of paths (bin sizes and replicates:
        one vote).  Of paths alone the programs are known by the files' columns and names.
    kind : str, optional
        ``loop``, ``stripe``, ``tad`` or ``boundary``, where the files leave it open.
    method : {"em", "count", "weighted"}
        How votes become a score.  ``em``: a call is worth what the other programs say of the calls that its program
        ranks as it ranks this one, beyond chance, in rounds that settle (a note says so where they do not), as in [1]_;
        each program in turn is left out and says what the others' score is worth.  With fewer than three programs it is
        ``count``: the share of programs that ran on the chromosome.  ``weighted``: the same with ``weights``.
    tolerance : int
        How far a call may lie from the middle of its group, bp; 0: 1.5 bins of the coarsest list, 10 to 50 kb.
    bin_size : int
        Bins of the result, bp; 0: the finest of the lists.
    weights : mapping of str to float, optional
        By program, for ``method="weighted"``; 1 where none is given.
    map : ContactMap, path or str, optional
        Chromosome names become the map's; what does not lie on it is left out.
    chroms : str or iterable of str, optional
        Only these chromosomes; default: all.
    max_q : float
        Largest q-value at which a contact of Fit-Hi-C or FitHiChIP is a call.
    keep_all : bool
        Also what a single program calls.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Calls
        By position; ``soft_score`` (in [0, 1]), ``n_calls``, ``n_tools`` and ``supporters`` are set.
        ``run["consensus"]`` holds tolerance, bin size and, per program, calls, with ``em`` also the share of them that
        is right and the share that it found of the structures of all, by the soft scores (None where nobody else could
        confirm any); ``notes`` say what became of the files.

    Raises
    ------
    LabelError
        If fewer than two lists can be used, they hold several kinds, or `kind` is none.
    ConfigError
        If a weight, the method, `tolerance`, `bin_size`, `max_q` or another argument is wrong, or there are `weights`
        with another method than ``weighted``.
    RegionError
        If `chroms` names a chromosome that is not there.
    MapError
        If the map cannot be read.

    References
    ----------
    .. [1] Parisi F, Strino F, Nadler B, Kluger Y. Ranking and combining multiple predictors without labeled data.
       PNAS 111, 1253-1258 (2014).

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> a, b, far = (hs.Interval("chr1", k, k + 10_000) for k in (100_000, 500_000, 900_000))
    >>> loop = hs.Annotation(kind="loop", anchor1=a, anchor2=b)
    >>> other = hs.Annotation(kind="loop", anchor1=a, anchor2=far)
    >>> both = hs.consensus({"mustache": [loop, other], "Peakachu": [loop]}, method="count", keep_all=True)
    >>> [(one.soft_score, one.supporters) for one in both]
    [(1.0, ('Peakachu', 'mustache')), (0.5, ('mustache',))]
    """
    from napari_hicstruct.labels.consensus import ConsensusOptions, Method
    from napari_hicstruct.workflows.consensus import ConsensusRequest, iter_consensus

    if method not in set(Method):
        raise ConfigError(f"there is no method '{method}'.", hint=f"Choose from {', '.join(Method)}.")
    if weights and method != Method.WEIGHTED:
        raise ConfigError("weights are of the method weighted.", where="weights", hint="Add method='weighted'.")
    options = ConsensusOptions(
        method=Method(method),
        tolerance_bp=whole_number("tolerance", tolerance, unit="bp"),
        bin_size=whole_number("bin_size", bin_size, unit="bp"),
        weights=None if weights is None else numbers_by_name("weights", weights, least=0.0),
        min_tools=1 if keep_all else 2,
    )
    request = ConsensusRequest(
        files=tuple(_lists(calls)),
        kind=None if kind is None else kind_of(kind),
        options=options,
        map_uri="" if map is None else source_of(map).uri,
        chroms=() if chroms is None else names("chroms", chroms),
        max_q=max_q,
    )
    return _as_calls(run(iter_consensus(request), progress))


def _lists(calls: Mapping[str, Any] | Iterable[str | Path]) -> Iterable[CallFile]:
    from napari_hicstruct.annotations import LabelFile
    from napari_hicstruct.workflows.consensus import CallFile

    if not isinstance(calls, Mapping):
        for path in calls if is_several(calls) else [calls]:
            if not is_path_like(path):
                what = f"calls holds a {type(path).__name__}, which names no program."
                raise ConfigError(what, hint="Give paths, or programs by name: {'mine': calls, 'HiCCUPS': path}.")
            yield CallFile.of(a_path("calls", path))
        return
    for key, given in calls.items():
        caller = _name_of(key)
        parts = _parts(caller, given)
        if isinstance(parts, list) and any(map(is_path_like, parts)):
            yield from (CallFile(Path(a_path(f"calls[{caller!r}]", one)), caller) for one in parts)
        else:
            own = _own_calls(caller, parts)
            searched = tuple(regions_of_run(own.run) or ())
            yield CallFile(Path(caller), caller, LabelFile(list(own), [], "", {}), searched)


def _name_of(key: Any) -> str:
    """The name that a program was given."""
    if isinstance(key, str) and key.strip():
        return plain(key)
    example = str(key) if isinstance(key, int) else "mine"
    hint = f"Give each its name as text: {{'{example}': calls, 'HiCCUPS': path}}."
    raise ConfigError(f"calls names a program {key!r}.", hint=hint)


def _parts(caller: str, given: Any) -> Any:
    """What one program gave: calls or a data frame as they are, anything else as a list."""
    if isinstance(given, Calls) or as_frame(given) is not None:
        return given
    if is_path_like(given):
        return [given]
    if not is_several(given):
        hint = "Give a path, several, or calls."
        raise ConfigError(f"calls[{caller!r}] is a {type(given).__name__}.", hint=hint)
    return list(given)


def _own_calls(caller: str, given: Any) -> Calls:
    try:
        return as_calls(given)
    except HicStructError as error:
        where = f"calls['{caller}']" if error.where is None else f"calls['{caller}'], {error.where}"
        raise type(error)(error.message, where=where, hint=error.hint) from error


def _as_calls(result: ConsensusResult) -> Calls:
    from napari_hicstruct.workflows.consensus import caller_figures

    found = result.consensus
    callers = {
        one.caller: {
            "calls": one.n_calls,
            "listed": one.n_listed,
            "precision": one.precision,
            "sensitivity": one.sensitivity,
        }
        for one in caller_figures(result)
    }
    notes = [f"{one.path}: {text}" for one in result.files for text in one.notes]
    notes += [f"{one.path}: left out: {one.error}" for one in result.files if one.error]
    said = [in_arguments(text, consensus) for text in (*notes, *found.notes)]
    run_data = {"consensus": {"tolerance": found.tolerance_bp, "bin_size": found.bin_size, "callers": callers}}
    return Calls(found.records, run=run_data, notes=said, kinds=[result.kind])
