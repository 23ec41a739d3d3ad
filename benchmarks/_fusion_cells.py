"""Cells of the table of bars for the rows of fusion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = {"psnr": "PSNR", "ssim": "SSIM", "q_abf": "Q", "q_abf_clean": "Q of the pair without noise", "noise": "noise"}


def images(result: Mapping[str, Any]) -> str:
    """Ours and the peers by part, the mask, time and memory, and the bars that are missed."""
    parts, lines = result["parts"], []
    for part in ("focus", "spread", "noise"):
        if (one := parts.get(part)) is None:
            continue
        keys = [key for key in _NAMES if key in one["ours"]]
        lines.append(f"{part} ({one['pairs']} pairs; {', '.join(_NAMES[key] for key in keys)}):")
        lines.append("ours " + _figures([one["ours"][key] for key in keys]) + f"; mask IoU {one['ours']['iou']:.3f}")
        for peer, found in one["peers"].items():
            lines.append(f"{peer} " + _figures([found[key]["value"] for key in keys]))
    if (speed := parts.get("speed")) is not None:
        lines.append(f"520 × 520: {speed['seconds']:.1f} s, {speed['peak_mb']:,.0f} MB, the whole command")
    if missed := [name for name, met in result["bars"].items() if not met]:
        lines.append(f"missed: {', '.join(missed)}")
    return "<br>".join(lines)


def _figures(values: list[float]) -> str:
    return " / ".join(f"{value:.2f}" if value > 2 else f"{value:.4f}" for value in values)


def maps(result: Mapping[str, Any]) -> str:
    """SCC beside the sum's, figures of unlike bins beside the best other's, AUC by kind of fault, time and memory."""
    parts, lines = result["parts"], []
    if (one := parts.get("replicates_chr21")) is not None:
        for name in ("whole", "third"):
            pair = [one[name][which]["scc_h1"] for which in ("fused", "sum")]
            lines.append(f"chr21, SCC with the {name}: {pair[0]:.4f}, sum {pair[1]:.4f}")
        shown = [
            f"P@{n} {one['loops']['fused'][n]:.3f} ({one['loops']['whole'][n]:.3f})" for n in one["loops"]["fused"]
        ]
        lines.append("loops (those of the whole): " + " · ".join(shown))
    if (one := parts.get("replicates_simulated")) is not None:
        worst = min(row["third"]["fused"]["scc_h1"] - row["third"]["sum"]["scc_h1"] for row in one["rows"])
        lines.append(f"simulated experiments: SCC with a third, at worst {worst:+.5f} of the sum's")
    for name, title in (("unlike_simulated", "simulated 5 × 10 kb"), ("unlike_hffc6", "HFFc6 5 × 10 kb")):
        if (one := parts.get(name)) is not None:
            lines.append(f"{title}: " + " · ".join(_beside(one["mean"], key) for key in ("scc_h1", "ssim", "loop_ap")))
    if (one := parts.get("artefacts")) is not None:
        rows = one["rows"]
        for kind in ("bad_bins", "stripes", "blocks"):
            found = [row for name, row in rows.items() if f", {kind}," in name]
            auc, after = min(row["auc"] for row in found), [row["after"] for row in found]
            lines.append(f"{kind.replace('_', ' ')}: AUC ≥ {auc:.3f}, contacts there {min(after):.2f}–{max(after):.2f}")
    if (one := parts.get("speed")) is not None:
        lines.append(f"chr21: {one['wall_s']:.0f} s, {one['peak_mb']:,.0f} MB")
    if missed := [name for name, one in parts.items() if not one["met"]]:
        lines.append(f"missed: {', '.join(missed)}")
    return "<br>".join(lines)


def _beside(mean: Mapping[str, Any], key: str) -> str:
    """Ours, and the best of the others by name."""
    other = max((name for name in mean if name != "fused"), key=lambda name: mean[name][key])
    return f"{key.split('_h')[0].replace('_', ' ')} {mean['fused'][key]:.3f} ({other} {mean[other][key]:.3f})"
