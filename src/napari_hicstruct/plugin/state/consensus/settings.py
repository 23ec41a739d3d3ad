"""The settings of a consensus that a person can change.

Annotations are not postponed here: magicgui makes the form from the types themselves.
"""

from dataclasses import dataclass
from typing import Literal, cast

from napari_hicstruct.annotations.records import Kind

Method = Literal["em", "count", "weighted"]

METHODS: dict[str, str] = {"em": "learnt reliability", "count": "share of callers", "weighted": "given weights"}
"""What people read of each."""


@dataclass(frozen=True, slots=True)
class ConsensusSettings:
    """How calls are matched and votes weighed.

    Attributes
    ----------
    kind : Kind or None
        None: what most of the lists hold.
    method : str
        ``em``, ``count`` or ``weighted``.
    tolerance_bp : int
        0: by the bins of the lists.
    keep_all : bool
        Also what a single caller calls.
    """

    kind: Kind | None = None
    method: Method = "em"
    tolerance_bp: int = 0
    keep_all: bool = False


def consensus_settings(
    kind: str = "", method: str = "em", tolerance: int = 0, keep_all: bool = False
) -> ConsensusSettings:
    """What a form says; an empty kind is what most of the lists hold.

    ``method`` is plain text here: of a literal type magicgui would show the values, not :data:`METHODS`.
    """
    return ConsensusSettings(Kind(kind) if kind else None, cast(Method, method), tolerance, keep_all)
