"""Selectors E3 ``low_rank_prior`` and ``strip``: as E2, with experts that begin as different kinds of eye."""

from __future__ import annotations

from napari_hicstruct.models.library.selectors.experts import prior_experts, strip_experts
from napari_hicstruct.models.library.selectors.low_rank_free import LowRankFree


class LowRankPrior(LowRankFree):
    """E3: experts 3×3; 3×3 of dilation 2; 5×5; identity."""

    make = staticmethod(prior_experts)


class Strip(LowRankFree):
    """Variant ``strip``: every expert 3×3 → (7×1 + 1×7) → GELU."""

    make = staticmethod(strip_experts)
