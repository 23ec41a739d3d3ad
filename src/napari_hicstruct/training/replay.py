"""Candidates of simulated maps with known truth, as a network sees them: what fine-tuning must not unlearn.

Maps are simulated by seed, so a file of a few hundred kilobytes stands for them: what is there, and what the last
layers of one network read.  It travels in the model's folder (``replay.npz``), or is made once and cached.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.errors import ModelError
from napari_hicstruct.evaluation.ranking import average_precision_of
from napari_hicstruct.training.head_fit import HeadChange, HeadSamples

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ReplayRows:
    """Candidates of one head over all replay maps.

    Attributes
    ----------
    features : float16, shape (n, d)
    logit : float32, shape (n,)
    there : bool, shape (n,)
    evidence : float32, shape (n,)
        What decoding adds to the log-odds before it ranks (prominence, distance).
    map : int16, shape (n,)
        Number of the map.
    """

    features: NDArray[np.float16]
    logit: NDArray[np.float32]
    there: NDArray[np.bool_]
    evidence: NDArray[np.float32]
    map: NDArray[np.int16]

    def as_samples(self) -> HeadSamples:
        """All of them, each of weight 1."""
        there, weight = self.there.astype(np.float64), np.ones(len(self.there))
        return HeadSamples(self.features.astype(np.float64), self.logit.astype(np.float64), there, weight)


@dataclass(frozen=True, slots=True)
class Replay:
    """Replay rows by head.

    Attributes
    ----------
    rows : mapping of str to ReplayRows
        By head (``fine_heads.loop`` …).
    held : int
        Maps from this number on are never learnt from: on them forgetting is measured.
    sha256 : str
        Of the weights whose features these are.
    """

    rows: Mapping[str, ReplayRows]
    held: int
    sha256: str

    def samples(self, layer: str, weight: float, *, by_network: bool = True) -> HeadSamples | None:
        """What is learnt from, ``weight`` corrections heavy in all; None where there is nothing.

        ``by_network``: listed by the network's log-odds alone; else with what decoding adds to them.
        """
        rows = self.rows.get(layer)
        if rows is None or not weight:
            return None
        mine = rows.map < self.held
        if not mine.any():
            return None
        each = np.full(int(mine.sum()), weight / mine.sum())
        features, logit = rows.features[mine].astype(np.float64), rows.logit[mine].astype(np.float64)
        offset = None if by_network else rows.evidence[mine].astype(np.float64)
        return HeadSamples(features, logit, rows.there[mine].astype(np.float64), each, offset)

    def changed(self, changes: Mapping[str, HeadChange]) -> Replay:
        """The same candidates as a network with changed last layers sees them: its features are the old ones.

        Its ``sha256`` is empty: that of the network is known once it is written.
        """
        rows = {
            layer: replace(rows, logit=changes[layer].logits(rows.as_samples()).astype(np.float32))
            if layer in changes
            else rows
            for layer, rows in self.rows.items()
        }
        return Replay(rows, self.held, "")

    def precision(self, layer: str, change: HeadChange | None) -> NDArray[np.float64]:
        """Average precision of one head on each held map that has anything to find."""
        rows = self.rows[layer]
        logit = rows.logit.astype(np.float64)
        if change is not None:
            logit = change.logits(rows.as_samples())
        score, found = logit + rows.evidence, []
        for number in np.unique(rows.map[rows.map >= self.held]):
            mine = rows.map == number
            if rows.there[mine].any():
                order = np.argsort(-score[mine], kind="stable")
                found.append(average_precision_of(rows.there[mine][order], int(rows.there[mine].sum())))
        return np.array(found)


def save_replay(replay: Replay, path: Path) -> None:
    """Write as a compressed ``.npz`` without pickles.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    arrays: dict[str, Any] = {
        f"{layer}/{name}": getattr(rows, name)
        for layer, rows in replay.rows.items()
        for name in ReplayRows.__dataclass_fields__
    }
    header = np.array([str(FORMAT), str(replay.held), replay.sha256])
    with writing(path, what="the replay set cannot be written"), in_place_of(path) as file, file.open("wb") as out:
        np.savez_compressed(out, header=header, **arrays)


def load_replay(path: Path) -> Replay:
    """Read what :func:`save_replay` wrote.

    Raises
    ------
    ModelError
        If the file is damaged or of a newer format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = dict(file)
        form, held, sha256 = (str(value) for value in data.pop("header"))
        version, first_held = int(form), int(held)
        layers = dict.fromkeys(name.rpartition("/")[0] for name in data)
        rows = {
            layer: ReplayRows(*(data[f"{layer}/{name}"] for name in ReplayRows.__dataclass_fields__))
            for layer in layers
        }
    except (OSError, ValueError, TypeError, EOFError, KeyError, BadZipFile, zlib.error) as error:
        raise ModelError("is no whole replay set.", where=path, hint="Delete it: it is made anew.") from error
    if version > FORMAT:
        raise ModelError("was written by a newer version.", where=path, hint="Update.")
    return Replay(rows, first_held, sha256)
