"""A simulated grammar of motifs: which enhancer goes with which promoter, in lines that open some motifs only.

A genome holds enhancers and promoters with planted motifs and with distractors that mean nothing.  Some motifs of
enhancers go with some motifs of promoters; a pair is a pair *in a line* if two that go together are there and the line
opens both.  Which motifs a line opens follows from a few hidden programs, so that lines that nobody has trained on can
be served; numbers that describe a line are a noisy picture of its programs.  The truth (motifs, their places, what
each line opens) is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BASES = "ACGT"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrammarSettings:
    """How hard the grammar is.

    Attributes
    ----------
    motifs : int
        With a meaning: half of them of enhancers, half of promoters.
    distractors : int
        Planted as often as the others, without meaning.
    purity : float
        Probability of the consensus base at each place of a motif.
    programs : int
        Hidden programs of lines.
    open_share : float
        Of motifs, that a line opens.
    compatible : float
        Share of pairs (enhancer motif, promoter motif) that go together.
    imbalance : int
        Negatives for each positive.
    noise : float
        Of the numbers that describe a line, beside programs of spread 1.
    """

    seed: int = 1
    lines: int = 24
    chroms: int = 8
    enhancers: int = 160
    promoters: int = 60
    window: int = 128
    spacer: int = 100
    motifs: int = 12
    distractors: int = 6
    motif_length: int = 9
    purity: float = 0.95
    planted: tuple[int, int] = (1, 2)
    programs: int = 4
    open_share: float = 0.35
    compatible: float = 0.3
    imbalance: int = 20
    positives: int = 12
    features: int = 16
    noise: float = 0.2


@dataclass(slots=True)
class MotifGrammar:
    """A genome and its lines.

    Attributes
    ----------
    sequences : dict of str to uint8 array
        Codes 0 … 3 by chromosome.
    motifs : float array, shape (motifs + distractors, length, 4)
        Probabilities of bases; distractors come last.
    is_open : bool array, shape (lines, motifs)
    compatible : bool array, shape (motifs / 2, motifs / 2)
    features : float array, shape (lines, features)
    rows : list of (chrom, enhancer start, promoter start, line index, label)
    peaks : list of list of (chrom, start)
        Sites that each line opens.
    """

    settings: GrammarSettings
    lines: tuple[str, ...]
    sequences: dict[str, NDArray[np.uint8]]
    motifs: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    compatible: NDArray[np.bool_]
    features: NDArray[np.float64]
    rows: list[tuple[str, int, int, int, int]] = field(default_factory=list)
    peaks: list[list[tuple[str, int]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Site:
    chrom: str
    start: int
    motifs: tuple[int, ...]


def simulate_grammar(settings: GrammarSettings | None = None) -> MotifGrammar:
    """Draw a genome, lines, and pairs of one positive to ``imbalance`` negatives in every line."""
    settings = settings or GrammarSettings()
    rng = np.random.default_rng(settings.seed)
    motifs = _motifs(settings, rng)
    half = settings.motifs // 2
    compatible = rng.random((half, half)) < settings.compatible
    compatible[np.arange(half), rng.permutation(half)] = True  # every motif goes with one at least
    is_open, features = _lines(settings, compatible, rng)
    names = tuple(f"line{k + 1:02}" for k in range(settings.lines))
    made = MotifGrammar(settings, names, {}, motifs, is_open, compatible, features)
    sites = _genome(made, rng)
    _pairs(made, sites, rng)
    _peaks(made, sites, rng)
    return made


def consensus(motif: NDArray[np.float64]) -> str:
    """The most probable bases of a motif."""
    return "".join(BASES[k] for k in motif.argmax(1))


def _motifs(settings: GrammarSettings, rng: np.random.Generator) -> NDArray[np.float64]:
    """Sharp motifs, no two of which share a consensus on either strand."""
    found: list[NDArray[np.int64]] = []
    while len(found) < settings.motifs + settings.distractors:
        one = rng.integers(0, 4, settings.motif_length)
        if all(min((one != other).sum(), ((3 - one[::-1]) != other).sum()) > 3 for other in found):
            found.append(one)
    rest = (1 - settings.purity) / 3
    return np.where(np.eye(4)[np.stack(found)] > 0, settings.purity, rest)


def _lines(
    settings: GrammarSettings, compatible: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """What lines open, and the numbers that describe them; each line opens two motifs at least that go together."""
    half = settings.motifs // 2
    weights = rng.normal(size=(settings.programs, settings.motifs))
    weights /= np.linalg.norm(weights, axis=0)
    # against a large population, not these few lines: which motifs a line opens must not depend on the other lines
    level = np.quantile(rng.normal(size=(4_000, settings.programs)) @ weights, 1 - settings.open_share, axis=0)
    programs = rng.normal(size=(50 * settings.lines, settings.programs))
    is_open = programs @ weights > level
    serves = np.einsum("la,ab,lb->l", is_open[:, :half], compatible, is_open[:, half:], dtype=int) > 0
    programs, is_open = programs[serves][: settings.lines], is_open[serves][: settings.lines]
    picture = rng.normal(size=(settings.programs, settings.features)) / np.sqrt(settings.programs)
    noise = rng.normal(scale=settings.noise, size=(settings.lines, settings.features))
    return is_open, programs @ picture + noise


def _genome(made: MotifGrammar, rng: np.random.Generator) -> tuple[list[_Site], list[_Site]]:
    settings = made.settings
    half = settings.motifs // 2
    distractors = np.arange(settings.motifs, settings.motifs + settings.distractors)
    found: tuple[list[_Site], list[_Site]] = ([], [])
    for k in range(settings.chroms):
        chrom, step = f"chr{k + 1}", settings.window + settings.spacer
        kinds = rng.permutation([0] * settings.enhancers + [1] * settings.promoters)
        sequence = rng.integers(0, 4, settings.spacer + step * len(kinds)).astype(np.uint8)
        for place, kind in enumerate(kinds):
            start = settings.spacer + place * step
            own = rng.choice(half, rng.integers(settings.planted[0], settings.planted[1] + 1), replace=False)
            own = own + half * kind
            others = rng.choice(distractors, min(len(distractors), int(rng.integers(0, 3))), replace=False)
            _plant(made, sequence[start : start + settings.window], [*own, *others], rng)
            found[kind].append(_Site(chrom, start, tuple(int(m) for m in own)))
        made.sequences[chrom] = sequence
    return found


def _plant(made: MotifGrammar, window: NDArray[np.uint8], motifs: list[int], rng: np.random.Generator) -> None:
    """Put one draw of each motif into a window, without overlap, on either strand."""
    length = made.settings.motif_length
    slots = rng.permutation(len(window) // (length + 2))[: len(motifs)]
    for motif, slot in zip(motifs, slots, strict=False):
        drawn = np.array([rng.choice(4, p=row) for row in made.motifs[motif]], np.uint8)
        if rng.random() < 0.5:
            drawn = 3 - drawn[::-1]
        window[slot * (length + 2) : slot * (length + 2) + length] = drawn


def _pairs(made: MotifGrammar, sites: tuple[list[_Site], list[_Site]], rng: np.random.Generator) -> None:
    settings, half = made.settings, made.settings.motifs // 2
    for chrom in made.sequences:
        first, second = ([site for site in kind if site.chrom == chrom] for kind in sites)
        carries = [np.zeros((len(kind), half), bool) for kind in (first, second)]
        for carried, kind, shift in zip(carries, (first, second), (0, half), strict=True):
            for row, site in enumerate(kind):
                carried[row, [motif - shift for motif in site.motifs]] = True
        for line in range(settings.lines):
            of_enhancers, of_promoters = made.is_open[line, :half], made.is_open[line, half:]
            goes = made.compatible & of_enhancers[:, None] & of_promoters[None]
            label = ((carries[0].astype(int) @ goes @ carries[1].T.astype(int)) > 0).ravel()
            chosen = _balanced(label, settings, rng)
            for index in chosen:
                a, b = divmod(int(index), len(second))
                made.rows.append((chrom, first[a].start, second[b].start, line, int(label[index])))


def _balanced(label: NDArray[np.bool_], settings: GrammarSettings, rng: np.random.Generator) -> NDArray[np.int64]:
    """Some positives and ``imbalance`` times as many negatives; without positives, negatives all the same."""
    yes, no = np.flatnonzero(label), np.flatnonzero(~label)
    taken = rng.permutation(yes)[: min(settings.positives, len(no) // settings.imbalance)]
    n_negatives = settings.imbalance * max(1, len(taken))
    return np.concatenate([taken, rng.permutation(no)[:n_negatives]])


def _peaks(made: MotifGrammar, sites: tuple[list[_Site], list[_Site]], rng: np.random.Generator) -> None:
    """Sites with a motif that the line opens, and a tenth as many others."""
    every = [*sites[0], *sites[1]]
    for line in range(made.settings.lines):
        opens = [bool(made.is_open[line, list(site.motifs)].any()) for site in every]
        spare = [k for k, is_open in enumerate(opens) if not is_open]
        extra = set(rng.permutation(spare)[: sum(opens) // 10].tolist())
        made.peaks.append([(s.chrom, s.start) for k, s in enumerate(every) if opens[k] or k in extra])
