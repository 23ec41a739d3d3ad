"""Where calls were sought, as their run says it: joined with them, and narrowed with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.api.regions import Region, bare_interval
from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval, canonical_name, parse_region
from napari_hicstruct.workflows.evaluate.regions import WHOLE, regions_of_run, regions_of_runs


def place_of(region: Region) -> Interval:
    """A region without a map; a bare name is the whole chromosome.

    Raises
    ------
    RegionError
        If it is none.
    """
    if not isinstance(region, str):
        return bare_interval(region)
    name = region.strip()
    return Interval(name, 0, WHOLE) if name and ":" not in name else parse_region(region)


def joined_run(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """What two runs say alike, and the regions of both; no regions where one of them does not say its own."""
    if first == second:
        return dict(first)
    run = _alike(first, second)
    regions = [regions_of_run(one) for one in (first, second)]
    parameters = _alike(*(_parameters(one) for one in (first, second)))
    parameters.pop("regions", None)
    if None not in regions:
        parameters["regions"] = list(dict.fromkeys(text for texts in regions for text in texts or ()))
    run.pop("parameters", None)
    return run | ({"parameters": parameters} if parameters else {})


def narrowed_run(run: Mapping[str, Any], place: Interval) -> dict[str, Any]:
    """The run of what is left of its calls in ``place``: sought there, and nowhere else."""
    known = regions_of_run(run)
    left = [_text(place)] if known is None else list(_shared(known, place))
    return {**run, "parameters": {**_parameters(run), "regions": left}}


def run_of_sets(
    runs: Mapping[int, Sequence[Mapping[str, Any]]], set_ids: Sequence[int] | None, kinds: Sequence[Kind] | None
) -> dict[str, Any]:
    """Where a project's sets (by id) were sought, as a run says it; nothing where one is of none."""
    if not set_ids or any(one not in runs for one in set_ids):
        return {}
    kind = kinds[0] if kinds and len(kinds) == 1 else None
    regions = regions_of_runs([run for one in set_ids for run in runs[one]], kind)
    return {} if regions is None else {"parameters": {"regions": list(regions)}}


def _shared(texts: Sequence[str], place: Interval) -> Iterator[str]:
    """The parts of regions that lie in ``place``, as the regions spell their chromosome."""
    for text in texts:
        try:
            one = place_of(text)
        except RegionError:  # of somebody else's making
            continue
        start, end = max(one.start, place.start), min(one.end, place.end)
        if canonical_name(one.chrom) == canonical_name(place.chrom) and start < end:
            yield _text(Interval(one.chrom, start, end))


def _text(place: Interval) -> str:
    return place.chrom if (place.start, place.end) == (0, WHOLE) else str(place)


def _parameters(run: Mapping[str, Any]) -> dict[str, Any]:
    found = run.get("parameters")
    return dict(found) if isinstance(found, Mapping) else {}


def _alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in first.items() if key in second and second[key] == value}
