"""Where predictions are judged: in the regions that were named, else where they were sought."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval, canonical_name, parse_region, united
from napari_hicstruct.workflows.evaluate.request import EvaluateRequest, Side

WHOLE = 10**12
"""End (bp) of a chromosome whose length nobody says."""

_KINDS_OF_TASKS = {"loop": (Kind.LOOP,), "stripe": (Kind.STRIPE,), "tad": (Kind.TAD, Kind.BOUNDARY)}


def predicted_regions(side: Side) -> tuple[str, ...]:
    """The regions in which a folder's predictions were sought, as its ``run.json`` says; empty where nothing does."""
    if not isinstance(side, Path) or not (run := side / "run.json").is_file():
        return ()
    try:
        return regions_of_run(json.loads(run.read_text(encoding="utf-8"))) or ()
    except (OSError, ValueError, RecursionError):  # somebody else's file of that name
        return ()


def regions_of_run(run: object) -> tuple[str, ...] | None:
    """The regions that a ``run.json`` names; None if it names none, which may be everywhere."""
    parameters = run.get("parameters") if isinstance(run, Mapping) else None
    regions = parameters.get("regions") if isinstance(parameters, Mapping) else None
    return tuple(regions) if isinstance(regions, list) and all(isinstance(one, str) for one in regions) else None


def regions_of_runs(runs: Iterable[Mapping[str, Any]], kind: Kind | None = None) -> tuple[str, ...] | None:
    """The regions of all runs that looked for a kind (None: for anything); None if one of them names none."""
    found = [regions_of_run(run) for run in runs if kind is None or _looked_for(run, kind)]
    if not found or None in found:
        return None
    return tuple(dict.fromkeys(text for texts in found for text in texts or ()))


def _looked_for(run: Mapping[str, Any], kind: Kind) -> bool:
    tasks = run.get("parameters", {}).get("tasks")
    if not isinstance(tasks, list) or not set(tasks) <= _KINDS_OF_TASKS.keys():  # of a model with tasks of its own
        return True
    return any(kind in _KINDS_OF_TASKS[task] for task in tasks)


def judged_regions(request: EvaluateRequest) -> tuple[Interval, ...]:
    """The regions to judge in, none twice: those that were named, else those that were searched; empty: not known.

    Raises
    ------
    RegionError
        If a region is misspelt.
    """
    if request.regions:
        return parse_regions(request.regions)
    sought = [request.searched] if request.searched else [predicted_regions(side) for side in request.predictions]
    if not all(sought):
        return ()
    try:
        regions = parse_regions(text for texts in sought for text in texts)
    except RegionError:  # of somebody else's making
        return ()
    if not request.chroms:
        return regions
    chosen = [one for chrom in request.chroms for one in _on(chrom, regions) or (Interval(chrom, 0, WHOLE),)]
    return tuple(dict.fromkeys(chosen))


def named_chroms(request: EvaluateRequest, regions: Iterable[Interval]) -> tuple[str, ...]:
    """The chromosomes to judge, each once, as they are spelt first: those named, else those of the regions."""
    spelt: dict[str, str] = {}
    for chrom in request.chroms or (region.chrom for region in regions):
        spelt.setdefault(canonical_name(chrom), chrom)
    return tuple(spelt.values())


def shown_regions(regions: Sequence[Interval]) -> str:
    """The first three, for a message."""
    words = [one.chrom if one.end >= WHOLE else str(one) for one in regions[:3]]
    return ", ".join(words) + (" …" if len(regions) > 3 else "")


def parse_regions(texts: Iterable[str]) -> tuple[Interval, ...]:
    """Regions as people write them, those that overlap or touch as one; a bare name is the whole chromosome.

    Raises
    ------
    RegionError
        If one is misspelt.
    """
    spelt: dict[str, str] = {}
    found = []
    for text in texts:
        one = Interval(text.strip(), 0, WHOLE) if ":" not in text and text.strip() else parse_region(text)
        found.append(replace(one, chrom=spelt.setdefault(canonical_name(one.chrom), one.chrom)))
    return united(found)


def is_inside(record: Annotation, regions: Iterable[Interval]) -> bool:
    """Whether both anchors lie within one of ``regions``, whole."""
    low = min(record.anchor1.start, record.anchor2.start)
    high = max(record.anchor1.end, record.anchor2.end)
    return any(one.start <= low and high <= one.end for one in _on(record.chrom, regions))


def touches(record: Annotation, regions: Iterable[Interval]) -> bool:
    """Whether a part of an anchor lies within one of ``regions``."""
    anchors = (record.anchor1, record.anchor2)
    return any(a.start < one.end and one.start < a.end for one in _on(record.chrom, regions) for a in anchors)


def _on(chrom: str, regions: Iterable[Interval]) -> list[Interval]:
    """Those on ``chrom``, however it is spelt."""
    name = canonical_name(chrom)
    return [one for one in regions if canonical_name(one.chrom) == name]
