"""Pairs, sequences and lines as arrays, ready to be trained on or predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.epi.lines import MAX_SITES as MAX_TRACK_SITES
from napari_hicstruct.epi.lines import LineTable, Sites, describe, read_peaks
from napari_hicstruct.epi.tables import PairTable
from napari_hicstruct.errors import ConfigError, LabelError, SequenceError
from napari_hicstruct.genome.fasta import Fasta, N
from napari_hicstruct.wording import how_many

MAX_N_SHARE = 0.5
"""Sequences with more unknown bases than this are left out."""
MAX_SUPPORT = 512
"""Unlabelled sequences of a line that are kept to draw from."""
MIN_KNOWN_SHARE = 0.5
"""Peaks with fewer known bases describe nothing."""


@dataclass(slots=True)
class EpiData:
    """Everything a run reads, in memory.

    Attributes
    ----------
    table : PairTable
        Rows whose sequences are there.
    rows : int64 array, shape (n,)
        Where they stood in the table that was given.
    sites : uint8 array, shape (n_sites, window)
        Codes of bases; each place once.
    enhancers, promoters : int64 array, shape (n,)
        Rows of ``sites``.
    lines : tuple of str
    of_line : int64 array, shape (n,)
        Index into ``lines``.
    features : float32 array, shape (n_lines, ≤ 64), or None
        Not standardised; NaN where unknown.
    support : list of uint8 array, shape (k, window), or None, by line
    notes : list of str
    left_out : dict of int to str
        Row of the given table: why it is not in ``table``.
    """

    table: PairTable
    rows: NDArray[np.int64]
    sites: NDArray[np.uint8]
    enhancers: NDArray[np.int64]
    promoters: NDArray[np.int64]
    lines: tuple[str, ...]
    of_line: NDArray[np.int64]
    features: NDArray[np.float32] | None
    support: list[NDArray[np.uint8] | None]
    notes: list[str] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)


def load_data(table: PairTable, fasta: Fasta, lines: LineTable | None, config: EpiConfig) -> EpiData:
    """Sequences of all pairs, and what is known of their lines.

    Raises
    ------
    SequenceError
        If the FASTA has none of the chromosomes.
    LabelError
        If pairs lie beyond the end of a chromosome, or all of them are left out.
    """
    keep, left_out, notes = _usable(table, fasta)
    table, rows = table.take(keep), np.flatnonzero(keep)
    window = config.encoder.window
    places: dict[tuple[str, int], int] = {}
    index = []
    for intervals in (table.enhancers, table.promoters):
        middles = intervals.sum(1) // 2
        keys = list(zip(table.chroms.tolist(), middles.tolist(), strict=True))
        index.append(np.array([places.setdefault(key, len(places)) for key in keys], np.int64))
    sites = sequences(fasta, [key[0] for key in places], [key[1] for key in places], window)
    known = (sites != N).mean(1) >= 1 - MAX_N_SHARE
    readable = known[index[0]] & known[index[1]]
    if n := int((~readable).sum()):
        is_are = "is" if n == 1 else "are"
        notes.append(f"{how_many(n, 'pair')} with more than half N in a sequence {is_are} left out.")
        left_out |= dict.fromkeys(rows[~readable].tolist(), "N-rich sequence")
    if not readable.any():
        raise LabelError("no pair has a sequence of known bases.", where=table.where, hint="Is the FASTA masked by N?")
    table, rows = table.take(readable), rows[readable]
    names = tuple(sorted(set(table.lines.tolist())))
    of_line = np.searchsorted(np.array(names), table.lines).astype(np.int64)
    enhancers, promoters = index[0][readable], index[1][readable]
    data = EpiData(table, rows, sites, enhancers, promoters, names, of_line, None, [None] * len(names), notes, left_out)
    _describe_lines(data, fasta, lines, config)
    return data


def _usable(table: PairTable, fasta: Fasta) -> tuple[NDArray[np.bool_], dict[int, str], list[str]]:
    """Rows whose chromosome is there; refuses places beyond its end."""
    spelt = {chrom: fasta.match(chrom) for chrom in set(table.chroms.tolist())}
    missing = sorted(chrom for chrom, name in spelt.items() if name is None)
    keep = ~np.isin(table.chroms, missing)
    if not keep.any():
        have = ", ".join(list(fasta.lengths)[:5])
        what = f"has none of the chromosomes of the pairs ({', '.join(missing[:5])})."
        raise SequenceError(what, where=fasta.path, hint=f"It has {have} …")
    notes = []
    if missing:
        n = int((~keep).sum())
        which = ", ".join(missing[:5])
        is_are = "is" if n == 1 else "are"
        notes.append(f"{how_many(n, 'pair')} on chromosomes that the FASTA lacks ({which}) {is_are} left out.")
    lengths = fasta.lengths
    for k in np.flatnonzero(keep):
        chrom = str(table.chroms[k])
        end, length = int(max(table.enhancers[k, 1], table.promoters[k, 1])), lengths[str(spelt[chrom])]
        if end > length:
            what = f"row {k + 2:,} lies beyond the end of {chrom}: {end:,} of {length:,} bp."
            raise LabelError(what, where=table.where, hint="Is the FASTA of the same assembly?")
    return keep, dict.fromkeys(np.flatnonzero(~keep).tolist(), "chromosome not in the FASTA"), notes


def sequences(fasta: Fasta, chroms: Sequence[str], middles: Sequence[int], window: int) -> NDArray[np.uint8]:
    """Codes around places, ``(n, window)``; N beyond the ends."""
    found = np.full((len(chroms), window), N, np.uint8)
    for k, (chrom, middle) in enumerate(zip(chroms, middles, strict=True)):
        found[k] = fasta.fetch(chrom, int(middle) - window // 2, int(middle) - window // 2 + window)
    return found


def _describe_lines(data: EpiData, fasta: Fasta, lines: LineTable | None, config: EpiConfig) -> None:
    """Fill ``features`` and ``support``; each draw is a line's own, whatever other lines are there."""
    if lines is not None:
        if lines.numbers or lines.tracks:
            sites = _track_sites(data.table, np.random.default_rng(config.seed))
            data.features, notes = describe(lines, data.lines, sites, size=config.gate.features)
            data.notes += notes
        for k, name in enumerate(data.lines):
            line = lines.lines.get(name)
            if line is not None and line.peaks is not None:
                found = _peak_sequences(line.peaks, fasta, config, np.random.default_rng(config.seed))
                data.support[k] = found
                _note_few(data, name, len(found), config.gate.support, "peak")
    if data.features is None and all(one is None for one in data.support):
        for k in range(len(data.lines)):
            of = np.unique(data.enhancers[data.of_line == k])
            data.support[k] = data.sites[np.random.default_rng(config.seed).permutation(of)[:MAX_SUPPORT]]
            _note_few(data, data.lines[k], len(of), config.gate.support, "enhancer")
        data.notes.append("Nothing describes the lines: their own enhancers, without labels, stand for them.")
    _check_described(data)


def _note_few(data: EpiData, name: str, n: int, wanted: int, what: str) -> None:
    if n < wanted:
        data.notes.append(f"Line {name} has {how_many(n, what)}, fewer than the {wanted} that describe a line.")


def _check_described(data: EpiData) -> None:
    """Refuse lines of which nothing is known."""
    for k, name in enumerate(data.lines):
        numbers = data.features is not None and bool(np.isfinite(data.features[k]).any())
        if not numbers and data.support[k] is None:
            hint = "Give it a row with numbers, tracks or peaks in the table of lines (--lines)."
            raise ConfigError(f"nothing describes the line '{name}'.", where=data.table.where, hint=hint)


def _track_sites(table: PairTable, rng: np.random.Generator) -> Sites:
    """A fixed draw of places of pairs, the same for every line."""
    spans = np.concatenate([table.enhancers, table.promoters])
    chroms = np.concatenate([table.chroms, table.chroms])
    _, first = np.unique(np.column_stack([np.unique(chroms, return_inverse=True)[1], spans]), axis=0, return_index=True)
    chosen = rng.permutation(first)[:MAX_TRACK_SITES]
    return Sites(chroms[chosen].tolist(), spans[chosen, 0], spans[chosen, 1])


def _peak_sequences(path: Any, fasta: Fasta, config: EpiConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    chroms, middles = read_peaks(path)
    order = [int(k) for k in rng.permutation(len(chroms)) if fasta.match(chroms[k]) is not None][:MAX_SUPPORT]
    if not order:
        raise LabelError("lies on chromosomes that the FASTA lacks.", where=path, hint="Is it the same assembly?")
    found = sequences(fasta, [chroms[k] for k in order], [int(middles[k]) for k in order], config.encoder.window)
    found = found[(found != N).mean(1) >= MIN_KNOWN_SHARE]
    if not len(found):
        raise LabelError("has no peak with a sequence of known bases.", where=path)
    return found


# --- standardised numbers: what training saw is kept in the card --------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeatureScale:
    """Mean and spread of each number over the lines of training."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> FeatureScale:
        """Of the lines of training, unknown numbers left out; a constant number becomes 0."""
        known = np.isfinite(features)
        count = known.sum(0).clip(1)
        values = np.where(known, features, 0.0)
        mean = values.sum(0) / count
        spread = np.sqrt((np.where(known, features - mean, 0.0) ** 2).sum(0) / count)
        return cls(tuple(mean.tolist()), tuple(np.where(spread > 1e-6, spread, 1.0).tolist()))

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardised, at most ±5; unknown ones are the mean, 0."""
        found = (features - np.array(self.mean)) / np.array(self.spread)
        return np.asarray(np.clip(np.nan_to_num(found), -5, 5), np.float32)

    def to_dict(self) -> dict[str, Any]:
        """JSON's own types."""
        return {"mean": list(self.mean), "spread": list(self.spread)}

    @classmethod
    def from_dict(cls, text: Mapping[str, Any]) -> FeatureScale:
        """What :meth:`to_dict` gave."""
        return cls(tuple(text["mean"]), tuple(text["spread"]))
