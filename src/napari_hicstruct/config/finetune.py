"""Settings of fine-tuning on a person's corrections."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from napari_hicstruct.config.base import FrozenConfig


class FinetuneConfig(FrozenConfig):
    """How a model learns from corrections; the defaults were chosen by ``benchmarks/finetune_gain.py``."""

    start: Literal["base", "last"] = Field("base", description="the base model with all corrections, or the last one")
    trainable: Literal["heads", "decoders", "all", "adapters"] = Field(
        "heads",
        description="last layers alone, solved exactly; or by gradient steps: decoders and heads, all, adapters",
    )
    ridge: float = Field(3_000.0, gt=0, description="heads: weight of staying as they are")
    replay_weight: float = Field(100.0, ge=0, description="heads: simulated candidates count as so many corrections")
    anchor: float = Field(1.0, ge=0, description="heads: weight of what the model says of candidates nobody judged")
    rank: int = Field(4, ge=1, description="of adapters")
    steps: int = Field(0, ge=0, description="gradient steps; 0: by the number of corrections")
    learning_rate: float = Field(3e-4, gt=0)
    share: float = Field(0.6, gt=0, le=1, description="of windows from corrections; the rest is replay")
    hard: float = Field(1.0, gt=0, description="weight of what was rejected")
    pseudo: float = Field(0.0, ge=0, lt=1, description="weight of sure calls that nobody judged; 0: they are ignored")
    thinning: float = Field(1.5, ge=1, description="contacts are divided by 1 … this")
    average: float = Field(0.9, ge=0, lt=1, description="decay of the weights' moving average")
    fine_size: int = Field(128, ge=64, multiple_of=16, description="bins; 5 kb windows")
    coarse_size: int = Field(192, ge=96, multiple_of=8, description="bins; 10 kb windows")
    patience: int = Field(2, ge=0, description="of four validations: so many without gain end the training; 0: never")
    folds: int = Field(5, ge=2, description="heads: of the cross-validation by tile; gradient steps take two")
    seed: int = 1

    def steps_for(self, corrections: int) -> int:
        """Gradient steps: as given, or more for more corrections, 60 … 240."""
        return self.steps or min(240, max(60, 50 + corrections))

    def rate_for(self, corrections: int) -> float:
        """Learning rate: smaller for few corrections, which would else be learnt by heart."""
        return self.learning_rate * min(1.0, math.sqrt(corrections / 100))
