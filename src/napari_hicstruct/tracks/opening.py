"""A track from a file: what it is, its content says first and its name second."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from napari_hicstruct.errors import TrackError
from napari_hicstruct.tracks.bigwig import MAGIC, BigWig
from napari_hicstruct.tracks.gene_files import read_bed12, read_gff, read_gtf
from napari_hicstruct.tracks.genes import GeneTrack
from napari_hicstruct.tracks.intervals import IntervalTrack, Stored
from napari_hicstruct.tracks.signal import SignalTrack, StepSignal
from napari_hicstruct.tracks.table import Columns, by_chromosome, first_fields, read_columns
from napari_hicstruct.tracks.text import read_head, read_text, track_path
from napari_hicstruct.wording import how_many

Track = SignalTrack | IntervalTrack | GeneTrack

_BIGBED = 0x8789F2EB
_ENDING = re.compile(r"\.(gz|bgz|bz2|xz)$", re.IGNORECASE)
_STRANDS = ("+", "-", ".", "*")
_OTHERS = (
    (re.compile(rb"(?m)^(fixedStep|variableStep)\s"), "is a wig file", "Convert it: wigToBigWig."),
    (re.compile(rb"^##fileformat=VCF"), "holds variants (VCF)", "Choose a bigWig, bedGraph, BED, GTF or GFF3 file."),
    (re.compile(rb"^@(HD|SQ)\t"), "holds aligned reads (SAM)", "Make a track of it: bamCoverage."),
    (re.compile(rb"^BAM\x01"), "holds aligned reads (BAM)", "Make a track of it: bamCoverage."),
    (re.compile(rb"^\x89HDF"), "is an HDF5 file", "Open a contact map as a map."),
    (re.compile(rb"^>\S"), "holds sequences (FASTA)", "Choose a bigWig, bedGraph, BED, GTF or GFF3 file."),
)
_NAMED = (".bw", ".bigwig", ".bb", ".bigbed", ".wig", ".gtf", ".narrowpeak", ".broadpeak")
_FEATURE = re.compile(rb"(?m)^[^#\t\n]+\t[^\t\n]*\t(gene|exon|transcript|mRNA|CDS)\t")
_WANTED = "Choose a bigWig, bedGraph, BED, narrowPeak, GTF or GFF3 file."


def open_track(path: str | Path, *, name: str = "") -> Track:
    """Open a track file: bigWig, bedGraph, BED (peaks, motifs), genes as GTF, GFF3 or BED12; packed by gzip or not.

    A bigWig is read where it is asked for; text is read once and kept in memory.

    Parameters
    ----------
    path : path
    name : str
        For people; default: the file's name.

    Returns
    -------
    SignalTrack, IntervalTrack or GeneTrack

    Raises
    ------
    TrackError
        If the file cannot be read, is damaged, or is no track; with its line.
    ConfigError
        If it is a bigWig and pybbi is not installed.
    """
    found = track_path(path)
    head = read_head(found)
    name = name or _ENDING.sub("", found.name)
    if head[:4] in _magics(MAGIC):
        return BigWig(found, name)
    if head[:4] in _magics(_BIGBED):
        raise TrackError("is a bigBed file.", where=found, hint="Convert it: bigBedToBed.")
    for pattern, what, hint in _OTHERS:
        if pattern.search(head):
            raise TrackError(f"{what}.", where=found, hint=hint)
    if found.name.lower().endswith((".bw", ".bigwig")):
        raise TrackError("is not a bigWig file.", where=found, hint="Copy it again.")
    return _read_text_track(found, read_text(found), name)


def is_track(path: str | Path) -> bool:
    """True if a file is plainly a track by how it begins, and no list of labels: what may be either is none."""
    try:
        found = track_path(path)
        head = read_head(found)
    except TrackError:
        return str(path).lower().endswith(_NAMED)  # what is wrong with it is said where it is opened
    if head[:4] in (*_magics(MAGIC), *_magics(_BIGBED)):
        return True
    if b"\x00" in head:
        return False
    name, fields = _ENDING.sub("", found.name).lower(), first_fields(head)
    kind = kind_of(name, head[:4096], fields)
    if kind in ("gtf", "gff"):
        return _FEATURE.search(head) is not None
    if kind == "bed":
        return _is_peak(fields) or name.endswith("peak") or _has_both_strands(head)
    return kind in ("bed12", "bedgraph") or name.endswith(_NAMED)


def _magics(number: int) -> tuple[bytes, bytes]:
    return number.to_bytes(4, "little"), number.to_bytes(4, "big")


def _has_both_strands(head: bytes) -> bool:
    """True for BED6 whose intervals lie on both strands: motifs, sites; no domains."""
    rows = [line.split(b"\t") for line in head.split(b"\n")[:-1] if b"\t" in line]
    return {b"+", b"-"} <= {row[5].strip() for row in rows if len(row) > 5}


def _read_text_track(path: Path, data: bytes, name: str) -> Track:
    kind = kind_of(_ENDING.sub("", path.name).lower(), data[:4096], first_fields(data))
    if kind not in TEXT_READERS:
        raise TrackError("is not a track that can be read.", where=path, hint=_WANTED)
    return TEXT_READERS[kind](path, data, name)


def kind_of(file_name: str, head: bytes, fields: list[str]) -> str:
    """What the text of a track is: ``gtf``, ``gff``, ``bed12``, ``bedgraph``, ``bed``; empty for none of them.

    Parameters
    ----------
    file_name : str
        In lower case, without the ending of a packer.
    head : bytes
        Its beginning.
    fields : list of str
        Columns of its first line with data.
    """
    if len(fields) == 9 and _whole(fields[3], fields[4]) and fields[6] in (*_STRANDS, "?"):
        gff = head.startswith(b"##gff-version 3") or (re.search(r"(^|;)\s*\w+=", fields[8]) and '"' not in fields[8])
        return "gff" if gff else "gtf"
    if len(fields) < 3 or not _whole(fields[1], fields[2]):
        damaged = {"bedgraph": (".bedgraph", ".bdg", ".bg"), "bed": (".bed", "peak")}
        return next((kind for kind, ends in damaged.items() if file_name.endswith(ends) and len(fields) > 1), "")
    if len(fields) >= 6 and _whole(fields[4], fields[5]) and not fields[5].startswith("+"):
        return ""  # two anchors on each line
    if len(fields) >= 12 and re.fullmatch(r"[\d,]+", fields[10]) and re.fullmatch(r"[\d,]+", fields[11]):
        return "bed12"
    named = file_name.endswith((".bedgraph", ".bdg", ".bg")) or b"type=bedGraph" in head
    return "bedgraph" if named or (len(fields) == 4 and _is_number(fields[3])) else "bed"


def _read_bedgraph(path: Path, data: bytes, name: str) -> StepSignal:
    table = read_columns(path, data, Columns({"chrom": 0, "start": 1, "end": 2, "value": 3}, "a line of bedGraph"))
    steps, notes = {}, set()
    for chrom, rows in by_chromosome(table["chrom"]):
        start, end = (table[key].to_numpy()[rows] for key in ("start", "end"))
        value = table["value"].to_numpy()[rows]
        if len(start) > 1 and (np.diff(start) < 0).any():
            notes.add("is not sorted: it was sorted while it was read")
            order = np.argsort(start, kind="stable")
            start, end, value = start[order], end[order], value[order]
        kept = (np.abs(value) <= np.finfo(np.float32).max) & (end > start)  # one beyond spoils all sums behind it
        start, end, value = start[kept], end[kept], value[kept]
        if len(start) > 1 and (end[:-1] > start[1:]).any():
            notes.add("has intervals that overlap: each ends where the next begins")
            end = np.minimum(end, np.append(start[1:], end[-1]))
        if len(start):
            steps[chrom] = start.astype(np.int32), end.astype(np.int32), value.astype(np.float32)
    if not steps:
        raise TrackError("holds no value.", where=path, hint=_WANTED)
    track = StepSignal(name, path, steps)
    track.notes = tuple(sorted(notes))
    return track


def _read_bed(path: Path, data: bytes, name: str) -> IntervalTrack:
    fields, places = first_fields(data), {"chrom": 0, "start": 1, "end": 2}
    score = 6 if _is_peak(fields) else 4
    if len(fields) > 3:
        places["name"] = 3
    if len(fields) > score and _is_number(fields[score]):
        places["value"] = score
    strand = next((place for place in (5, 3) if len(fields) > place and fields[place] in _STRANDS), None)
    if strand == 3:
        places.pop("name")
    if strand is not None:
        places["strand"] = strand
    table = read_columns(path, data, Columns(places, "a line of BED"))
    words, names = _words(table)
    signs, scores = _signs(table), _scores(table)
    starts, ends = table["start"].to_numpy(), table["end"].to_numpy()
    stored, unsorted = {}, False
    for chrom, rows in by_chromosome(table["chrom"]):
        unsorted |= bool((np.diff(starts[rows]) < 0).any())
        stored[chrom] = Stored.of(starts[rows], ends[rows], signs[rows], scores[rows], names[rows])
    track = IntervalTrack(name, path, stored, words)
    track.notes = ("is not sorted: it was sorted while it was read",) if unsorted else ()
    return track


TEXT_READERS: dict[str, Callable[[Path, bytes, str], Track]] = {
    "gtf": read_gtf,
    "gff": read_gff,
    "bed12": read_bed12,
    "bedgraph": _read_bedgraph,
    "bed": _read_bed,
}
"""By what :func:`kind_of` says; each takes the file, its text and the name of the track."""


def _words(table: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    if "name" not in table:
        return ("",), np.zeros(len(table), np.int32)
    column = table["name"].cat
    return tuple("" if str(word) == "." else str(word) for word in column.categories), column.codes.to_numpy(np.int32)


def _signs(table: pd.DataFrame) -> np.ndarray:
    if "strand" not in table:
        return np.zeros(len(table), np.int8)
    text = table["strand"].astype(str).to_numpy()
    return np.where(text == "+", 1, np.where(text == "-", -1, 0)).astype(np.int8)


def _scores(table: pd.DataFrame) -> np.ndarray:
    if "value" not in table:
        return np.full(len(table), np.nan, np.float32)
    return table["value"].to_numpy(np.float32)


def _is_peak(fields: list[str]) -> bool:
    """narrowPeak, broadPeak: the signal stands behind the strand."""
    return len(fields) in (9, 10) and fields[5] in _STRANDS and all(_is_number(one) for one in fields[6:])


def _whole(*texts: str) -> bool:
    return all(text.strip().isdigit() for text in texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def describe(track: Track) -> str:
    """What a track holds, in a few words: ``bigWig``, ``1,234 intervals``, ``20 genes``."""
    if isinstance(track, GeneTrack):
        return how_many(len(track), "gene")
    if isinstance(track, IntervalTrack):
        return how_many(len(track), "motif" if track.stranded else "interval")
    return "signal"
