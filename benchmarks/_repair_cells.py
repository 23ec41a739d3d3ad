"""What the table of bars shows of label repair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STRENGTHS = ("weak", "medium", "strong")


def phantom(result: Mapping[str, Any]) -> str:
    """Dice and Hausdorff by strength, the smallest class, time, memory, and the bars that are missed."""
    parts = result["parts"]
    lines = ["Dice (95 % Hausdorff, voxels):"]
    for strength in STRENGTHS:
        one, alone = parts[strength], parts.get(f"alone-{strength}")
        shown = {"input": one["input"], "stage 1": one["stages"]["shape"], "ours": one["stages"]["joint"]}
        shown |= one["filters"] | ({"each alone": alone["stages"][alone["best"]]} if alone else {})
        lines.append(
            f"{strength}: "
            + " · ".join(f"{k} {v['dice']:.3f} ({v.get('least_hd95', v['hd95']):.2f})" for k, v in shown.items())
        )
        best = max(one["ruled"].items(), key=lambda pair: pair[1]["dice"])
        lines[-1] += f"; {best[0]} and our rules {best[1]['dice']:.3f} ({best[1]['hd95']:.2f})"
    small = {strength: parts[strength]["stages"]["joint"]["smallest"] for strength in STRENGTHS}
    shown_small = " / ".join(f"{one['dice']:.3f}" for one in small.values())
    lines.append(
        f"smallest class ({small['weak']['class']}): {shown_small}, lost {sum(o['lost'] for o in small.values())}"
    )
    broken = sum(len(parts[strength]["broken_rules"]) for strength in STRENGTHS)
    lines.append(f"samples that break a rule: {broken}")
    kinds = parts.get("features", {})
    if sizes := parts.get("sizes"):
        each = f"256³ in {sizes['seconds']:.0f} s, {sizes['peak_mb']:,.0f} MB"
        lines.append(f"64³ beside 256³: {min(sizes['agree']):.3f}; {each}")
    seconds = max(parts[strength]["seconds"] for strength in STRENGTHS)
    lines.append(f"all stages {seconds / 60:.1f} min, {max(parts[s]['peak_mb'] for s in STRENGTHS):,.0f} MB")
    shown_kinds = [f"{kind} {one['stages']['joint']['dice']:.3f}" for kind, one in kinds.items() if kind != "commit"]
    if shown_kinds:
        lines.append(f"features, medium: {' · '.join(shown_kinds)}")
    for word, value in (("missed", False), ("not yet measured", None)):
        if names := [name for name, is_met in result["bars"].items() if is_met is value]:
            lines.append(f"{word}: {', '.join(names)}")
    return "<br>".join(lines)


def votes(result: Mapping[str, Any]) -> str:
    """Boundary F1 and loop AP of each method, mean ± standard deviation over the seeds."""
    rows = []
    for method, figures in result["figures"].items():
        values = (f"{mean:.3f} ± {deviation or 0:.3f}" for mean, deviation in figures.values())
        rows.append(f"{method}: " + " · ".join(values))
    each = f"{result['seconds_per_map']:.0f} s a map of 10 Mb, until stage *{result['until']}*"
    return "boundary F1 · loop AP (± over seeds):<br>" + "<br>".join([*rows, each])
