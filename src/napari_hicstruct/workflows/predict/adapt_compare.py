"""Calls of one model before and after it was adapted to a map, and what changed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from math import isnan

import numpy as np

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.loci import SAME_CALL_BP, match_ranked, points
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.predict import iter_predict
from napari_hicstruct.workflows.predict.request import PredictRequest

SAME_P = 0.05
"""Probabilities that differ by less have not changed."""


@dataclass(frozen=True, slots=True)
class KindChange:
    """Of one kind of structure: numbers of calls, and what became of them."""

    before: int
    after: int
    new: int
    gone: int
    likelier: int
    less_likely: int


@dataclass(frozen=True, slots=True)
class AdaptedCalls:
    """Calls before and after adapting.

    Attributes
    ----------
    changes : dict of str to str
        By uid, of calls after adapting and of those that are gone: what changed, in words.
    by_kind : dict of Kind to KindChange
    """

    before: tuple[Annotation, ...]
    after: tuple[Annotation, ...]
    changes: dict[str, str] = field(default_factory=dict)
    by_kind: dict[Kind, KindChange] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """One line for each kind."""
        said = []
        for kind, one in self.by_kind.items():
            parts = [f"{one.new} new", f"{one.gone} gone", f"{one.likelier} likelier", f"{one.less_likely} less likely"]
            text = ", ".join(part for part in parts if not part.startswith("0 ")) or "no change"
            name = "TADs" if kind is Kind.TAD else KINDS[kind].stem.capitalize()
            said.append(f"{name}: {one.before:,} → {one.after:,} ({text}).")
        return said or ["Nothing is called here, before or after."]


def iter_compare_adapted(
    source: ContactSource, request: PredictRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, AdaptedCalls]:
    """Predict as the model is, then adapted to the map, and compare.

    Raises
    ------
    MapError, ConfigError, ModelError, Cancelled
        As :func:`~napari_hicstruct.workflows.predict.iter_predict`.
    """
    after = yield from iter_predict(source, replace(request, adapt=True), token=token)
    before = yield from iter_predict(source, replace(request, adapt=False), token=token)
    return compare_calls(before.annotations, after.annotations, after.notes)


def compare_calls(before: Sequence[Annotation], after: Sequence[Annotation], notes: Sequence[str] = ()) -> AdaptedCalls:
    """Match calls of both, kind by kind, the most probable first."""
    changes: dict[str, str] = {}
    by_kind: dict[Kind, KindChange] = {}
    for kind in Kind:
        old, new = (_ranked(own, kind) for own in (before, after))
        if not old and not new:
            continue
        said = _changes(old, new)
        changes |= said
        words = list(said.values())
        by_kind[kind] = KindChange(
            before=len(old),
            after=len(new),
            new=words.count(NEW),
            gone=words.count(GONE),
            likelier=sum(" ↑ " in text for text in words),
            less_likely=sum(" ↓ " in text for text in words),
        )
    return AdaptedCalls(tuple(before), tuple(after), changes, by_kind, tuple(notes))


NEW, GONE = "new after adapting", "gone after adapting"


def _ranked(records: Sequence[Annotation], kind: Kind) -> list[Annotation]:
    own = [record for record in records if record.kind is kind]
    return sorted(own, key=lambda record: -np.nan_to_num(record.probability))


def _changes(old: list[Annotation], new: list[Annotation]) -> dict[str, str]:
    """What to say of each call that is new, gone, or of another probability."""
    said: dict[str, str] = {}
    kept: set[str] = set()
    for chrom in dict.fromkeys(record.chrom for record in (*old, *new)):
        mine, former = ([record for record in own if record.chrom == chrom] for own in (new, old))
        for call, at in zip(mine, match_ranked(points(mine), points(former), SAME_CALL_BP), strict=True):
            if at < 0:
                said[call.uid] = NEW
                continue
            kept.add(former[at].uid)
            p, q = former[at].probability, call.probability
            if not isnan(p + q) and abs(q - p) >= SAME_P:
                said[call.uid] = f"p {p:.2f} {'↑' if q > p else '↓'} {q:.2f} by adapting"
    return said | {record.uid: GONE for record in old if record.uid not in kept}
