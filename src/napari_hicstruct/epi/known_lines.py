"""Lines that training knew, under whatever name: found again by the numbers and peaks that describe them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_hicstruct.epi.data import EpiData

SAME = 1e-4
"""Largest relative difference of two lines' numbers that are the same."""


def line_records(data: EpiData, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What describes lines: numbers as given (null where unknown), and a digest of their unlabelled sequences."""
    found = {}
    for name in names:
        k = data.lines.index(name)
        numbers = None
        if data.features is not None:
            numbers = [float(value) if np.isfinite(value) else None for value in data.features[k]]
        support = data.support[k]
        digest = None
        if support is not None:
            # the order of a draw says nothing
            digest = hashlib.sha256(b"".join(sorted(row.tobytes() for row in support))).hexdigest()[:16]
        found[name] = {"numbers": numbers, "support": digest}
    return found


def renamed(data: EpiData, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One sentence for each line that training had under another name, and each name that means another line now."""
    notes = []
    for name, record in line_records(data, data.lines).items():
        others = [other for other, old in known.items() if other != name and _same(record, old)]
        if others:
            notes.append(
                f"Line {name} is described exactly as line {others[0]} of training: it is not new to the model."
            )
        if name in known and not _same(record, known[name]) and record["numbers"] and known[name]["numbers"]:
            notes.append(f"Line {name} is described otherwise than in training; what is given now is used.")
    return notes


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if a["numbers"] and b["numbers"]:
        if len(a["numbers"]) != len(b["numbers"]):
            return False
        x, y = (np.array([np.nan if v is None else v for v in one["numbers"]], float) for one in (a, b))
        return bool(np.allclose(x, y, rtol=SAME, atol=SAME, equal_nan=True))
    return a["support"] is not None and a["support"] == b["support"]
