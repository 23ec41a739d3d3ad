"""Thresholds of stripe decoding."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """Thresholds of stripe decoding."""

    level: float = 0.07
    """Mask probability that neither lengthens nor shortens a run: what lies above adds, what lies below takes away."""
    threshold: float = 0.6
    """Least score: mean probability of a run, its log-odds raised by ``rise_weight`` times its rise."""
    rise_weight: float = 4.0
    """Log-odds per log2 of how far the anchor's row stands above the stronger of its two sides."""
    min_z: float = 1.0
    """Standard deviations by which it must at least: one edge of a domain is no stripe."""
    near_bp: int = 40_000
    """Pixels nearer the diagonal than this count for nothing: every anchor is bright there."""
    min_length_bp: int = 150_000
    max_length_bp: int = 10**9
    max_width_bp: int = 60_000
    cut_to_width: bool = False
    """Cut what is wider, about its strongest row; else a stripe may be a bin or two wider than that."""
    opposite: float = 0.5
    """Of two stripes that leave one anchor both ways, the weaker is kept if it has this share of the other's weight."""
    row_odds: float = 5.0
    """Log-odds added to the network's where it calls nothing, for a row that surely stands out over all its length:
    networks trained on simulated maps see such rows of real ones too faintly (docs/adr/0027)."""
    row_score: float = 0.65
    """The most that such a row is worth: below what the network calls."""
    faint_odds: float = 2.0
    """Log-odds taken from a call whose row stands out too faintly to be sure of."""
    unseen_odds: float = 4.0
    """Log-odds taken from a call where no row stands out over its flanks."""

    def at_scale(self, scale: float) -> StripeSettings:
        """Lengths of a genome whose structures are ``scale`` times smaller."""
        if scale == 1:
            return self
        near, shortest, widest = (round(bp / scale) for bp in (self.near_bp, self.min_length_bp, self.max_width_bp))
        return replace(self, near_bp=near, min_length_bp=shortest, max_width_bp=widest)
