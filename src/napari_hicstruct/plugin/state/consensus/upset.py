"""Who agrees with whom, in numbers: the columns and rows of an UpSet plot (Lex et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.kinds import KINDS

if TYPE_CHECKING:
    from napari_hicstruct.workflows.consensus import ConsensusResult


@dataclass(frozen=True, slots=True)
class Column:
    """A combination of callers.

    Attributes
    ----------
    callers : frozenset of str
    n : int
        Structures that these callers have and no other.
    text : str
        In a sentence.
    """

    callers: frozenset[str]
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A row: a caller, how many structures it has, listed or not, and what is known of it in a sentence."""

    name: str
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class UpSet:
    """Columns, the largest first; rows, the largest first."""

    columns: tuple[Column, ...]
    rows: tuple[Caller, ...]


def upset_of(result: ConsensusResult) -> UpSet:
    """The plot of a consensus."""
    found, kind = result.consensus, KINDS[result.kind]
    columns = []
    for callers, n in found.agreement.items():
        who = f"by {callers[0]} alone" if len(callers) == 1 else f"by {_listed(callers)}, by no other"
        columns.append(Column(frozenset(callers), n, f"{n:,} {kind.named(n)} {who}"))
    rows = []
    for place, name in enumerate(found.callers):
        n = sum(one.n for one in columns if name in one.callers)
        shared = sum(one.n for one in columns if name in one.callers and len(one.callers) > 1)
        calls = sum(one.n_calls for one in result.files if one.caller == name)
        merged = f" from {calls:,} calls" if calls > n else ""  # several calls of one place are one structure
        text = f"{name}: {n:,} {kind.named(n)}{merged}, {shared / max(n, 1):.0%} of them with others"
        text += f"; {int(found.supported[:, place].sum()):,} are in the list"
        if found.reliability is not None:
            right, sensitivity = found.reliability.precision[place], found.reliability.sensitivity[place]
            known = f"by the votes {right:.0%} are right, and it has {sensitivity:.0%} of all"
            text += f"; {known if right == right else 'no other could have confirmed any'}"
        rows.append(Caller(name, n, text))
    return UpSet(tuple(columns), tuple(sorted(rows, key=lambda one: -one.n)))


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def short_number(n: int) -> str:
    """At most four letters: ``812``, ``1.2k``, ``34k``."""
    if n < 1_000:
        return str(n)
    return f"{n / 1_000:.1f}k" if n < 9_950 else f"{n / 1_000:.0f}k" if n < 999_500 else f"{n / 1_000_000:.1f}M"
