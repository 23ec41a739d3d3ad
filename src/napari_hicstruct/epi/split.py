"""What is trained, validated and tested on: lines and chromosomes are held out at once; leaks are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.epi import SplitConfig
from napari_hicstruct.epi.tables import PairTable
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.wording import how_many

MIN_LINES = 3
"""Of fewer lines none can be held out by itself."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are for what.

    Attributes
    ----------
    train, validation, unseen, seen : bool array, shape (n,)
        ``unseen``: lines of the test on its chromosomes.  ``seen``: lines of training on the same chromosomes: the gap
        between the two is what a new line costs.
    lines, chroms : dict of str to tuple of str
        Held out, by split.
    notes : list of str
    """

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    chroms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def make_split(table: PairTable, config: SplitConfig, *, seed: int) -> Split:
    """Split by line and chromosome, or as the table's own column ``split`` says.

    Raises
    ------
    ConfigError
        If a name is unknown or stands in two splits, or a split that is needed is empty.
    """
    if (table.splits != "").any():
        return _given(table)
    rng = np.random.default_rng(seed)
    notes: list[str] = []
    held = {}
    for what, values in (("lines", table.lines), ("chroms", table.chroms)):
        names = sorted(set(values.tolist()))
        test, validation = (getattr(config, f"{part}_{what}") for part in ("test", "validation"))
        _check(what, names, test, validation)
        held[what] = _drawn(what, names, test, validation, config.share, rng, notes)
    in_test = [
        np.isin(values, held[what]["test"]) for what, values in (("lines", table.lines), ("chroms", table.chroms))
    ]
    in_validation = [
        np.isin(values, held[what]["validation"]) for what, values in (("lines", table.lines), ("chroms", table.chroms))
    ]
    free = [~a & ~b for a, b in zip(in_test, in_validation, strict=True)]
    lines_of_validation = in_validation[0] if held["lines"]["validation"] else free[0]
    found = Split(
        train=free[0] & free[1],
        validation=lines_of_validation & in_validation[1],
        unseen=in_test[0] & in_test[1],
        seen=free[0] & in_test[1],
        lines=held["lines"],
        chroms=held["chroms"],
        notes=notes,
    )
    _check_filled(table, found)
    return found


def _given(table: PairTable) -> Split:
    train, validation, test = (table.splits == name for name in ("train", "validation", "test"))
    trained = set(table.lines[train].tolist())
    known = np.isin(table.lines, sorted(trained))
    notes = ["The split is the table's own column 'split'."]
    if skipped := int((table.splits == "").sum()):
        notes.append(f"{how_many(skipped, 'pair')} without a split {'is' if skipped == 1 else 'are'} not used.")
    lines = {"test": tuple(sorted(set(table.lines[test & ~known].tolist())))}
    found = Split(train, validation, test & ~known, test & known, lines=lines, notes=notes)
    _check_filled(table, found)
    return found


def _check(what: str, names: Sequence[str], test: Sequence[str], validation: Sequence[str]) -> None:
    word = "line" if what == "lines" else "chromosome"
    if unknown := [name for name in (*test, *validation) if name not in names]:
        hint = f"It has {', '.join(names[:8])}{' …' if len(names) > 8 else ''}."
        raise ConfigError(f"the table has no {word} '{unknown[0]}'.", hint=hint)
    if twice := sorted(set(test) & set(validation)):
        raise ConfigError(f"the {word} '{twice[0]}' is held out for both validation and test.", hint="Name it once.")


def _drawn(  # noqa: PLR0913 - one per kind of what is held out
    what: str,
    names: Sequence[str],
    test: Sequence[str],
    validation: Sequence[str],
    share: float,
    rng: np.random.Generator,
    notes: list[str],
) -> dict[str, tuple[str, ...]]:
    """Names of validation and test; drawn where none are given."""
    free = [name for name in rng.permutation(list(names)).tolist() if name not in (*test, *validation)]
    if len(names) < MIN_LINES:
        if what == "lines":
            text = f"The table has {how_many(len(names), 'line')}: none is held out, and unseen lines are not judged."
            notes.append(text)
            return {"validation": tuple(validation), "test": tuple(test)}
        hint = "Give pairs on three chromosomes at least, or a column 'split'."
        raise ConfigError(f"the table has {how_many(len(names), 'chromosome')}: none can be held out.", hint=hint)
    n = max(1, round(share * len(names)))
    chosen = {}
    for part, given in (("test", test), ("validation", validation)):
        chosen[part] = tuple(given) or tuple(free.pop() for _ in range(min(n, max(0, len(free) - 1))))
    return chosen


def _check_filled(table: PairTable, split: Split) -> None:
    for name in ("train", "validation"):
        labels = table.labels[getattr(split, name)]
        if not len(labels):
            raise ConfigError(f"no pair is left for {name}.", where=table.where, hint="Hold out less.")
        if len(set(labels.tolist())) < 2:
            what = f"the pairs for {name} are all of one class ({'positive' if labels[0] else 'negative'})."
            raise ConfigError(what, where=table.where, hint="Both classes are needed; hold out other lines.")


def find_leaks(table: PairTable, split: Split) -> list[str]:
    """Pairs that stand on both sides of a split, in one line or in two: what is trained on must not be judged on.

    Returns
    -------
    list of str
        One sentence for each kind of leak; empty if there is none.
    """
    keys = table.keys
    found = []
    for name, rows in (("validation", split.validation), ("test", split.unseen | split.seen)):
        shared = np.isin(keys, keys[split.train]) & rows
        if n := int(shared.sum()):
            k = int(np.flatnonzero(shared)[0])
            other = table.lines[np.flatnonzero(split.train & (keys == keys[k]))[0]]
            place = f"{table.chroms[k]}:{table.enhancers[k, 0]:,} – {table.promoters[k, 0]:,}"
            found.append(
                f"Leak: {how_many(n, 'pair')} of {name} {'is' if n == 1 else 'are'} in training, too; the first is "
                f"{place}, in line {table.lines[k]} and in line {other}."
            )
    return found
