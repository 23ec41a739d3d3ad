"""What an evaluation leaves behind: ``metrics.json`` and pictures, each written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.errors import OutputError
from napari_hicstruct.evaluation.report import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_evaluation(out_dir: Path, result: Mapping[str, Any], sections: Mapping[str, Section]) -> tuple[Path, ...]:
    """Write ``metrics.json`` and a picture of each section that has something to draw.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        files = [_write(out_dir / "metrics.json", lambda path: path.write_text(text, encoding="utf-8"))]
        for name, draw in _DRAWN.items():
            if any(section.plots.keys() >= draw.needs for section in sections.values()):
                files.append(_write(out_dir / name, partial(_save, drawing=draw, sections=sections)))
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror or error}).", where=out_dir) from error
    return tuple(files)


def _write(target: Path, write: Callable[[Path], object]) -> Path:
    """Fill a temporary file beside ``target``, then put it in place."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


class _Drawing:
    """A picture with one panel, made of the sections that have the arrays it needs."""

    def __init__(self, needs: frozenset[str], panel: Callable[[Axes, str, Section], None], title: str) -> None:
        self.needs, self.panel, self.title = needs, panel, title


def _save(path: Path, *, drawing: _Drawing, sections: Mapping[str, Section]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, section in sections.items():
        if section.plots.keys() >= drawing.needs:
            drawing.panel(axes, name, section)
    axes.set_title(drawing.title)
    figure.savefig(path, dpi=120)


def _draw_curve(axes: Axes, name: str, section: Section) -> None:
    recall, precision = section.plots["recall"], section.plots["precision"]
    axes.step(recall, precision, where="pre", label=f"{name} (AP {section.metrics['average_precision']:.3f})")
    chance = section.metrics["shifted_control_precision"]
    axes.axhline(chance, color="grey", linestyle=":", label="shifted control")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend()


def _draw_top(axes: Axes, name: str, section: Section) -> None:
    precision = section.plots["precision"]
    axes.plot(np.arange(1, len(precision) + 1), precision, label=name)
    for n, value in section.metrics["precision_at"].items():
        if value == value:
            axes.plot(n, value, "o", color="black", markersize=4)
            axes.annotate(f"{value:.2f}", (n, value), textcoords="offset points", xytext=(3, 5))
    axes.set(xlabel="best n calls", ylabel="precision", ylim=(0, 1.02))
    axes.legend()


def _draw_calibration(axes: Axes, name: str, section: Section) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    known = np.isfinite(section.plots["confidence"])
    confidence, rate = section.plots["confidence"][known], section.plots["hit_rate"][known]
    axes.plot(confidence, rate, "o-", label=f"{name} (ECE {section.metrics['ece']:.3f})")
    axes.set(xlabel="probability", ylabel="share of hits", xlim=(0, 1), ylim=(0, 1))
    axes.legend()


def _draw_pile(axes: Axes, name: str, section: Section) -> None:
    both = np.hstack([section.plots["pile_up"], section.plots["pile_up_control"]])
    limit = float(np.nanmax(both)) if np.isfinite(both).any() else 2.0
    image = axes.imshow(both, cmap="RdBu_r", vmin=2 - max(limit, 1.1), vmax=max(limit, 1.1))
    axes.figure.colorbar(image, ax=axes, label="observed / expected", shrink=0.6)
    axes.axvline(len(both) - 0.5, color="black", linewidth=0.8)
    ratio, control = section.metrics["centre_to_corner"], section.metrics["shifted_control"]
    axes.set(xticks=[], yticks=[], xlabel=f"loops: centre/corner {ratio:.2f}   |   shifted: {control:.2f}")


_DRAWN = {
    "precision_recall.png": _Drawing(frozenset({"precision", "recall"}), _draw_curve, "Precision and recall"),
    "precision_at_n.png": _Drawing(frozenset({"precision"}), _draw_top, "Precision of the best n"),
    "calibration.png": _Drawing(frozenset({"confidence", "hit_rate"}), _draw_calibration, "Calibration"),
    "pile_up.png": _Drawing(frozenset({"pile_up"}), _draw_pile, "Pile-up of the called loops"),
}
