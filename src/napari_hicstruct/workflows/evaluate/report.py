"""What an evaluation leaves behind: ``metrics.json`` and pictures, one figure per question."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.config.files import check_output_file, in_place_of, writing
from napari_hicstruct.evaluation.report import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {info.stem: info.colour for info in KINDS.values()}

GREY = "#9a9a9a"

_RATES = {"precision": "#0072b2", "recall": "#e69f00", "f1": "#333333", "average_precision": "#56b4e9"}

_FONT = {"font.size": 9, "axes.titlesize": 10, "legend.fontsize": 8, "svg.fonttype": "none", "text.parse_math": False}


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure: the sections it draws and how.

    Attributes
    ----------
    title : str
    needs : callable
        Whether a section holds what the picture shows.
    draw : callable
        Draws all of those sections into one panel.
    size : (float, float)
        Inches.
    """

    title: str
    needs: Callable[[Section], bool]
    draw: Callable[[Axes, Mapping[str, Section]], None]
    size: tuple[float, float] = (4.8, 4.6)

    def chosen(self, sections: Mapping[str, Section]) -> dict[str, Section]:
        """The sections that it draws; empty if there is no such picture."""
        return {name: section for name, section in sections.items() if self.needs(section)}


def save_picture(path: Path, picture: Picture, sections: Mapping[str, Section]) -> None:
    """Draw a picture and write it; the ending of ``path`` says the format."""
    import matplotlib

    figure = draw_picture(picture, sections)
    with matplotlib.rc_context(_FONT):
        figure.savefig(path, dpi=150)


def draw_picture(picture: Picture, sections: Mapping[str, Section]) -> Figure:
    """A figure of its own, outside pyplot, so that no window opens and nothing need be closed."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_FONT):
        figure = Figure(figsize=picture.size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw_into(axes, picture, sections)
        if handles := axes.get_legend_handles_labels()[0]:
            figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_into(axes: Axes, picture: Picture, sections: Mapping[str, Section]) -> None:
    """Draw a picture into axes that are there, without a legend."""
    axes.spines[["top", "right"]].set_visible(False)
    picture.draw(axes, picture.chosen(sections))
    axes.set_title(picture.title, loc="left", fontweight="bold")


def _colour(name: str) -> str:
    return COLOURS.get(name, GREY)


def _curves(axes: Axes, sections: Mapping[str, Section]) -> None:
    for name, section in sections.items():
        recall, precision = section.plots["recall"], section.plots["precision"]
        label = f"{name} · AP {section.metrics['average_precision']:.2f}"
        axes.step(recall, precision, where="pre", color=_colour(name), linewidth=1.6, label=label)
        chance = section.metrics.get("shifted_control_precision")
        if chance is not None:
            axes.axhline(chance, color=_colour(name), linestyle=":", linewidth=1)
    axes.plot([], [], color=GREY, linestyle=":", linewidth=1, label="calls shifted: chance")
    axes.set(xlabel="recall", ylabel="precision", xlim=(-0.01, 1.02), ylim=(-0.01, 1.02))


def _top(axes: Axes, sections: Mapping[str, Section]) -> None:
    for name, section in sections.items():
        precision = section.plots["precision"]
        axes.plot(np.arange(1, len(precision) + 1), precision, color=_colour(name), linewidth=1.6, label=name)
        for n, value in section.metrics["precision_at"].items():
            if np.isfinite(value):
                axes.plot(n, value, "o", color=_colour(name), markersize=4)
    axes.set(xlabel="best n calls", ylabel="precision", ylim=(0, 1.02), xscale="log")
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.grid(axis="y", color="#eeeeee")


def _bars(axes: Axes, groups: Sequence[str], bars: Mapping[str, Sequence[float]], colours: Sequence[str]) -> None:
    """Bars side by side in each group; what is not defined leaves a gap."""
    width = 0.8 / len(bars)
    for k, ((name, values), colour) in enumerate(zip(bars.items(), colours, strict=True)):
        at = np.arange(len(groups)) + (k - (len(bars) - 1) / 2) * width
        axes.bar(at, np.nan_to_num(np.asarray(values, float)), width * 0.92, color=colour, label=name.replace("_", " "))
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylim=(0, 1.02))
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#eeeeee")


def _by_distance(axes: Axes, sections: Mapping[str, Section]) -> None:
    for section in sections.values():
        strata = section.metrics["by_distance"]
        bars = {rate: [score[rate] for score in strata.values()] for rate in _RATES}
        _bars(axes, [name.replace(" kb", "") for name in strata], bars, list(_RATES.values()))
    axes.set(xlabel="distance of the anchors, kb")


def _by_size(axes: Axes, sections: Mapping[str, Section]) -> None:
    for section in sections.values():
        sizes = section.metrics["by_size"]
        shown = ("precision", "recall", "mean_best_jaccard", "ends_found ±2 bins")
        bars = {rate: [score[rate] for score in sizes.values()] for rate in shown}
        _bars(axes, [f"{name}\n{s['truth']} true" for name, s in sizes.items()], bars, list(_RATES.values()))
    axes.set(xlabel="size of the domain; precision and recall at Jaccard 0.7")


def _reliability(axes: Axes, sections: Mapping[str, Section]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1)
    for name, section in sections.items():
        count = section.plots["count"]
        known = count > 0
        x, y = section.plots["confidence"][known], section.plots["hit_rate"][known]
        error = np.sqrt(y * (1 - y) / count[known])
        label = f"{name} · ECE {section.metrics['ece']:.3f}, Brier {section.metrics['brier']:.3f}"
        axes.errorbar(x, y, error, color=_colour(name), linewidth=1.2, elinewidth=0.8, label=label)
        axes.scatter(x, y, 8 + 120 * count[known] / count.sum(), color=_colour(name), alpha=0.7, linewidths=0)
    axes.set(xlabel="probability said (dot: share of calls)", ylabel="share that is true (± 1 s.e.)")
    room = 0.05  # for the dots at 0 and 1, which would be cut in half
    axes.set(xlim=(-room, 1 + room), ylim=(-room, 1 + room), aspect="equal")


def _across(axes: Axes, sections: Mapping[str, Section]) -> None:
    for section in sections.values():
        names = {
            "tad_corners_with_loop": "TAD corners\nwith a loop",
            "loops_at_tad_corner": "loops at\na TAD corner",
            "stripes_on_boundary": "stripes on\na boundary",
        }
        found = {text: section.metrics[name] for name, text in names.items() if name in section.metrics}
        bars = {key: [share[key] for share in found.values()] for key in ("share", "shifted_control")}
        _bars(axes, list(found), bars, [COLOURS["loops"], GREY])


def _pile(axes: Axes, sections: Mapping[str, Section]) -> None:
    for section in sections.values():
        both = np.hstack([section.plots["pile_up"], section.plots["pile_up_control"]])
        limit = max(float(np.nanmax(both)), 1.1) if np.isfinite(both).any() else 2.0
        image = axes.imshow(both, cmap="RdBu_r", vmin=2 - limit, vmax=limit)
        axes.figure.colorbar(image, ax=axes, label="observed / expected", shrink=0.6)
        axes.axvline(both.shape[0] - 0.5, color="black", linewidth=0.8)
        ratio, control = section.metrics["centre_to_corner"], section.metrics["shifted_control"]
        axes.set(xticks=[], yticks=[], xlabel=f"loops: centre/corner {ratio:.2f}   |   shifted: {control:.2f}")


def _plots(*names: str) -> Callable[[Section], bool]:
    return lambda section: section.plots.keys() >= set(names)


def _metric(name: str) -> Callable[[Section], bool]:
    return lambda section: bool(section.metrics.get(name))


def _agreement(section: Section) -> bool:
    return any(isinstance(value, dict) and "shifted_control" in value for value in section.metrics.values())


PICTURES = {
    "precision_recall": Picture("Precision and recall", _plots("precision", "recall"), _curves),
    "precision_at_n": Picture("Precision of the best n", _plots("precision"), _top),
    "by_distance": Picture("Loops by distance", _metric("by_distance"), _by_distance, (5.6, 4.2)),
    "by_tad_size": Picture("TADs by size", _metric("by_size"), _by_size, (5.6, 4.6)),
    "calibration": Picture("Reliability diagram", _plots("confidence", "count"), _reliability),
    "across_tasks": Picture("Do the tasks agree?", _agreement, _across, (5.2, 3.8)),
    "pile_up": Picture("Pile-up of the called loops", _plots("pile_up"), _pile),
}
"""Name of the file → picture, in the order in which they are written."""


# ---------------------------------------------------------------------- the folder
ENDINGS = (".png", ".svg")
METRICS = "metrics.json"


def check_folder(out_dir: Path) -> None:
    """Refuse a folder where files of our names lie that no evaluation wrote.

    Raises
    ------
    OutputError
    """
    with contextlib.suppress(OSError, ValueError):
        former = json.loads((out_dir / METRICS).read_text(encoding="utf-8"))
        if isinstance(former, dict) and set(former) == {"metrics", "notes"}:
            return
    for name in (METRICS, *(f"{name}{ending}" for name in PICTURES for ending in ENDINGS)):
        check_output_file(out_dir / name)


def write_evaluation(out_dir: Path, result: Mapping[str, Any], sections: Mapping[str, Section]) -> tuple[Path, ...]:
    """Write ``metrics.json`` and the pictures for which there is something to draw, to look at and to edit.

    Pictures of an earlier evaluation that have nothing to show now are taken away: they would pass for this one's.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    text = json.dumps(result, indent=1) + "\n"
    with writing(out_dir):
        out_dir.mkdir(parents=True, exist_ok=True)
        files = [_write(out_dir / METRICS, lambda path: path.write_text(text, encoding="utf-8"))]
        for name, picture in PICTURES.items():
            for target in (out_dir / f"{name}{ending}" for ending in ENDINGS):
                if picture.chosen(sections):
                    files.append(_write(target, partial(save_picture, picture=picture, sections=sections)))
                else:
                    target.unlink(missing_ok=True)
    return tuple(files)


def _write(target: Path, write: Callable[[Path], object]) -> Path:
    with in_place_of(target) as file:
        write(file)
    return target
