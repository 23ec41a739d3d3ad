"""Motifs of the sequences themselves: words that are more frequent than expected, each made a motif by its neighbours.

Nothing is read but sequences: no label, no line.  Words are counted on both strands and compared with what a
first-order Markov chain of the same sequences would give (so that base composition and CpG explain nothing); the most
surprising word and its near neighbours become a motif by a few rounds of expectation maximisation; its sites are
erased, and the next one is looked for (as STREME does, Bailey 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome.fasta import N

MAX_BASES = 2_000_000
"""Of more sequence than this a part is read, drawn at random."""
MIN_WORD, MAX_WORD = 6, 9
MAX_MISMATCHES = 2
"""Of a word that may belong to a motif."""
ROUNDS = 4
"""Of expectation maximisation."""
PSEUDO = 0.5
"""Sites added to each base of a motif."""


@dataclass(slots=True)
class _Words:
    """Sequences as words.

    Attributes
    ----------
    bases : uint8 array
        All sequences in a row, each followed by N.
    codes : int64 array, shape (len(bases) - length + 1,)
        Number of the word that starts at a place, as if N were A.
    usable : bool array, like ``codes``
        No base of the word is unknown or erased.
    letters : uint8 array, shape (4 ** length, length)
    reverse : int64 array, shape (4 ** length,)
        Number of the reverse complement.
    """

    length: int
    bases: NDArray[np.uint8]
    codes: NDArray[np.int64]
    usable: NDArray[np.bool_]
    letters: NDArray[np.uint8]
    reverse: NDArray[np.int64]
    spent: set[int] = field(default_factory=set)


def frequent_motifs(sites: NDArray[np.uint8], n: int, *, width: int, seed: int = 0) -> list[NDArray[np.float64]]:
    """Motifs of the words that are more frequent than expected, the most surprising first.

    Parameters
    ----------
    sites : uint8 array, shape (k, window)
        Codes of bases, 4 where unknown.
    n : int
        At most so many.
    width : int
        Columns of a motif.
    seed : int
        Of the draw where there is more sequence than ``MAX_BASES``.

    Returns
    -------
    list of float array, shape (width, 4)
        Probabilities of bases; fewer than ``n``, or none, where nothing is more frequent than expected.
    """
    words = _words(_drawn(sites, seed), width)
    if not words.usable.any():
        return []
    expected = _expected(words)
    complexity = _complexity(words.letters)
    found: list[NDArray[np.float64]] = []
    for _ in range(2 * n):
        word = _most_surprising(words, expected, complexity)
        if word is None or len(found) == n:
            break
        words.spent |= {word, int(words.reverse[word])}
        columns = _motif(words, word, width)
        if columns is not None:
            found.append(columns)
    return found


def _drawn(sites: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    most = max(1, MAX_BASES // max(1, sites.shape[1]))
    if len(sites) <= most:
        return sites
    return sites[np.sort(np.random.default_rng(seed).permutation(len(sites))[:most])]


def _words(sites: NDArray[np.uint8], width: int) -> _Words:
    """Words so long that there is about one place for each."""
    bases = np.pad(sites, ((0, 0), (0, 1)), constant_values=N).ravel()
    length = int(np.clip(np.log(max(2, len(bases))) / np.log(4), MIN_WORD, MAX_WORD))
    length = min(length, width)
    codes = np.zeros(max(0, len(bases) - length + 1), np.int64)
    usable = np.ones(len(codes), bool)
    for k in range(length):
        part = bases[k : k + len(codes)]
        codes = codes * 4 + np.where(part == N, 0, part)
        usable &= part != N
    every = np.arange(4**length)
    letters = np.stack([(every >> (2 * (length - 1 - k))) & 3 for k in range(length)], 1).astype(np.uint8)
    reverse = ((3 - letters[:, ::-1]).astype(np.int64) << (2 * np.arange(length)[::-1])).sum(1)
    return _Words(length, bases, codes, usable, letters, reverse)


def _expected(words: _Words) -> NDArray[np.float64]:
    """Share of places where each word is expected, on both strands, by a first-order chain of the sequences."""
    first, second = words.bases[:-1], words.bases[1:]
    known = (first != N) & (second != N)
    pairs = np.bincount(first[known].astype(int) * 4 + second[known], minlength=16).reshape(4, 4) + 1.0
    start, step = np.log(pairs.sum(1) / pairs.sum()), np.log(pairs / pairs.sum(1, keepdims=True))
    letters = words.letters
    chance = start[letters[:, 0]] + step[letters[:, :-1], letters[:, 1:]].sum(1)
    share = np.exp(chance)
    return share + share[words.reverse]


def _complexity(letters: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How many different pairs of neighbouring bases a word has, of those that it could have: AAAAAA little."""
    pairs = np.sort(letters[:, :-1].astype(np.int64) * 4 + letters[:, 1:], 1)
    return ((np.diff(pairs, axis=1) > 0).sum(1) + 1) / pairs.shape[1]


def _most_surprising(words: _Words, expected: NDArray[np.float64], complexity: NDArray[np.float64]) -> int | None:
    """The word whose count is least to be expected of a Poisson; None if chance would give one like it."""
    counts = np.bincount(words.codes[words.usable], minlength=len(expected))
    counts = counts + counts[words.reverse]
    wanted = expected * max(1, int(words.usable.sum()))
    surprise = np.where(counts > wanted, counts * np.log(np.maximum(counts, 1) / wanted) - (counts - wanted), 0)
    surprise = surprise * complexity
    surprise[list(words.spent)] = 0
    best = int(surprise.argmax())
    # among so many words the most surprising one has about the logarithm of their number by chance
    return best if surprise[best] > np.log(len(expected)) + 5 else None


def _motif(words: _Words, word: int, width: int) -> NDArray[np.float64] | None:
    """The motif around a word; its sites are erased.  None if too few sites are left."""
    from scipy import special

    pieces, place = _near(words, word, width)
    exact = (pieces[:, _core(words, width)] == words.letters[word]).sum(1) >= words.length - 1
    weights = exact.astype(float)
    known = words.bases[words.bases != N]
    background = np.bincount(np.concatenate([known, 3 - known]), minlength=4)[:4] + 1.0
    background = background / background.sum()
    for _ in range(ROUNDS):
        columns = _columns(pieces, weights, background)
        odds = np.vstack([np.log(columns / background).T, np.zeros(width)])  # nothing is known of N
        score = odds[pieces, np.arange(width)].sum(1)
        prior = np.clip(weights.sum() / max(1, 2 * words.usable.sum()), 1e-9, 0.5)
        weights = special.expit(score + special.logit(prior))
    if weights.sum() < 5:
        return None
    _erase(words, place[weights > 0.5])
    return columns


def _core(words: _Words, width: int) -> slice:
    start = (width - words.length) // 2
    return slice(start, start + words.length)


def _near(words: _Words, word: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pieces of ``width`` around words near to one, read on its strand, and where the words start."""
    before = (width - words.length) // 2
    after = width - words.length - before
    padded = np.pad(words.bases, (width, width), constant_values=N)
    found = []
    for strand, target in ((1, word), (-1, int(words.reverse[word]))):
        near = (words.letters != words.letters[target]).sum(1) <= MAX_MISMATCHES
        place = np.flatnonzero(near[words.codes] & words.usable)
        start = place + width - (before if strand > 0 else after)
        pieces = padded[start[:, None] + np.arange(width)]
        if strand < 0:
            pieces = np.where(pieces == N, N, 3 - np.minimum(pieces, 3))[:, ::-1]
        found.append((pieces, place))
    return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])


def _columns(
    pieces: NDArray[np.uint8], weights: NDArray[np.float64], background: NDArray[np.float64]
) -> NDArray[np.float64]:
    counts = np.stack([np.where(pieces == base, weights[:, None], 0).sum(0) for base in range(4)], 1)
    counts = counts + 4 * PSEUDO * background
    return np.asarray(counts / counts.sum(1, keepdims=True))


def _erase(words: _Words, place: NDArray[np.int64]) -> None:
    """Words that overlap the given ones by more than half count no more."""
    half = words.length // 2
    for shift in range(-half, half + 1):
        at = place + shift
        words.usable[at[(at >= 0) & (at < len(words.usable))]] = False
