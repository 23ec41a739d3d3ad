"""Formats of genome browsers: UCSC's interact, and GFF3."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.text import EMPTY, to_cell
from napari_hicstruct.annotations.writers.names import named
from napari_hicstruct.config.files import write_text
from napari_hicstruct.genome import display_name

AUTOSQL = """table interact
"Loops and stripes of napari-hicstruct"
    (
    string chrom;        "Chromosome"
    uint chromStart;     "Start of the lower anchor"
    uint chromEnd;       "End of the upper anchor"
    string name;         "Name"
    uint score;          "Score from 0 to 1000"
    double value;        "Score from 0 to 1"
    string exp;          "Who says so"
    string color;        "Red, green and blue"
    string sourceChrom;  "Chromosome of the first anchor"
    uint sourceStart;    "Start of the first anchor"
    uint sourceEnd;      "End of the first anchor"
    string sourceName;   "Name of the first anchor"
    string sourceStrand; "Strand of the first anchor"
    string targetChrom;  "Chromosome of the second anchor"
    uint targetStart;    "Start of the second anchor"
    uint targetEnd;      "End of the second anchor"
    string targetName;   "Name of the second anchor"
    string targetStrand; "Strand of the second anchor"
    )
"""
"""What ``bedToBigBed -type=bed5+13 -as=`` wants to make a bigInteract of an interact file."""

_TYPES = {
    Kind.LOOP: "biological_region",
    Kind.STRIPE: "biological_region",
    Kind.TAD: "topologically_associated_domain",
    Kind.BOUNDARY: "topologically_associated_domain_boundary",
}
"""Terms of the Sequence Ontology; it has none for loops and stripes."""


def write_interact(records: Iterable[Annotation], path: str | Path) -> Path:
    """UCSC interact (BED5+13, sorted) as a custom track: arcs between the two anchors of loops and stripes.

    The browser takes arcs only under a track line, and knows ``chr21``, not ``21``.
    """
    lines = [f'track type=interact name="{Path(path).stem}" visibility=full']
    lines += ["\t".join(map(str, row)) for row in interact_rows(records)]
    return write_text(path, "".join(line + "\n" for line in lines))


def interact_rows(records: Iterable[Annotation]) -> list[tuple[object, ...]]:
    """The 18 columns of interact, sorted by place; chromosomes as UCSC spells them."""
    ordered = sorted(named(records), key=lambda r: (display_name(r.chrom), r.span.start, r.span.end))
    return [_interact_row(record) for record in ordered]


def _interact_row(record: Annotation) -> tuple[object, ...]:
    score = _share(record)
    anchors = (record.anchor1, record.anchor2)
    ends = [(display_name(one.chrom), one.start, one.end, EMPTY, EMPTY) for one in anchors]
    span = record.span
    who = to_cell(record.source or record.model)
    head = (
        display_name(span.chrom),
        span.start,
        span.end,
        to_cell(record.name),
        round(1000 * score),
        f"{score:.6g}",
        who,
    )
    return (*head, KINDS[record.kind].rgb, *ends[0], *ends[1])


def _share(record: Annotation) -> float:
    """Score, else probability, else soft score, in [0, 1]; 1 where there is none: a person made it."""
    found = next((x for x in (record.score, record.probability, record.soft_score) if not math.isnan(x)), 1.0)
    return min(max(found, 0.0), 1.0)


def write_gff3(records: Iterable[Annotation], path: str | Path) -> Path:
    """GFF3, 1-based and closed; a loop or stripe is one discontinuous feature of two lines, its anchors."""
    lines = ["##gff-version 3"]
    kept = sorted(named(records), key=lambda r: (r.chrom, r.span.start, r.span.end))
    for number, record in enumerate(kept, 1):
        parts = [record.anchor1] if record.kind in (Kind.TAD, Kind.BOUNDARY) else [record.anchor1, record.anchor2]
        source = quote(record.source or record.model or "napari-hicstruct", safe=" .-_+()")
        score = EMPTY if math.isnan(record.score) else f"{record.score:.6g}"
        attributes = _attributes(record, number)
        for part in parts:
            place = (quote(part.chrom, safe=".:^*$@!+_?-|"), source, _TYPES[record.kind], part.start + 1, part.end)
            lines.append("\t".join(map(str, (*place, score, EMPTY, EMPTY, attributes))))
    return write_text(path, "\n".join(lines) + "\n")


def _attributes(record: Annotation, number: int) -> str:
    values = {
        "ID": f"{record.kind.value}{number}",
        "Name": record.name,
        "kind": record.kind.value,
        "status": record.status.value,
        "probability": "" if math.isnan(record.probability) else f"{record.probability:.6g}",
        "direction": record.direction.value if record.kind is Kind.STRIPE else "",
        "level": str(record.level or ""),
    }
    return ";".join(f"{key}={quote(value, safe=' .-_+()/:')}" for key, value in values.items() if value)
