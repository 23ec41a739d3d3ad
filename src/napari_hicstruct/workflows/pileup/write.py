"""Pile-ups in files: a figure, a table, and the windows as arrays."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_hicstruct import __version__
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.files import check_output_file, make_folder, write_bytes, write_text
from napari_hicstruct.contacts.colours import RATIO
from napari_hicstruct.errors import OutputError
from napari_hicstruct.evaluation.pileup import BEYOND
from napari_hicstruct.genome import format_bp
from napari_hicstruct.wording import middle_elided
from napari_hicstruct.workflows.figure.request import Theme
from napari_hicstruct.workflows.figure.style import MM, SMALL_PT, colours_of, page_style, save_figure
from napari_hicstruct.workflows.pileup import Pile, PileupResult, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TABLE, ARRAYS, FIGURES = "pileup.tsv", "pileup.npz", ("pileup.svg", "pileup.png")
SIDE_MM, GAP_MM, EDGE_MM, WORDS_MM, BAR_MM, PAGE_MM = 26.0, 3.0, 3.0, 7.0, 15.0, 185.0
RUN, _OWN_KEY = "run.json", "flank_bins"
MAX_COLUMNS = 5
_MIN_LETTERS = 8


def write_pileup(result: PileupResult, folder: Path, about: dict[str, Any], *, overwrite: bool = False) -> list[Path]:
    """Write the figure (SVG and PNG), the table and the arrays into a folder; gives the files.

    Raises
    ------
    OutputError
    """
    files = [folder / name for name in (*FIGURES, TABLE, ARRAYS, RUN)]
    for path in files:
        check_output_file(path, overwrite=overwrite)
    _check_run(files[-1])
    make_folder(folder)
    for path in files[:2]:
        draw_pileup(result, path)
    write_text(files[2], _table(result))
    write_bytes(files[3], arrays_of(result))
    run = {"made_with": f"napari-hicstruct {__version__}", **about, "bin_size": result.resolution,
           _OWN_KEY: result.flank, "parameters": result.parameters, "notes": list(result.notes)}  # fmt: skip
    write_text(files[4], json.dumps(run, indent=2, default=str) + "\n")
    return files


def _check_run(path: Path) -> None:
    """Refuse a folder whose provenance is that of other files, as of an export: it would be lost.

    Raises
    ------
    OutputError
    """
    if not path.exists():
        return
    try:
        own = _OWN_KEY in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        own = False
    if not own:
        hint = "Choose another folder, or make one in it."
        raise OutputError("holds files of something else, which this run.json belongs to.", where=path, hint=hint)


def _table(result: PileupResult) -> str:
    rows = result.rows()
    lines = ["\t".join(rows[0])]
    lines += ["\t".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row.values()) for row in rows]
    return "".join(line + "\n" for line in lines)


def arrays_of(result: PileupResult) -> bytes:
    """The windows as NumPy's ``.npz``: ``NUMBER_set_kind`` and ``…_control``."""
    found = {}
    for number, one in enumerate(result.piles):
        name = f"{number:02}_{one.kind.value}"
        found[name] = one.pile.window
        if one.control is not None:
            found[f"{name}_control"] = one.control.window
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **cast("dict[str, Any]", found))
    return buffer.getvalue()


def draw_pileup(result: PileupResult, path: Path, *, theme: Theme = Theme.LIGHT, dpi: int = 300) -> Path:
    """The windows beside each other, each kind with one colour bar.

    Raises
    ------
    OutputError
    """
    with page_style(theme) as inks:
        groups = _placed(_groups(result.piles))
        width = max(one.left + one.width for one in groups)
        height = max(one.top for one in groups) + SIDE_MM + WORDS_MM
        figure, colours = _page(width, height), colours_of(RATIO, inks)
        for group in groups:
            limit, top = _limit(group.piles), 1 - (group.top + SIDE_MM) / height
            for column, one in enumerate(group.piles):
                left = group.left + column * (SIDE_MM + GAP_MM)
                axes = figure.add_axes((left / width, top, SIDE_MM / width, SIDE_MM / height))
                _draw_one(axes, one, result, colours, limit)
            left = group.left + len(group.piles) * (SIDE_MM + GAP_MM) - GAP_MM / 2
            _draw_bar(figure.add_axes((left / width, top, 1.8 / width, SIDE_MM / height)), colours, limit)
        kind = path.suffix[1:].lower()
        metadata = {"Date": None} if kind == "svg" else {"CreationDate": None} if kind == "pdf" else {}
        save_figure(figure, path, dpi=dpi, metadata=metadata)
    return path


@dataclass(frozen=True, slots=True)
class _Group:
    """Pile-ups of one kind beside each other, and where the first begins, mm."""

    piles: tuple[Pile, ...]
    left: float = 0.0
    top: float = 0.0

    @property
    def width(self) -> float:
        return len(self.piles) * (SIDE_MM + GAP_MM) + BAR_MM


def _page(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width * MM, height * MM))


def _groups(piles: Sequence[Pile]) -> list[_Group]:
    """Those of one kind, as many as fit beside each other."""
    found = []
    for kind in Kind:
        own = [one for one in piles if one.kind is kind and one.pile.n]
        found += [_Group(tuple(own[k : k + MAX_COLUMNS])) for k in range(0, len(own), MAX_COLUMNS)]
    return found


def _placed(groups: Sequence[_Group]) -> list[_Group]:
    """Line by line, as a page of a journal has room."""
    found, left, top = [], EDGE_MM, WORDS_MM
    for one in groups:
        if left > EDGE_MM and left + one.width > PAGE_MM:
            left, top = EDGE_MM, top + SIDE_MM + 2 * WORDS_MM
        found.append(replace(one, left=left, top=top))
        left += one.width
    return found


def _limit(row: Sequence[Pile]) -> float:
    """How far colours reach from 1, as a logarithm to base 2: the same for all windows of a row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.abs(np.log2(np.concatenate([one.pile.window.ravel() for one in row])))
    finite = values[np.isfinite(values)]
    return float(np.clip(np.percentile(finite, 99.5), 0.2, 4.0)) if finite.size else 1.0


def _draw_one(axes: Axes, one: Pile, result: PileupResult, colours: Any, limit: float) -> None:
    window = one.pile.window
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = np.ma.masked_invalid(np.log2(window))
    axes.imshow(shown, cmap=colours, vmin=-limit, vmax=limit, interpolation="nearest", aspect="auto")
    name, number = title_of(one).split("\n")
    pt = SMALL_PT + 0.5
    axes.set_title(f"{_fitting(name, pt, SIDE_MM)}\n{number}", fontsize=pt, pad=2.5)
    axes.set_yticks([])
    width = window.shape[1]
    ticks, texts = _ticks(one.kind, result, width)
    axes.set_xticks(ticks, texts, fontsize=SMALL_PT)
    if one.kind is not Kind.TAD:  # numbers at the ends stay under their own window
        labels = axes.get_xticklabels()
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")
    if one.pile.n:
        style: dict[str, Any] = {"fontsize": SMALL_PT + 0.5, "color": "#111111", "transform": axes.transAxes}
        ground = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
        axes.text(0.04, 0.96, f"{one.value:.2f}", ha="left", va="top", bbox=ground, **style)


def _fitting(name: str, pt: float, room: float) -> str:
    """A name that fits between its neighbours (mm), cut in the middle: sets differ at their ends."""
    from matplotlib.textpath import TextPath

    text, most = name, len(name)
    while most > _MIN_LETTERS and TextPath((0, 0), text, size=pt).get_extents().width * 25.4 / 72 > room:
        most -= 1
        text = middle_elided(name, most)
    return text


def _ticks(kind: Kind, result: PileupResult, width: int) -> tuple[list[float], list[str]]:
    reach = format_bp(result.flank * result.resolution)
    if kind is Kind.TAD:
        margin = float(result.parameters["margin"])
        ends = [width * part / (1 + 2 * margin) - 0.5 for part in (margin, 1 + margin)]
        return ends, ["start", "end"]
    if kind is Kind.STRIPE:
        if result.parameters["stretch_stripes"]:
            return [-0.5, width / (1 + BEYOND) - 0.5, width - 0.5], ["diagonal", "end", ""]
        return [-0.5, width - 0.5], ["diagonal", format_bp(width * result.resolution)]
    return [-0.5, width / 2 - 0.5, width - 0.5], [f"−{reach}", "0", f"+{reach}"]


def _draw_bar(axes: Axes, colours: Any, limit: float) -> None:
    ramp = colours(np.linspace(1, 0, 256))[:, None]
    axes.imshow(ramp, extent=(0, 1, -limit, limit), aspect="auto", interpolation="nearest")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.set_yticks([-limit, 0, limit], [f"{2.0**one:.2g}" for one in (-limit, 0.0, limit)], fontsize=SMALL_PT)
    axes.yaxis.set_label_position("right")
    axes.set_ylabel("observed / expected", fontsize=SMALL_PT)
