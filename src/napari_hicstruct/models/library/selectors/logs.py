"""What selectors did during a pass, in numbers: use and entropy of experts, dead ones, spread of weight maps."""

from __future__ import annotations

from napari_hicstruct.models.context import SCALES, Trace
from napari_hicstruct.models.library.selectors.gates import entropy

DEAD = 0.1
"""An expert is dead if no task gives it this part of an equal share, 1/K."""


def selector_log(trace: Trace) -> dict[str, float]:
    """Figures of all gates and weight maps of a trace, by name; empty for selectors without any.

    ``expert_use/<task>/<scale>/<k>`` mean gate weight; ``gate_entropy/<task>/<scale>`` mean entropy per pixel, 0 (one
    expert each) … 1 (all alike); ``dead_experts/<scale>`` count; ``scale_use/<task>/<target>/<scale>`` and
    ``scale_entropy/<task>/<target>`` of E6; ``weights_{mean,std,min,max}/<task>/<scale>`` of E1, E4, E5.
    """
    log: dict[str, float] = {}
    best: dict[str, list[float]] = {}
    for name, value in trace.maps.items():
        kind, _, where = name.partition("/")
        value = value.float()
        if kind == "gate":
            use = value.mean((0, 2, 3)).tolist()
            scale = where.rpartition("/")[2]
            best[scale] = [max(pair) for pair in zip(use, best.get(scale, use), strict=True)]
            log |= {f"expert_use/{where}/{k}": u for k, u in enumerate(use)}
            log[f"gate_entropy/{where}"] = float(entropy(value).mean())
        elif kind == "scale_gate":
            use = value.mean((0, 2, 3)).tolist()
            log |= {f"scale_use/{where}/{s}": u for s, u in zip(SCALES[-len(use) :], use, strict=True)}
            log[f"scale_entropy/{where}"] = float(entropy(value).mean())
        elif kind == "weights":
            figures = {"mean": value.mean(), "std": value.std(), "min": value.min(), "max": value.max()}
            log |= {f"weights_{key}/{where}": float(figure) for key, figure in figures.items()}
    return log | {f"dead_experts/{s}": float(sum(u < DEAD / len(use) for u in use)) for s, use in best.items()}
