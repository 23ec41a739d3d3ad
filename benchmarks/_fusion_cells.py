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
    return " / ".join(f"{value:.2f}" if value > 2 else f"{value:.3f}" for value in values)
