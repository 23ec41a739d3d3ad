"""Tables of enhancer–promoter pairs: chrom, enhancer, promoter, cell line, label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.readers.source import decode, local_path, read_bytes
from napari_hicstruct.errors import LabelError
from napari_hicstruct.wording import how_many

_ALIASES = {
    "chrom": ("chrom", "chr", "chromosome", "enhancer_chrom", "enhancer_chr"),
    "enhancer": ("enhancer", "enhancer_interval"),
    "promoter": ("promoter", "promoter_interval"),
    "line": ("line", "cell_line", "cell", "celltype", "cell_type", "sample"),
    "label": ("label", "y", "target", "interaction", "class"),
    "split": ("split", "set"),
}
_ENDS = ("start", "end")
_SPAN = re.compile(r"^(?:(?P<chrom>[^:]+):)?(?P<start>[\d,]+)(?:(?:-|\.\.)(?P<end>[\d,]+))?$")
_LABELS = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_NONE = ("", ".", "na", "nan", "none", "?")
SPLITS = ("train", "validation", "test")
_FORM = "Columns: chrom, enhancer (start-end), promoter (start-end), line, label (0 or 1); docs/epi.md has an example."


@dataclass(frozen=True, slots=True)
class PairTable:
    """Pairs in the order of their file.

    Attributes
    ----------
    chroms, lines : array of str, shape (n,)
    enhancers, promoters : int64 array, shape (n, 2)
        0-based, half-open, bp.
    labels : float array, shape (n,)
        1, 0, or NaN where there is none.
    splits : array of str, shape (n,)
        ``train``, ``validation`` or ``test`` where the file says so, else empty.
    where : str
    """

    chroms: NDArray[np.str_]
    enhancers: NDArray[np.int64]
    promoters: NDArray[np.int64]
    lines: NDArray[np.str_]
    labels: NDArray[np.float64]
    splits: NDArray[np.str_]
    where: str

    def __len__(self) -> int:
        return len(self.chroms)

    def take(self, keep: NDArray[np.bool_]) -> PairTable:
        """Some of the rows."""
        return PairTable(
            self.chroms[keep],
            self.enhancers[keep],
            self.promoters[keep],
            self.lines[keep],
            self.labels[keep],
            self.splits[keep],
            self.where,
        )

    @property
    def keys(self) -> NDArray[np.int64]:
        """Number of the place of each pair: equal where chromosome, enhancer and promoter are, whatever the line."""
        _, code = np.unique(self.chroms, return_inverse=True)
        places = np.column_stack([code, self.enhancers, self.promoters])
        return np.asarray(np.unique(places, axis=0, return_inverse=True)[1], np.int64).ravel()


def read_rows(path: str | Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a text table with tabs, commas or spaces; rows as long as the header.

    Raises
    ------
    LabelError
        If the file cannot be read, has no rows, or a row has more or fewer columns than the header.
    """
    path = local_path(path)
    lines = [line for line in decode(path, read_bytes(path)).splitlines() if line.strip() and line[0] != "#"]
    if len(lines) < 2:
        raise LabelError("holds a header at most, but no rows.", where=path, hint=_FORM)
    split = "\t" if "\t" in lines[0] else "," if "," in lines[0] else None
    head = [word.strip() for word in lines[0].split(split)]
    rows = [[cell.strip() for cell in line.split(split)] for line in lines[1:]]
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            text = f"row {number:,} has {how_many(len(row), 'column')}, the header {len(head)}."
            raise LabelError(text, where=path, hint="Separate columns by tabs.")
    return head, rows


def read_pairs(path: str | Path, *, labelled: bool = False) -> PairTable:
    """Read a table of pairs.

    Parameters
    ----------
    path : path
        Text with tabs or commas, also compressed.  Columns are found by name.
    labelled : bool
        Refuse a table without labels, or with a row without one.

    Raises
    ------
    LabelError
        Naming the file, the row and what is wrong.
    """
    head, rows = read_rows(path)
    known = [re.sub(r"\W+", "_", name.lower()).strip("_") for name in head]
    at = {key: next((known.index(name) for name in names if name in known), None) for key, names in _ALIASES.items()}
    columns = [_column(rows, at[key]) for key in ("line", "label", "split")]
    lines, texts, splits = columns
    if lines is None:
        raise LabelError("has no column 'line'.", where=path, hint=_FORM)
    if texts is None and labelled:
        raise LabelError("has no column 'label'.", where=path, hint=_FORM)
    spans = {key: _spans(path, key, known, rows, at[key]) for key in ("enhancer", "promoter")}
    chroms = _column(rows, at["chrom"]) or spans["enhancer"][1]
    if not all(chroms):
        raise LabelError("has no column 'chrom'.", where=path, hint=_FORM)
    empty = [""] * len(rows)
    return PairTable(
        np.array(chroms),
        spans["enhancer"][0],
        spans["promoter"][0],
        np.array(lines),
        _labels(path, texts or empty, labelled),
        _splits(path, splits or empty),
        str(path),
    )


def _column(rows: Sequence[Sequence[str]], at: int | None) -> list[str] | None:
    return None if at is None else [row[at] for row in rows]


def _spans(
    path: str | Path, key: str, known: Sequence[str], rows: Sequence[Sequence[str]], at: int | None
) -> tuple[NDArray[np.int64], list[str]]:
    """Intervals of one side, from one column ``start-end`` or from two, and the chromosomes named in them."""
    ends = [known.index(name) for name in (f"{key}_{end}" for end in _ENDS) if name in known]
    if at is None and len(ends) != 2:
        raise LabelError(f"has no column '{key}'.", where=path, hint=_FORM)
    found = np.zeros((len(rows), 2), np.int64)
    chroms = []
    for k, row in enumerate(rows):
        text = row[at] if at is not None else f"{row[ends[0]]}-{row[ends[1]]}"
        match = _SPAN.match(text)
        if match is None:
            raise LabelError(f"row {k + 2:,}: '{text}' is no {key}.", where=path, hint="Write start-end, in bp.")
        start = int(match["start"].replace(",", ""))
        end = int(match["end"].replace(",", "")) if match["end"] else start + 1
        if end <= start:
            raise LabelError(f"row {k + 2:,}: the {key} '{text}' ends before it starts.", where=path)
        found[k] = start, end
        chroms.append(match["chrom"] or "")
    return found, chroms


def _labels(path: str | Path, texts: Sequence[str], labelled: bool) -> NDArray[np.float64]:
    found = np.full(len(texts), np.nan)
    for k, text in enumerate(texts):
        value = _LABELS.get(text.lower())
        if value is None and (labelled or text.lower() not in _NONE):
            what = f"row {k + 2:,}: '{text}' is no label." if text else f"row {k + 2:,} has no label."
            raise LabelError(what, where=path, hint="Labels are 1 (a pair) or 0.")
        if value is not None:
            found[k] = value
    return found


def _splits(path: str | Path, texts: Sequence[str]) -> NDArray[np.str_]:
    words = [{"val": "validation", "valid": "validation"}.get(text.lower(), text.lower()) for text in texts]
    for k, word in enumerate(words):
        if word not in (*SPLITS, ""):
            hint = f"Splits are {', '.join(SPLITS)}."
            raise LabelError(f"row {k + 2:,}: '{word}' is no split.", where=path, hint=hint)
    return np.array(words)
