"""Loops as enhancer–promoter pairs in one line: which elements lie at their anchors, and how probable the pair is."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import Interval, display_region
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.epi.tables import PairTable
    from napari_hicstruct.models.epi.network import EpiNet
    from napari_hicstruct.tracks import Track

AROUND_TSS = 500
"""bp on either side of the start of a gene that are its promoter."""

MAX_PAIRS = 64
"""Of one loop that are tried, those nearest to the middles of its anchors."""


@dataclass(frozen=True, slots=True)
class LoopPairsRequest:
    """What is known of a line, and by which model loops are judged.

    Attributes
    ----------
    enhancers : Path
        Intervals: BED, narrowPeak.
    promoters : Path
        Genes (GTF, GFF3, BED12), whose starts count, or intervals.
    line : str
        Name of the cell line; of the table of lines where one is given.
    lines : Path, optional
        Table of lines with numbers, tracks and peaks (docs/epi.md); else the enhancers describe the line as its peaks.
    flank : int
        bp around an anchor that belong to it.
    """

    model: Path
    fasta: Path
    enhancers: Path
    promoters: Path
    line: str
    lines: Path | None = None
    flank: int = 5_000
    device: str = "auto"
    threads: int = 0


@dataclass(frozen=True, slots=True)
class LoopPair:
    """The most probable pair at the anchors of one loop."""

    p: float
    enhancer: Interval
    promoter: Interval
    tried: int

    def note(self, line: str) -> str:
        """As a card says it."""
        return f"E–P pair in {line}: p {self.p:.2f}"

    def about(self) -> str:
        """Where its elements lie."""
        return f"enhancer {display_region(self.enhancer)}, promoter {display_region(self.promoter)}"


@dataclass(frozen=True, slots=True)
class LoopPairs:
    """What was found of the loops of a project.

    Attributes
    ----------
    found : dict of str to LoopPair
        By uid; without loops that have no enhancer at one anchor and a promoter at the other.
    threshold : float
        Of the model: a pair is called from there on.
    """

    found: dict[str, LoopPair]
    loops: int
    line: str
    threshold: float
    notes: tuple[str, ...] = ()

    def words(self) -> str:
        """In a sentence."""
        called = sum(one.p >= self.threshold for one in self.found.values())
        return (
            f"{how_many(len(self.found), 'loop')} of {self.loops:,} with an enhancer at one anchor and a promoter at "
            f"the other; {called:,} called as pairs in {self.line} (p ≥ {self.threshold:.2f})."
        )


def iter_loop_pairs(
    records: Sequence[Annotation], request: LoopPairsRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, LoopPairs]:
    """The most probable enhancer–promoter pair at the anchors of each loop.

    Raises
    ------
    ConfigError
        If there is no loop, or no loop has both elements, or nothing describes the line.
    LabelError, SequenceError, TrackError, ModelError
        If a file cannot be read.
    """
    from napari_hicstruct.evaluation.pairs import platt
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.tracks import open_track
    from napari_hicstruct.workflows.epi.predict import open_model

    token, clock = token or CancelToken(), Clock()
    loops = [record for record in records if record.kind is Kind.LOOP]
    if not loops:
        raise ConfigError("there are no loops.", hint="Run a model, or import some.")
    yield clock.step("read elements", 0, 0)
    net, config, card = open_model(request.model, choose_device(request.device))
    table, owners = pairs_of(loops, open_track(request.enhancers), open_track(request.promoters), request)
    if not len(table):
        hint = "Are the files of the map's assembly? A larger flank reaches farther."
        raise ConfigError("no loop has an enhancer at one anchor and a promoter at the other.", hint=hint)
    with torch_threads(request.threads):
        rows, logits, notes = yield from _iter_score(table, request, (net, config, card), token)
    p = platt(logits, (card["calibration"][0], card["calibration"][1]))
    found: dict[str, LoopPair] = {}
    for k in np.argsort(-p, kind="stable"):
        row = int(rows[k])
        uid = loops[owners[row]].uid
        if uid not in found:
            chrom = str(table.chroms[row])
            enhancer, promoter = (
                Interval(chrom, int(of[row, 0]), int(of[row, 1])) for of in (table.enhancers, table.promoters)
            )
            found[uid] = LoopPair(float(p[k]), enhancer, promoter, owners.count(owners[row]))
    return LoopPairs(found, len(loops), request.line, float(card["threshold"]), tuple(notes))


def loops_text(records: Sequence[Annotation], found: LoopPairs) -> str:
    """Loops with their pairs, tab-separated; NA where a loop has none."""
    head = ["chrom1", "start1", "end1", "chrom2", "start2", "end2", "p", "called", "enhancer", "promoter", "tried"]
    rows = ["\t".join(head) + "\n"]
    for record in (one for one in records if one.kind is Kind.LOOP):
        pair = found.found.get(record.uid)
        cells = [f"{a.chrom}\t{a.start}\t{a.end}" for a in (record.anchor1, record.anchor2)]
        if pair is None:
            cells += ["NA"] * 4 + ["0"]
        else:
            places = (f"{one.chrom}:{one.start}-{one.end}" for one in (pair.enhancer, pair.promoter))
            cells += [f"{pair.p:.6g}", str(int(pair.p >= found.threshold)), *places, str(pair.tried)]
        rows.append("\t".join(cells) + "\n")
    return "".join(rows)


def _iter_score(
    table: PairTable, request: LoopPairsRequest, model: tuple[EpiNet, Any, dict[str, Any]], token: CancelToken
) -> Generator[Progress, None, tuple[NDArray[np.int64], NDArray[np.float64], list[str]]]:
    """Rows of the table that have sequences, their logits, and what was noted."""
    from napari_hicstruct.epi.data import load_data
    from napari_hicstruct.epi.lines import Line, LineTable, read_lines
    from napari_hicstruct.epi.score import iter_scores
    from napari_hicstruct.genome.fasta import Fasta
    from napari_hicstruct.workflows.epi.predict import described

    net, config, card = model
    if request.lines is None:
        lines = LineTable({request.line: Line(request.line, peaks=request.enhancers)}, where=str(request.enhancers))
    else:
        lines = read_lines(request.lines)
    data = load_data(table, Fasta(request.fasta), lines, config)
    source = described(data, config, card)
    logits = yield from iter_scores(net, data, np.arange(len(data.table)), source, token=token)
    return data.rows, logits, data.notes


def pairs_of(
    loops: Sequence[Annotation], enhancers: Track, promoters: Track, request: LoopPairsRequest
) -> tuple[PairTable, list[int]]:
    """Enhancers at one anchor with promoters at the other, either way; and the loop that each row is of.

    Raises
    ------
    ConfigError
        If a file holds no intervals.
    """
    from napari_hicstruct.epi.tables import PairTable

    rows: list[tuple[str, tuple[int, int], tuple[int, int]]] = []
    owners: list[int] = []
    for k, loop in enumerate(loops):
        own = _of_loop(loop, enhancers, promoters, request.flank)
        rows += [(loop.chrom, *pair) for pair in own]
        owners += [k] * len(own)
    spans = np.array([[enhancer, promoter] for _, enhancer, promoter in rows], np.int64).reshape(-1, 2, 2)
    n = len(rows)
    words = np.array([chrom for chrom, _, _ in rows], dtype=str), np.full(n, request.line)
    table = PairTable(
        words[0], spans[:, 0], spans[:, 1], words[1], np.full(n, np.nan), np.full(n, ""), str(request.enhancers)
    )
    return table, owners


def _of_loop(
    loop: Annotation, enhancers: Track, promoters: Track, flank: int
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of one loop, those nearest to the anchors' middles first."""
    found: dict[tuple[tuple[int, int], tuple[int, int]], float] = {}
    for one, other in ((loop.anchor1, loop.anchor2), (loop.anchor2, loop.anchor1)):
        for enhancer in _elements(enhancers, one, flank, genes=False):
            for promoter in _elements(promoters, other, flank, genes=True):
                away = abs(sum(enhancer) / 2 - one.center) + abs(sum(promoter) / 2 - other.center)
                if enhancer != promoter:
                    found.setdefault((enhancer, promoter), away)
    return sorted(found, key=found.__getitem__)[:MAX_PAIRS]


def _elements(track: Track, anchor: Interval, flank: int, *, genes: bool) -> list[tuple[int, int]]:
    """Elements at an anchor; of genes the surroundings of their starts."""
    from napari_hicstruct.tracks import GeneTrack, IntervalTrack

    if not isinstance(track, IntervalTrack):
        hint = "Give peaks as BED or narrowPeak, genes as GTF, GFF3 or BED12."
        raise ConfigError("holds no intervals.", where=track.path, hint=hint)
    low, high = max(0, anchor.start - flank), anchor.end + flank
    found = track.within(Interval(anchor.chrom, low, high))
    spans = list(zip(found.start.tolist(), found.end.tolist(), strict=True))
    if not (genes and isinstance(track, GeneTrack)):
        return spans
    starts = [start if strand >= 0 else end for (start, end), strand in zip(spans, found.strand.tolist(), strict=True)]
    near = sorted({tss for tss in starts if low <= tss < high})
    return [(max(0, tss - AROUND_TSS), tss + AROUND_TSS) for tss in near]
