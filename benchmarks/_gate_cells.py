"""Cells of the table: gates of cell lines and of maps."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any


def epi(result: Mapping[str, Any]) -> str:
    """AUPR on unseen lines by method, and what the gate opens."""
    runs = result["runs"]

    def mean(name: str, key: str) -> float:
        return statistics.fmean(one[key] for one in runs[name])

    unseen = ", ".join(f"{name.replace('_', ' ')} {mean(name, 'unseen'):.2f}" for name in runs)
    gate = f"gates found AUC {mean('gate', 'gate_auc'):.2f}, {mean('gate', 'share_open'):.0%} open"
    n = len(runs["gate"])
    return f"unseen AUPR {unseen}; gap {mean('gate', 'gap'):.2f}; {gate} ({n} seeds, {result['steps']:,} steps)"


def epi_met(result: Mapping[str, Any]) -> bool:
    """All bars."""
    return all(result["bars"].values())


def cell_gate(result: Mapping[str, Any]) -> str:
    """Gains over the ungated model: simulated protocols, chr21 by depth; and what adapting costs."""
    parts = []
    for name, own in result["simulated"].items():
        gain = own["gate"]["mean"] - own["ungated"]["mean"]
        control = own["control"]["mean"] - own["ungated"]["mean"] if "control" in own else None
        parts.append(f"{name} {gain:+.3f}" + ("" if control is None else f" (control {control:+.3f})"))
    adapt = result["adapt"]
    found = [f"mean AP {', '.join(parts)}"]
    for factor, own in result["real"].items():
        gains = [f"{kind} {_top(own['gate'][kind]) - _top(own['ungated'][kind]):+.2f}" for kind in own["gate"]]
        found.append(f"chr21 {factor}: {', '.join(gains)}")
    found.append(f"adapting {adapt['cpu_seconds']:.1f} s of a core, +{adapt['mb']:.0f} MB")
    return "; ".join(found)


def _top(shares: Mapping[str, Any]) -> float:
    return float(shares.get("100") or shares.get("50") or shares.get("all") or 0.0)
