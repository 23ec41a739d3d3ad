"""Pictures of single calls on the map, and of pile-ups: PNG files as text, to stand inside the page."""

from __future__ import annotations

import base64
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.evaluation.records import rank_score
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.call_view import BOUNDARY_BINS, colour_limit, read_call
from napari_hicstruct.workflows.stripe_check import BAD_BIN, EDGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_hicstruct.evaluation.pileup import PileUp

SHOWN = 6
"""Calls of a kind that are shown of the strongest, and of the most uncertain."""

_INCHES, _DPI, _COLOURS = 1.8, 110, 32


@dataclass(frozen=True, slots=True)
class Picture:
    """One call on its map.

    Attributes
    ----------
    record : Annotation
    png : str
        ``data:image/png;base64,…``.
    resolution : int
        Bins that are drawn, bp.
    values : str
        What is drawn: the balancing, or ``raw``.
    rows, columns : Interval
        What the picture shows.
    """

    record: Annotation
    png: str
    resolution: int
    values: str
    rows: Interval
    columns: Interval


@dataclass(frozen=True, slots=True)
class Chosen:
    """The calls of a kind that are shown; nobody is in both."""

    strongest: tuple[Annotation, ...]
    uncertain: tuple[Annotation, ...]


def choose(records: Sequence[Annotation]) -> Chosen:
    """The strongest by score, and of the others those whose probability is nearest to one half."""
    ranked = sorted(records, key=lambda one: -np.nan_to_num(rank_score(one), nan=-1.0))
    strongest = tuple(ranked[:SHOWN])
    rated = [one for one in ranked[SHOWN:] if one.probability == one.probability]
    return Chosen(strongest, tuple(sorted(rated, key=lambda one: abs(one.probability - 0.5))[:SHOWN]))


def iter_pictures(
    source: ContactSource, chosen: Mapping[Kind, Chosen], notes: list[str], clock: Clock, token: CancelToken
) -> Generator[Progress, None, dict[str, Picture]]:
    """Draw all of them; gives the pictures by the calls' uid.  What cannot be drawn becomes a note."""
    names, found, failed = NameMatcher(source.chromsizes), dict[str, Picture](), list[str]()
    for done, (kind, both) in enumerate(chosen.items()):
        yield clock.step(f"draw {KINDS[kind].plural}", done, len(chosen))
        for record in (*both.strongest, *both.uncertain):
            token.check()
            try:
                found[record.uid] = draw_call(source, record, names.require(record.chrom))
            except HicStructError as error:
                failed.append(str(error))
    if failed:
        notes.append(f"{len(failed):,} pictures cannot be drawn, the first: {failed[0]}")
    return found


def draw_call(source: ContactSource, record: Annotation, chrom: str) -> Picture:
    """One call, outlined on its surroundings: rows and columns downwards and to the right, as the window has them.

    Raises
    ------
    HicStructError
        If the map cannot be read there.
    """
    view = read_call(source, record, chrom)
    png = _draw_map(view.values, record, view.rows, view.cols, view.resolution)
    return Picture(record, png, view.resolution, view.norm, view.rows, view.cols)


def _draw_map(values: NDArray[np.float32], record: Annotation, rows: Interval, cols: Interval, size: int) -> str:
    """White to red, as a stripe check; NaN grey; the call in blue."""
    import matplotlib

    limit = colour_limit(values, (cols.start - rows.start) // size, record, size)
    figure, axes = _bare(_INCHES, _INCHES)
    colours = matplotlib.colormaps["Reds"].resampled(_COLOURS).with_extremes(bad=BAD_BIN)
    height, width = values.shape
    edges = (cols.start, cols.start + width * size, rows.start + height * size, rows.start)
    axes.imshow(values, cmap=colours, vmin=0, vmax=limit, extent=edges, interpolation="nearest", aspect="auto")
    _OUTLINES[record.kind](axes, record, size)
    axes.set(xlim=edges[:2], ylim=edges[2:])
    return _as_text(figure)


def _box(axes: Axes, top: float, left: float, bottom: float, right: float) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((left, top), right - left, bottom - top, facecolor="none", edgecolor=EDGE, linewidth=1.3))


def _outline_loop(axes: Axes, record: Annotation, size: int) -> None:
    """A square that leaves the dot's 3×3 pixels free."""
    row, col, half = record.anchor1.center, record.anchor2.center, 2.5 * size
    _box(axes, row - half, col - half, row + half, col + half)


def _outline_stripe(axes: Axes, record: Annotation, size: int) -> None:
    x, y, edge = record.anchor1, record.anchor2, 0.5 * size
    _box(axes, x.start - edge, y.start - edge, x.end + edge, y.end + edge)


def _outline_tad(axes: Axes, record: Annotation, size: int) -> None:
    place = record.anchor1
    _box(axes, place.start, place.start, place.end, place.end)


def _outline_boundary(axes: Axes, record: Annotation, size: int) -> None:
    """The lines that meet on the diagonal where the boundary is, from the middle of the picture outwards."""
    at, reach = record.anchor1.start, 0.6 * BOUNDARY_BINS * size
    axes.plot([at, at + reach], [at, at], color=EDGE, linewidth=1.3)
    axes.plot([at, at], [at, at - reach], color=EDGE, linewidth=1.3)


_OUTLINES = {
    Kind.LOOP: _outline_loop,
    Kind.STRIPE: _outline_stripe,
    Kind.TAD: _outline_tad,
    Kind.BOUNDARY: _outline_boundary,
}


def draw_pile(own: PileUp, moved: PileUp) -> tuple[str, float]:
    """A pile-up beside that of the moved calls, blue below expected, red above, and where the colours end."""
    both = np.concatenate([own.window, moved.window], axis=1 if own.window.shape[0] == own.window.shape[1] else 0)
    finite = both[np.isfinite(both)]
    limit = max(float(np.percentile(finite, 99.5)), 1.2) if finite.size else 2.0
    figure, axes = _bare(3.6, 3.6 * both.shape[0] / both.shape[1])
    axes.imshow(both, cmap="RdBu_r", vmin=2 - limit, vmax=limit, interpolation="nearest", aspect="auto")
    if both.shape[0] == own.window.shape[0]:
        axes.axvline(own.window.shape[1] - 0.5, color="black", linewidth=1)
    else:
        axes.axhline(own.window.shape[0] - 0.5, color="black", linewidth=1)
    return _as_text(figure), limit


def _bare(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that is all axes, without ticks; what there is to say stands beside it as text."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    return figure, axes


def _as_text(figure: Figure) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
