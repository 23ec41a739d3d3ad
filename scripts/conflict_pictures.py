"""Draw the conflicts between tasks that a training run has logged: ``conflict_pictures.py RUN/log.jsonl OUT.png``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ORDER = ("", "<200kb", "200kb-1Mb", ">1Mb")

Curve = tuple[list[int], list[float]]


def read_curves(log: Path, prefix: str) -> dict[str, Curve]:
    """Values by step of every training figure whose name starts with ``prefix``; steps without it are left out."""
    curves: dict[str, Curve] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        for name, value in entry["train"].items():
            if name.startswith(prefix):
                steps, values = curves.setdefault(name.removeprefix(prefix).strip("/"), ([], []))
                steps.append(entry["step"])
                values.append(value)
    return curves


def draw(log: Path, out: Path) -> None:
    """Conflict rate by distance bucket above, cosine by pair of tasks and bucket below.

    Raises
    ------
    SystemExit
        If the run has logged no conflicts.
    """
    from matplotlib.figure import Figure

    rates, cosines = (read_curves(log, prefix) for prefix in ("conflict_rate", "cosine/"))
    if not cosines:
        raise SystemExit(f"{log}: no conflicts were logged. Train with losses.conflict or losses.conflict_buckets.")
    pairs = sorted({name.partition("/")[0] for name in cosines})
    buckets = [bucket for bucket in ORDER if any(name.partition("/")[2] == bucket for name in cosines)]
    figure = Figure(figsize=(4 * len(pairs), 6), layout="constrained")
    top, bottom = figure.subfigures(2, 1)
    above = top.subplots()
    above.set(ylabel="share of task pairs in conflict", ylim=(-0.02, 1.02))
    below = bottom.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
    for k, bucket in enumerate(buckets):
        style = {"label": bucket or "all distances", "color": "k" if not bucket else f"C{k - 1}", "lw": 1.5}
        if bucket in rates:
            above.plot(*rates[bucket], **style)
        for axes, pair in zip(below, pairs, strict=True):
            curve = cosines.get(f"{pair}/{bucket}".strip("/"))
            if curve:
                axes.plot(*curve, **style)
    for axes, pair in zip(below, pairs, strict=True):
        axes.axhline(0, color="0.7", lw=0.8, zorder=0)
        axes.set(title=pair.replace("-", " and "), xlabel="step")
    below[0].set_ylabel("cosine of gradients")
    above.legend(frameon=False, ncols=len(buckets), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
