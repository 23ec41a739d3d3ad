"""Weak supervision of boundaries by the map's own border contrast, where there are no TAD labels."""

from __future__ import annotations

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig


class WeakConfig(FrozenConfig):
    """Settings of weak boundary labels and their loss (docs/adr/0015); bins are coarse bins (10 kb)."""

    enabled: bool = Field(False, description="boundary tasks learn from the maps alone, without any TAD label")
    windows: tuple[int, ...] = Field((5, 10, 20), description="bins; sides of the squares across a border, averaged")
    direction_window: int = Field(40, ge=4, description="bins; reach of the directionality index")
    direction_least: float = Field(1.0, ge=0, description="τ: a sign change counts where |DI| exceeds it on both sides")
    insulation_slope: float = Field(1.5, description="a of w = σ(a·z_IS + b·z_DI + c)")
    direction_slope: float = Field(0.3, description="b")
    offset: float = Field(-1.5, description="c: a candidate at the mean of both scores gets σ(c)")
    sigma: float = Field(1.0, gt=0, description="bins; width of the bumps")
    structure_windows: tuple[int, ...] = Field((10, 15, 25), description="bins; blocks left and right of a bin")
    margin: float = Field(0.05, ge=0, description="m: by how much both blocks should exceed the cross block")
    insulation: float = Field(1.0, ge=0, description="weight of BCE against insulation bumps; falls to a half")
    direction: float = Field(0.05, ge=0, description="weight of BCE against directionality bumps; falls to a half")
    structure: float = Field(0.02, ge=0, description="weight of the structure loss; doubles")
    sparsity: float = Field(0.0, ge=0, description="weight of the mean probability (L1)")
    spacing: float = Field(0.0, ge=0, description="weight of boundaries closer than spacing_bins")
    spacing_bins: int = Field(4, ge=1)
    ramp: tuple[float, float] = Field((0.2, 0.6), description="share of the run over which weights move")
    self_training: float = Field(0.1, ge=0, description="weight of own sure peaks after the ramp")
    sure: tuple[float, float] = Field((0.1, 0.7), description="below: surely none, a peak above: surely a boundary")

    @model_validator(mode="after")
    def _ordered(self) -> WeakConfig:
        if not self.windows or not self.structure_windows:
            raise ValueError("windows and structure_windows must hold at least one size")
        if not 0 <= self.ramp[0] <= self.ramp[1] <= 1:
            raise ValueError("ramp must be two ascending shares of the run, 0 … 1")
        if not 0 < self.sure[0] < self.sure[1] < 1:
            raise ValueError("sure must be two ascending probabilities")
        return self


class WeakLoopConfig(FrozenConfig):
    """Which dots of a map are labels by themselves (``labels.weak_loops``); bins are the map's own."""

    inner: int = Field(2, ge=1, description="bins; what lies closer to a dot belongs to it (p of HiCCUPS at 10 kb)")
    outer: int = Field(5, ge=2, description="bins; neighbourhoods reach so far (w of HiCCUPS at 10 kb)")
    nearest_bins: int = Field(6, ge=2, description="bins; dots closer to the diagonal are not looked for")
    separation: int = Field(3, ge=1, description="bins; of dots as close as that the more significant one counts")
    sure_rise: float = Field(0.32, description="log2 over the strongest neighbourhood; from here on a label")
    sure_z: float = Field(4.0, description="standard deviations; the same")
    unsure_rise: float = Field(0.14, description="log2; between this and sure_rise nobody is wrong")
    unsure_z: float = Field(2.0, description="standard deviations; the same")


class WeakStripeConfig(FrozenConfig):
    """Which rows of a map are stripes by themselves (``contacts.stripe_rows``); bins are the map's own."""

    flank: tuple[int, int] = Field((5, 8), description="bins; distance of the flanks from the row")
    nearest_bins: int = Field(6, ge=1, description="bins; what lies closer to the diagonal is not read")
    min_bins: int = Field(20, ge=6, description="bins; shortest stripe")
    end_bins: int = Field(10, ge=3, description="bins; the last ones, which must stand out by unsure_rise")
    step_bins: int = Field(5, ge=1, description="bins; lengths that are tried")
    separation: int = Field(4, ge=1, description="bins; of rows as close as that the most significant one counts")
    sure_rise: float = Field(0.15, description="log2 over the stronger flank, in each third; from here on a label")
    sure_z: float = Field(6.0, description="standard deviations over the whole length")
    far_z: float = Field(2.0, description="standard deviations of the far third")
    unsure_rise: float = Field(0.07, description="log2; between this and sure_rise nobody is wrong")
    unsure_z: float = Field(3.0, description="standard deviations; the same")
