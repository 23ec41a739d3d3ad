"""Settings of fine-tuning on a person's corrections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_hicstruct.config.base import FrozenConfig


class FinetuneConfig(FrozenConfig):
    """How a model learns from corrections; the defaults were chosen by ``benchmarks/finetune_gain.py``."""

    start: Literal["base", "last"] = Field("base", description="the base model with all corrections, or the last one")
    trainable: Literal["heads", "decoders", "all", "adapters"] = "all"
    rank: int = Field(4, ge=1, description="of adapters")
    steps: int = Field(0, ge=0, description="0: by the number of corrections")
    learning_rate: float = Field(1e-3, gt=0)
    share: float = Field(0.75, gt=0, le=1, description="of windows from corrections; the rest is replay")
    hard: float = Field(1.0, gt=0, description="weight of what was rejected")
    thinning: float = Field(1.5, ge=1, description="contacts are divided by 1 … this")
    average: float = Field(0.9, ge=0, lt=1, description="decay of the weights' moving average")
    fine_size: int = Field(128, description="bins; 5 kb windows")
    coarse_size: int = Field(128, description="bins; 10 kb windows")
    replay_maps: int = Field(6, ge=1, description="simulated maps kept from forgetting")
    replay_length: int = Field(8_000_000, ge=2_000_000, description="bp of each")
    folds: int = Field(2, ge=2, description="of the cross-validation where the frozen part holds too few labels")
    seed: int = 1

    def steps_for(self, corrections: int) -> int:
        """Steps: as given, or more for more corrections, 60 … 240."""
        return self.steps or min(240, max(60, 50 + corrections))
