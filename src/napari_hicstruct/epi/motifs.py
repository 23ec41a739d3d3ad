"""Motifs: JASPAR files, what filters of a network look for, and which known motif that is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.annotations.readers.source import decode, local_path, read_bytes
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome.fasta import N
from napari_hicstruct.models.epi.network import EpiNet

BASES = "ACGT"
PSEUDO = 0.25
"""Counts added to each base."""
TOP_SHARE = 0.5
"""A place counts for a filter's motif above this share of the filter's largest activation."""
MAX_SITES, MIN_SITES = 200, 10
MIN_OVERLAP = 5
"""Columns that two motifs share when they are compared."""
MIN_MATCH = 0.7
"""Correlation from which a filter is said to be a motif."""


@dataclass(frozen=True, slots=True)
class Motif:
    """A motif: probabilities of A C G T in each column, shape (length, 4)."""

    name: str
    columns: NDArray[np.float64]

    @property
    def consensus(self) -> str:
        """The most probable bases."""
        return "".join(BASES[k] for k in self.columns.argmax(1))


def read_jaspar(path: str | Path) -> list[Motif]:
    """Motifs of a file in JASPAR's format: ``>ID name``, then four rows, with or without letters and brackets.

    Raises
    ------
    LabelError
        If it cannot be read or is of another format.
    """
    path = local_path(path)
    found: list[Motif] = []
    for block in re.split(r"^>", decode(path, read_bytes(path)), flags=re.MULTILINE)[1:]:
        head, *rest = block.strip().splitlines()
        words = head.split()
        rows = [re.findall(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", line) for line in rest if line.strip()]
        if len(rows) != 4 or len({len(row) for row in rows}) != 1 or not rows[0]:
            name = words[0] if words else "the first motif"
            raise LabelError(f"{name} is no motif of four rows.", where=path, hint="Give a file in JASPAR's format.")
        counts = np.array(rows, float).T
        if bool((counts < 0).any()) or not bool((counts.sum(1) > 0).all()):
            raise LabelError(f"{words[0]} has a column without counts.", where=path)
        found.append(Motif(words[-1] if words else f"motif{len(found) + 1}", _probabilities(counts)))
    if not found:
        raise LabelError("holds no motif.", where=path, hint="Give a file in JASPAR's format: '>ID name', four rows.")
    return found


def _probabilities(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    added = counts + PSEUDO * max(1.0, float(counts.sum(1).max())) / 100
    return np.asarray(added / added.sum(1, keepdims=True))


def filter_motifs(net: EpiNet, sites: NDArray[np.uint8]) -> list[Motif | None]:
    """What each motif filter looks for: the mean of the sequences that activate it most; None if hardly any does.

    Parameters
    ----------
    net : EpiNet
    sites : uint8 array, shape (n, window)
        Codes of bases.
    """
    width = net.encoder.stem.kernel_size[0]
    padded = np.pad(sites, ((0, 0), (width // 2, width // 2)), constant_values=N)
    with torch.no_grad():
        active = [
            net.encoder.filters_along(torch.from_numpy(sites[k : k + 64])).numpy() for k in range(0, len(sites), 64)
        ]
    along = np.concatenate(active)
    best, place = along.max(2), along.argmax(2)
    eye = np.vstack([np.eye(4), np.full((1, 4), 0.25)])
    found: list[Motif | None] = []
    for k in range(along.shape[1]):
        chosen = np.argsort(-best[:, k])[:MAX_SITES]
        chosen = chosen[best[chosen, k] > TOP_SHARE * max(float(best[:, k].max()), 1e-9)]
        if len(chosen) < MIN_SITES:
            found.append(None)
            continue
        pieces = np.stack([eye[padded[row, place[row, k] : place[row, k] + width]] for row in chosen])
        found.append(Motif(f"filter{k + 1}", _probabilities(pieces.sum(0))))
    return found


def best_match(motif: Motif, known: list[Motif]) -> tuple[str, float]:
    """The known motif whose columns agree best, on either strand at any shift, and the correlation."""
    matches = [(other.name, similarity(motif.columns, other.columns)) for other in known]
    return max(matches, key=lambda match: match[1]) if matches else ("", 0.0)


def similarity(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Largest Pearson correlation of two motifs' columns over shifts and strands, in −1 … 1.

    Columns of the shorter motif that lie beyond the other one count against it, so that a short overlap is no match.
    """
    return max(_shifted(a, b), _shifted(a, b[::-1, ::-1]))


def _shifted(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    best = -1.0
    short = min(len(a), len(b))
    for shift in range(min(MIN_OVERLAP, short) - len(b), len(a) - min(MIN_OVERLAP, short) + 1):
        start, stop = max(0, shift), min(len(a), shift + len(b))
        x, y = a[start:stop] - 0.25, b[start - shift : stop - shift] - 0.25
        norm = np.sqrt((x**2).sum() * (y**2).sum()) or 1.0
        # of the shorter motif everything counts, also what lies beyond the other one
        own, whole = (x, a) if len(a) <= len(b) else (y, b)
        covered = (own**2).sum() / max(((whole - 0.25) ** 2).sum(), 1e-12)
        best = max(best, float((x * y).sum() / norm) * float(np.sqrt(covered)))
    return best
