"""Settings of fine-tuning on a person's corrections; ``docs/fine-tuning.md`` has them in a table."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import AliasChoices, Field

from napari_hicstruct.config.base import FrozenConfig


def _renamed(default: float, name: str, former: str, **more: Any) -> Any:
    """A field that files of version 0.1 and before call otherwise."""
    return Field(default, validation_alias=AliasChoices(name, former), **more)


class FinetuneConfig(FrozenConfig):
    """How a model learns from corrections; the defaults were chosen by ``benchmarks/finetune_gain.py``.

    What is said to be of heads is read by ``trainable="heads"`` alone, what is of gradient steps by the others alone.
    """

    start: Literal["base", "last"] = Field("base", description="the base model with all corrections, or the last one")
    trainable: Literal["heads", "decoders", "all", "adapters"] = Field(
        "heads",
        description="last layers alone, solved exactly; or by gradient steps: decoders and heads, all, adapters",
    )
    rejected_weight: float = _renamed(1.0, "rejected_weight", "hard", gt=0, description="of a rejected candidate")
    # ---- heads
    ridge: float = Field(3_000.0, gt=0, description="heads: weight of staying as they are")
    replay_weight: float = Field(100.0, ge=0, description="heads: simulated candidates count as so many corrections")
    regularization_weight: float = _renamed(
        1.0, "regularization_weight", "anchor", ge=0, description="heads: of candidates kept as the model has them"
    )
    pseudo: float = Field(0.0, ge=0, lt=1, description="heads: weight of sure calls that nobody judged; 0: none")
    folds: int = Field(5, ge=2, description="heads: of the cross-validation by tile; gradient steps take two")
    # ---- gradient steps
    rank: int = Field(4, ge=1, description="gradient steps: of adapters")
    steps: int = Field(0, ge=0, description="gradient steps; 0: by the number of corrections")
    learning_rate: float = Field(3e-4, gt=0, description="gradient steps: with 100 corrections and more")
    correction_share: float = _renamed(
        0.6, "correction_share", "share", gt=0, le=1, description="gradient steps: of windows; the rest is replay"
    )
    thinning: float = Field(1.5, ge=1, description="gradient steps: contacts are divided by 1 … this")
    ema_decay: float = _renamed(
        0.9, "ema_decay", "average", ge=0, lt=1, description="gradient steps: of the weights' moving average"
    )
    fine_size: int = Field(128, ge=64, multiple_of=16, description="gradient steps: bins; 5 kb windows")
    coarse_size: int = Field(192, ge=96, multiple_of=8, description="gradient steps: bins; 10 kb windows")
    patience: int = Field(2, ge=0, description="gradient steps: so many of four validations without gain end; 0: never")
    seed: int = Field(1, description="gradient steps")

    def steps_for(self, corrections: int) -> int:
        """Gradient steps: as given, or more for more corrections, 60 … 240."""
        return self.steps or min(240, max(60, 50 + corrections))

    def rate_for(self, corrections: int) -> float:
        """Learning rate: smaller for few corrections, which would else be learnt by heart."""
        return self.learning_rate * min(1.0, math.sqrt(corrections / 100))
