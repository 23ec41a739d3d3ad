"""What the table of bars shows of the selectors on pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def selectors(result: Mapping[str, Any]) -> str:
    """A line for each row: Dice by set with the lowest and highest seed, the other figures' means, what gates do."""
    if result["kind"] == "run":  # the benchmark was interrupted
        return "runs are recorded, the table is not: `python -m benchmarks.selectors_images --table`"
    lines = [f"{result.get('steps')} steps; Dice by set, mean (lowest–highest seed); then means over sets:"]
    for name, one in result["table"].items():
        sets = [f"{of} {_spread(v['dice'])}" for of, v in one["sets"].items() if "dice" in v]
        mean = one["mean"]
        figures = [f"Dice {mean['dice']:.3f}", f"boundary F {mean['boundary_f']:.3f}", f"HD95 {mean['hd95_px']:.1f} px"]
        if "sdf_error_px" in mean:
            figures.append(f"SDF error {mean['sdf_error_px']:.2f} px")
        figures.append(f"{one['parameters'] / 1e3:,.0f}k parameters, {one['seconds']:.0f} s")
        if gates := one["gates"]:
            use = f"{gates['min_expert_use']:.2f}–{gates['max_expert_use']:.2f}"
            figures.append(f"use of experts {use}, entropy {gates['gate_entropy']:.3f}")
        change = one["dice_against_e0"]
        if name != "E0_Identity" and change:
            figures.append(f"Dice − E0 {_signed(change)}")
        lines.append(f"{name}: {' · '.join(sets)}; {', '.join(figures)}")
    change = result["best_against_e0"]
    seeds = " / ".join(f"{value:.3f}" for value in result["best_dice_by_seed"].values())
    how = "" if result["best"] == "E0_Identity" else f", against E0 {_signed(change)} ({_word(change)})"
    lines.append(f"best: **{result['best']}**, Dice {result['best_dice']:.3f} (by seed {seeds}){how}")
    return "<br>".join(lines)


def _spread(values: list[float]) -> str:
    return f"{values[0]:.3f} ({values[1]:.3f}–{values[2]:.3f})"


def _signed(change: Mapping[str, float]) -> str:
    return f"{change['mean']:+.3f} [{change['low']:+.3f}, {change['high']:+.3f}]"


def _word(change: Mapping[str, float]) -> str:
    """Whether the 90 % interval leaves zero."""
    return "beyond chance" if change["low"] > 0 else "within chance"
