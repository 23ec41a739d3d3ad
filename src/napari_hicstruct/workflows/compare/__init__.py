"""What two contact maps differ in: structures that are gained, lost, moved or of another strength."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.jobs.memory import peak_memory_mb
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.compare.requests import CHANGES, ORDER, Change, CompareRequest, Comparison

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.workflows.compare.judge import Judged
    from napari_hicstruct.workflows.compare.maps import Maps

__all__ = ["Change", "CompareRequest", "Comparison", "compare", "iter_compare"]

SEED = 26
MAX_FDR = 0.5


def iter_compare(request: CompareRequest, token: CancelToken | None = None) -> Generator[Progress, None, Comparison]:
    """Compare two maps.

    Raises
    ------
    MapError, RegionError
        If a map cannot be read, or the maps have nothing in common.
    LabelError
        If calls cannot be read.
    ConfigError
        If something is asked for that cannot be.
    Cancelled
    """
    import numpy as np

    from napari_hicstruct.workflows.compare.calls import iter_calls
    from napari_hicstruct.workflows.compare.judge import as_table, judge
    from napari_hicstruct.workflows.compare.maps import iter_bands, open_maps
    from napari_hicstruct.workflows.compare.measure import KINDS_TESTED, Measured, measure, pair_up

    token, clock = token or CancelToken(), Clock()
    _check(request)
    yield clock.step("open maps", 0, 0)
    maps = open_maps(request)
    notes: list[str] = []
    calls = yield from iter_calls(request, maps, token, notes)
    found = {kind: Measured() for kind in KINDS_TESTED}
    rng = np.random.default_rng(SEED)
    chroms = [name for name in maps.chroms if any(one.chrom == name for side in calls for one in side)]
    for k, chrom in enumerate(chroms):
        bands = yield from iter_bands(maps, chrom, request.norm, clock, token)
        for kind, into in found.items():
            token.check()
            yield clock.step(f"count contacts on {chrom}", k, len(chroms), KINDS[kind].plural)
            own = [[one for one in side if one.kind is kind and one.chrom == chrom] for side in calls]
            pairs = pair_up(own[0], own[1], max(request.tolerance, maps.resolution))
            if pairs:
                measure(into, pairs, bands, rng)
        del bands
    yield clock.step("test", 1, 1)
    judged = [judge(kind, one) for kind, one in found.items() if one.pairs]
    table = as_table(judged, request.fdr)
    notes += _notes(judged, maps, table, request)
    notes += [
        f"{which} holds contacts on a part of {display_name(chrom)} only: what lies beyond it is not compared."
        for which, chrom in sorted(set().union(*(one.parts for one in found.values())))
    ]
    records = tuple(_records(table, maps.resolution))
    run = _run(request, maps, notes) | {"seconds": round(clock.step("", 0, 0).elapsed, 2)}
    return Comparison(table.drop(columns="pair"), records, run, tuple(notes))


def compare(request: CompareRequest) -> Comparison:
    """:func:`iter_compare` run to its end."""
    return drain(iter_compare(request))


def _check(request: CompareRequest) -> None:
    if not 0 < request.fdr <= MAX_FDR:
        raise ConfigError(f"fdr={request.fdr} is no rate.", hint=f"Give one above 0, up to {MAX_FDR}, as 0.05.")
    if request.region is not None and request.chroms:
        raise ConfigError("a region and chromosomes both say where.", hint="Give one of them.")
    if request.tolerance < 0:
        raise ConfigError(f"tolerance={request.tolerance} is no distance.", hint="Give one in bp, as 20000.")


def _notes(judged: Sequence[Judged], maps: Maps, table: pd.DataFrame, request: CompareRequest) -> list[str]:
    from napari_hicstruct.workflows.compare.judge import SHIFTED

    said = []
    if not judged:
        said.append("There is nothing to compare: neither map has calls on the chromosomes that both have.")
    if judged and not any(one.replicates for one in judged):
        said.append(
            "No replicates: the dispersion is that between the two maps, so a difference counts only where it is "
            "larger than what most places differ by."
        )
    for one in judged:
        if abs(one.shift) >= SHIFTED and len(one.pairs) >= 20:
            way = "stronger" if one.shift > 0 else "weaker"
            said.append(
                f"{KINDS[one.kind].plural} are {way} in B throughout: by {2 ** abs(one.shift) - 1:.0%} (median). "
                "That may be the experiment (noise, another protocol) as well as the cells."
            )
    untested = int((table["change"] == Change.UNTESTED.value).sum())
    if untested:
        said.append(f"{how_many(untested, 'structure')} not tested: the column note says why.")
    if len(set(maps.chroms)) < len(maps.a[0].chromsizes) and not (request.chroms or request.region):
        said.append(f"Compared: {', '.join(maps.chroms[:8])}{' …' if len(maps.chroms) > 8 else ''}.")
    return said


_CELLS = ("change", "log2_ratio", ORDER, "p", "fdr", "contacts_a", "contacts_b", "moved_from", "note")


def _records(table: pd.DataFrame, resolution: int) -> list[Annotation]:
    """The changes as records, the largest first; their ranking score falls with their place in the table."""
    changed = table[table["change"].isin([one.value for one in CHANGES])] if len(table) else table
    out: list[Annotation] = []
    rows: list[dict[str, Any]] = changed.to_dict("records")  # type: ignore[assignment]
    for place, row in enumerate(rows):
        a, b = row["pair"]
        record = a if b is None else b
        extra = {name: _cell(row[name]) for name in _CELLS}
        score = 1 - (place + 0.5) / len(rows)
        out.append(
            Annotation(
                kind=record.kind,
                anchor1=record.anchor1,
                anchor2=record.anchor2,
                direction=record.direction,
                score=score,
                resolution=record.resolution or resolution,
                source="compare",
                name=f"{row['change']} {KINDS[record.kind].singular}",
                extra={name: cell for name, cell in extra.items() if cell},
            )
        )
    return out


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _run(request: CompareRequest, maps: Maps, notes: Sequence[str]) -> dict[str, Any]:
    from napari_hicstruct.workflows.predict import map_record

    given = "predicted" if request.calls_a is None else "given"
    return {
        "map": map_record(maps.a[0]),
        "second_map": map_record(maps.b[0]),
        "replicates": {"a": [map_record(one) for one in maps.a[1:]], "b": [map_record(one) for one in maps.b[1:]]},
        "parameters": {
            "resolution": maps.resolution,
            "chroms": list(maps.chroms),
            "region": None if maps.region is None else str(maps.region),
            "fdr": request.fdr,
            "norm": request.norm or "best stored",
            "tolerance": request.tolerance,
            "calls": given,
            "min_probability": request.min_probability if given == "predicted" else None,
            "model": request.model if given == "predicted" else None,
        },
        "notes": list(notes),
        "peak_memory_mb": peak_memory_mb(),
    }
