"""What each kind of structure is called, drawn and decoded from: the one table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from napari_hicstruct.annotations.records import Kind


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind of structure.

    Attributes
    ----------
    singular, plural : str
        In sentences.
    head : str
        Kind of network output that it is decoded from: ``point``, ``mask`` or ``boundary``.
    stem : str
        Of its label files.
    colour : str
        ``#RRGGBB``, of Okabe & Ito's palette, which colour-blind people tell apart.
    """

    singular: str
    plural: str
    head: str
    stem: str
    colour: str

    def named(self, n: int) -> str:
        """``loop`` of one, else ``loops``."""
        return self.singular if n == 1 else self.plural

    @property
    def rgb(self) -> str:
        """The colour as ``R,G,B``, as label files have it."""
        return ",".join(str(int(self.colour[k : k + 2], 16)) for k in (1, 3, 5))


KINDS: dict[Kind, KindInfo] = {
    Kind.LOOP: KindInfo("loop", "loops", "point", "loops", "#56B4E9"),
    Kind.STRIPE: KindInfo("stripe", "stripes", "mask", "stripes", "#E69F00"),
    Kind.TAD: KindInfo("TAD", "TADs", "boundary", "tads", "#009E73"),
    Kind.BOUNDARY: KindInfo("boundary", "boundaries", "boundary", "boundaries", "#CC79A7"),
}


HEAD_KINDS: dict[str, tuple[Kind, ...]] = {
    head: tuple(kind for kind, info in KINDS.items() if info.head == head) for head in ("point", "mask", "boundary")
}
"""What tasks with each head call, whatever a task set names them."""


def plural_of_task(task: str) -> str:
    """What a model's task finds, as people write it; a task of another name stays as it is."""
    return KINDS[Kind(task)].plural if task in list(Kind) else task


def kinds_of_heads(heads: Collection[str]) -> list[Kind]:
    """What tasks with these heads call."""
    return [kind for head, own in HEAD_KINDS.items() if head in heads for kind in own]
