"""The sections of an evaluation: one per kind of structure, agreement across tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.agreement import loop_agreement
from napari_hicstruct.evaluation.records import domain_table, probabilities, scored_domain_table, select
from napari_hicstruct.evaluation.report import (
    Section,
    across_section,
    boundary_section,
    domain_section,
    loop_section,
    stripe_section,
)
from napari_hicstruct.workflows.evaluate.material import APART, Material


def compare(material: Material, notes: list[str]) -> dict[str, Section]:
    """One section per kind that the truth has, and on how the predictions agree with each other."""
    makers: dict[str, tuple[Callable[[Material], Section], tuple[Kind, ...]]] = {
        "loops": (_loops, (Kind.LOOP,)),
        "stripes": (_stripes, (Kind.STRIPE,)),
        "tads": (_domains, (Kind.TAD,)),
        "boundaries": (_boundaries, (Kind.BOUNDARY, Kind.TAD)),
    }
    sections: dict[str, Section] = {}
    for name, (make, kinds) in makers.items():
        calls, truth = (any(side.of(kind) for kind in kinds) for side in (material.calls, material.truth))
        if truth and calls:
            sections[name] = make(material)
        elif truth or calls:
            notes.append(f"No {'predicted' if truth else 'true'} {name}: not compared.")
    sizes = {record.resolution for record in material.calls.of(Kind.LOOP)} - {0}
    if len(sizes) > 1:
        sections["loops_between_resolutions"] = _between(material, sizes)
    across = _across(material)
    if across.metrics:
        sections["across_tasks"] = across
    return sections


def _loops(material: Material) -> Section:
    calls = material.calls.of(Kind.LOOP)
    return loop_section(
        material.loops(calls),
        [material.loops(records) for records in material.truth.lists(Kind.LOOP)],
        material.rule(Kind.LOOP),
        ignore=material.loops(material.ignore.of(Kind.LOOP)),
        probability=probabilities(calls),
    )


def _stripes(material: Material) -> Section:
    calls = material.calls.of(Kind.STRIPE)
    return stripe_section(
        material.stripes(calls),
        material.stripes(material.truth.of(Kind.STRIPE)),
        material.rule(Kind.STRIPE),
        ignore=material.stripes(material.ignore.of(Kind.STRIPE)),
        probability=probabilities(calls),
    )


def _domains(material: Material) -> Section:
    ours, theirs = (
        [select(side.of(Kind.TAD), Kind.TAD, chrom) for chrom in material.chroms]
        for side in (material.calls, material.truth)
    )
    placed = material.boundaries(material.calls)[:, 0]
    return domain_section(
        [scored_domain_table(records) for records in ours],
        [domain_table(records) for records in theirs],
        material.rule(Kind.TAD),
        boundaries=[placed[placed // APART == k] % APART for k in range(len(material.chroms))],
        probability=probabilities([record for records in ours for record in records]),
    )


def _boundaries(material: Material) -> Section:
    called = material.calls.of(Kind.BOUNDARY)
    rule = material.rule(Kind.BOUNDARY if called else Kind.TAD)
    truth, ignore = material.boundaries(material.truth, merge=rule.resolution), material.boundaries(material.ignore)
    table = material.boundaries(material.calls)
    known = np.full(len(table), np.nan)
    for k, chrom in enumerate(material.chroms):
        if records := select(called, Kind.BOUNDARY, chrom):  # elsewhere domains' ends stand in, which have none
            known[table[:, 0] // APART == k] = probabilities(records)
    return boundary_section(table, truth[:, 0], rule, ignore=ignore[:, 0], probability=known)


def _across(material: Material) -> Section:
    calls = material.calls
    return across_section(
        material.loops(calls.of(Kind.LOOP)),
        material.stripes(calls.of(Kind.STRIPE)),
        material.domains(calls.of(Kind.TAD)),
        material.boundaries(calls)[:, 0],
        material.rule(Kind.LOOP),
    )


def _between(material: Material, sizes: Iterable[int]) -> Section:
    """Agreement of the loops called at the two finest bin sizes, within one coarse bin."""
    fine, coarse = sorted(sizes)[:2]
    loops = material.calls.of(Kind.LOOP)
    first, second = (material.loops([r for r in loops if r.resolution == size]) for size in (fine, coarse))
    score = loop_agreement(first, second, coarse)
    return Section(
        {
            f"calls_{fine}_bp": len(first),
            f"calls_{coarse}_bp": len(second),
            f"share_of_{fine}_found_at_{coarse}": score.precision,
            f"share_of_{coarse}_found_at_{fine}": score.recall,
            "f1": score.f1,
        }
    )
