"""What the table shows of a comparison of two maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PEERS = ("coolpup", "chromosight")
"""Differences of scores as these programs give them."""


def compare(found: Mapping[str, Any]) -> str:
    """False changes, power, order, thinned copies, Epha4, time and memory."""
    own, parts = found["planted"], []
    false, naive = own["false_share"], own["false_share_of_score_differences"]
    worst = max(naive[name] for name in naive if name.endswith("0.05"))
    parts.append(f"false {false['all 0.05']:.3f}, {false['all 0.2']:.3f} (differences of scores up to {worst:.2f})")
    depths = [name.split()[1] for name in own["power"] if name.startswith("loop")]
    shown = ", ".join(f"{own['power'][f'loop {depth}']:.2f}" for depth in depths)
    parts.append(f"loops found at depth {' / '.join(depths)}: {shown}")
    gain = [one["ours"] - max(one.get(peer, 0.0) for peer in PEERS) for one in own["order"].values()]
    parts.append(f"AP over the better peer {min(gain):+.2f} to {max(gain):+.2f}")
    copies = [one for name, one in found["thinned"].items() if name != "of_commit"]
    parts.append(f"{sum(n for n, _ in copies)} changes in {len(copies)} thinned copies")
    parts.append(f"Epha4: TAD {found['epha4']['rank_of_tad']}., border {found['epha4']['ranks_of_border']}")
    parts += [
        f"{name}: {run['wall_s']:.0f} s, {run['peak_mb']:,.0f} MB"
        for name, run in found.get("speed", {}).items()
        if name != "of_commit"
    ]
    if "speed" not in found:
        parts.append("time and memory not measured on a quiet machine yet")
    return "; ".join(parts)
