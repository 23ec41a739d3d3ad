"""Genes from GTF, GFF3 and BED12."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import TrackError
from napari_hicstruct.tracks.genes import GeneTrack
from napari_hicstruct.tracks.intervals import Stored
from napari_hicstruct.tracks.text import MAX_BP

_GENES = frozenset({b"gene", b"pseudogene", b"ncRNA_gene"})
_SIGNS = {"+": 1, "-": -1}
_GTF_NAME = re.compile(rb'(?:^|[;\s])(?:gene_name|gene_symbol|gene) "?([^";]*)')
_GTF_ID = re.compile(rb'gene_id "?([^";]*)')
_GTF_TRANSCRIPT = re.compile(rb'transcript_id "?([^";]*)')
_NAMES = ("gene_name", "Name", "gene", "symbol", "gene_symbol", "geneSymbol", "Alias", "locus_tag", "gene_id", "ID")
_GFF = {key: re.compile(rb"(?:^|;)\s*" + key.encode() + rb"=([^;]*)") for key in ("ID", "Parent", *_NAMES)}


@dataclass
class _Gene:
    """A gene while its lines are read; start and end grow with its exons where it has no line of its own."""

    chrom: str
    start: int
    end: int
    strand: int
    name: str
    own: bool = True
    exons: list[tuple[int, int]] = field(default_factory=list)


def read_gtf(path: Path, data: bytes, name: str) -> GeneTrack:
    """Genes of a GTF: its gene lines, or the span of their exons where there are none.

    Raises
    ------
    TrackError
        With the line that cannot be read, or if there is no gene.
    """
    genes: dict[tuple[bytes, bytes], _Gene] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        fields = line.split(b"\t", 8)
        if len(fields) < 9 or line.startswith(b"#"):
            _refuse_cut(path, number, line)
            continue
        kind = fields[2]
        if kind not in _GENES and kind not in (b"exon", b"transcript"):
            continue
        found = _GTF_ID.search(fields[8]) or _GTF_TRANSCRIPT.search(fields[8])
        key = (found.group(1) if found else b"", fields[0])
        span = _span(path, number, fields)
        gene = genes.get(key)
        if gene is None:
            gene = genes[key] = _gene(fields, span, _gtf_name(fields[8]), own=kind in _GENES)
        _add(gene, span, exon=kind == b"exon", own=kind in _GENES)
    return made(path, genes.values(), name)


def read_gff(path: Path, data: bytes, name: str) -> GeneTrack:
    """Genes of a GFF3, with the exons of their transcripts.

    Raises
    ------
    TrackError
        With the line that cannot be read, or if there is no gene.
    """
    genes: dict[bytes, _Gene] = {}
    parents: dict[bytes, bytes] = {}
    exons: list[tuple[bytes, tuple[int, int]]] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.startswith(b"##FASTA"):
            break
        fields = line.split(b"\t", 8)
        if len(fields) < 9 or line.startswith(b"#"):
            _refuse_cut(path, number, line)
            continue
        kind, attributes = fields[2], fields[8]
        if kind in _GENES:
            genes[_value("ID", attributes) or b"%d" % number] = _gene(
                fields, _span(path, number, fields), _gff_name(attributes)
            )
        elif parent := _value("Parent", attributes):
            if kind == b"exon":
                exons.append((parent.split(b",")[0], _span(path, number, fields)))
            elif (own := _value("ID", attributes)) is not None:
                parents[own] = parent
    for parent, span in exons:
        gene = genes.get(parents.get(parent, parent))
        if gene is not None:
            gene.exons.append(span)
    return made(path, genes.values(), name)


def read_bed12(path: Path, data: bytes, name: str) -> GeneTrack:
    """Genes of a BED12: its blocks are the exons; transcripts of one name that overlap are one gene.

    Raises
    ------
    TrackError
        With the line that cannot be read, or if there is no gene.
    """
    found: list[_Gene] = []
    last: dict[tuple[str, str, int], _Gene] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if not line.strip() or line.startswith(("#", "track", "browser")):
            continue
        fields = line.rstrip("\r").split("\t") if "\t" in line else line.split()
        try:
            start, end, strand = int(fields[1]), int(fields[2]), _SIGNS.get(fields[5], 0)
            sizes, starts = (list(map(int, fields[i].strip(",").split(","))) for i in (10, 11))
            blocks = [(start + at, start + at + size) for at, size in zip(starts, sizes, strict=True)]
            _refuse_beyond(start, end, blocks)
        except (ValueError, IndexError) as error:
            text = f"line {number:,} is not BED12."
            raise TrackError(text, where=path, hint=f"Fix or delete line {number:,}.") from error
        before = last.get((fields[0], fields[3], strand))
        if before is not None and start < before.end and before.start < end:
            before.start, before.end = min(before.start, start), max(before.end, end)
            before.exons += blocks
        else:
            gene = last[fields[0], fields[3], strand] = _Gene(fields[0], start, end, strand, fields[3], exons=blocks)
            found.append(gene)
    return made(path, found, name)


def _refuse_beyond(start: int, end: int, blocks: list[tuple[int, int]]) -> None:
    if not 0 <= start <= end <= MAX_BP or any(not start <= at <= to <= end for at, to in blocks):
        raise ValueError("no interval, or blocks outside it")


def made(path: Path, genes: Iterable[_Gene], name: str) -> GeneTrack:
    """The track of all genes of a file."""
    by_chrom: dict[str, list[_Gene]] = {}
    for gene in genes:
        by_chrom.setdefault(gene.chrom, []).append(gene)
    if not by_chrom:
        hint = "Choose a GTF or GFF3 with lines of the kind gene or exon, or a BED12."
        raise TrackError("holds no gene.", where=path, hint=hint)
    words: dict[str, int] = {}
    stored, exons = {}, {}
    for chrom, own in by_chrom.items():
        own.sort(key=lambda gene: gene.start)
        stored[chrom] = Stored.of(
            np.array([gene.start for gene in own], np.int64),
            np.array([gene.end for gene in own], np.int64),
            np.array([gene.strand for gene in own], np.int8),
            np.full(len(own), np.nan, np.float32),
            np.array([words.setdefault(gene.name, len(words)) for gene in own], np.int32),
        )
        exons[chrom] = _joined_exons(own)
    return GeneTrack(name or path.name, path, stored, tuple(words), exons)


def _joined_exons(genes: list[_Gene]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Exons of all genes of a chromosome, those of one gene that overlap joined, and where each gene's begin."""
    offsets, rows = [0], []
    for gene in genes:
        reach = -1
        for start, end in sorted(gene.exons):
            if start > reach:
                rows.append([start, end])
            elif end > reach:
                rows[-1][1] = end
            reach = max(reach, end)
        offsets.append(len(rows))
    return np.array(offsets, np.int64), np.array(rows, np.int64).reshape(-1, 2)


def _gene(fields: list[bytes], span: tuple[int, int], name: str, *, own: bool = True) -> _Gene:
    return _Gene(fields[0].decode("utf-8", "replace"), *span, _SIGNS.get(fields[6].decode("latin-1"), 0), name, own)


def _add(gene: _Gene, span: tuple[int, int], *, exon: bool, own: bool) -> None:
    if own:
        gene.start, gene.end, gene.own = *span, True
    elif not gene.own:
        gene.start, gene.end = min(gene.start, span[0]), max(gene.end, span[1])
    if exon:
        gene.exons.append(span)


def _span(path: Path, number: int, fields: list[bytes]) -> tuple[int, int]:
    """Start and end, 0-based and half-open: the files count from 1, the end included."""
    try:
        start, end = int(fields[3]) - 1, int(fields[4])
    except ValueError:
        start, end = -1, -1
    if start < 0 or end <= start or end > MAX_BP:
        text = (
            f"line {number:,} has no start and end: '{fields[3].decode('latin-1')}', '{fields[4].decode('latin-1')}'."
        )
        raise TrackError(text, where=path, hint=f"Fix or delete line {number:,}.")
    return start, end


def _refuse_cut(path: Path, number: int, line: bytes) -> None:
    if line.strip() and not line.startswith((b"#", b"track", b"browser", b">")):
        text = f"line {number:,} has {len(line.split(bytes([9])))} of 9 columns."
        raise TrackError(text, where=path, hint="Is the file cut short? Copy it again.")


def _gtf_name(attributes: bytes) -> str:
    for pattern in (_GTF_NAME, _GTF_ID, _GTF_TRANSCRIPT):
        found = pattern.search(attributes)
        if found is not None and found.group(1):
            return found.group(1).decode("utf-8", "replace").strip()
    return ""


def _gff_name(attributes: bytes) -> str:
    for key in _NAMES:
        if value := _value(key, attributes):
            return unquote(value.decode("utf-8", "replace").strip()).removeprefix("gene:").removeprefix("gene-")
    return ""


def _value(key: str, attributes: bytes) -> bytes | None:
    found = _GFF[key].search(attributes)
    return None if found is None else found.group(1).strip()
