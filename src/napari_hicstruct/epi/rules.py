"""What is done by itself when a gate goes wrong: a weight of the losses is raised, and it is reported."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from napari_hicstruct.config.gating import GateLossConfig, RulesConfig

ALL_OPEN, ALL_SHUT = 0.9, 0.01
"""Shares of open dimensions that count as collapse."""


@dataclass(slots=True)
class LossWeights:
    """Weights of the terms beside the task's; rules raise them."""

    align: float
    sparse: float
    entropy: float
    smooth: float

    @classmethod
    def of(cls, config: GateLossConfig) -> LossWeights:
        """As configured."""
        return cls(config.align, config.sparse, config.entropy, config.smooth)

    def to_dict(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class GateFigures:
    """Means of an epoch.

    Attributes
    ----------
    share_open : float
        Of dimensions; 10–30 % is wanted.
    distance : float
        Half the mean absolute difference of two lines' gates: 0 alike, 1 nothing in common.
    align, smooth, entropy : float
        Losses before their weights; align as mean squares.
    """

    share_open: float
    distance: float
    align: float
    smooth: float
    entropy: float

    @property
    def collapse(self) -> str:
        """``all open``, ``all shut``, ``alike`` or empty."""
        if self.share_open > ALL_OPEN:
            return "all open"
        return "all shut" if self.share_open < ALL_SHUT else ""


def apply_rules(weights: LossWeights, figures: GateFigures, losses: GateLossConfig, rules: RulesConfig) -> list[str]:
    """Raise weights where figures are bad; gives one sentence for each change.

    ======================================  =======================
    too many dimensions are open            sparse (β) is raised
    too few are open                        entropy (γ) is raised
    lines are not distinguished             align (α) is raised
    same-label features disagree            align (α) is raised
    gates of near codes differ              smooth (δ) is raised
    ======================================  =======================
    """
    if not rules.enabled:
        return []
    low, high = losses.share_open
    wanted = f"{low:.0%} to {high:.0%} wanted"
    found = []
    if figures.share_open > high:
        found.append(("sparse", f"{figures.share_open:.0%} of dimensions are open ({wanted})"))
    if figures.share_open < low:
        found.append(("entropy", f"{figures.share_open:.1%} of dimensions are open ({wanted})"))
    if figures.distance < rules.min_alike:
        found.append(("align", f"gates of different lines are alike (distance {figures.distance:.3f})"))
    elif figures.align > rules.max_disagreement:
        found.append(("align", f"features of one label disagree between lines ({figures.align:.2f})"))
    if figures.smooth > rules.max_roughness:
        found.append(("smooth", f"lines of near codes have different gates ({figures.smooth:.2f})"))
    first = LossWeights.of(losses).to_dict()
    said = []
    for name, why in found:
        before = getattr(weights, name)
        after = min(before * rules.factor, first[name] * rules.limit)
        if after > before:
            setattr(weights, name, after)
            said.append(f"{why[0].upper()}{why[1:]}: the weight of {name} goes from {before:.3g} to {after:.3g}.")
    return said
