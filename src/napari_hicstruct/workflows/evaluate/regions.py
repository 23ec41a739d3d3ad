"""Where predictions are judged: in the regions that were named, else where they were sought."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval, canonical_name, parse_region
from napari_hicstruct.workflows.evaluation_request import EvaluateRequest, Side


def predicted_regions(side: Side) -> tuple[str, ...]:
    """The regions in which a folder's predictions were sought, as its ``run.json`` says; empty where nothing does."""
    if not isinstance(side, Path) or not (run := side / "run.json").is_file():
        return ()
    try:
        return regions_of_run(json.loads(run.read_text(encoding="utf-8")))
    except (OSError, ValueError):  # somebody else's file of that name
        return ()


def regions_of_run(run: object) -> tuple[str, ...]:
    """The regions that a ``run.json`` names; empty if it names none."""
    parameters = run.get("parameters") if isinstance(run, dict) else None
    regions = parameters.get("regions") if isinstance(parameters, dict) else None
    return tuple(regions) if isinstance(regions, list) and all(isinstance(one, str) for one in regions) else ()


def judged_regions(request: EvaluateRequest) -> tuple[Interval, ...]:
    """The regions to judge in; empty: wherever there are predictions.

    Raises
    ------
    RegionError
        If a region is misspelt.
    """
    if request.regions or request.chroms:
        return tuple(parse_region(text) for text in request.regions)
    sought = [predicted_regions(side) for side in request.predictions]
    if not all(sought):
        return ()
    try:
        return tuple(parse_region(text) for regions in sought for text in regions)
    except RegionError:
        return ()


def named_chroms(request: EvaluateRequest) -> tuple[str, ...]:
    """The chromosomes that were named, by themselves or in regions."""
    return request.chroms or tuple(dict.fromkeys(parse_region(text).chrom for text in request.regions))


def is_inside(record: Annotation, regions: Iterable[Interval]) -> bool:
    """Whether both anchors lie within one of ``regions``, whole."""
    low = min(record.anchor1.start, record.anchor2.start)
    high = max(record.anchor1.end, record.anchor2.end)
    return any(one.start <= low and high <= one.end for one in _on(record.chrom, regions))


def touches(record: Annotation, regions: Iterable[Interval]) -> bool:
    """Whether a part of an anchor lies within one of ``regions``."""
    anchors = (record.anchor1, record.anchor2)
    return any(a.start < one.end and one.start < a.end for one in _on(record.chrom, regions) for a in anchors)


def _on(chrom: str, regions: Iterable[Interval]) -> Iterator[Interval]:
    """Those on ``chrom``, however it is spelt."""
    name = canonical_name(chrom)
    return (one for one in regions if canonical_name(one.chrom) == name)
