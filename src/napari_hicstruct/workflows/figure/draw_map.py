"""The map itself: a picture of its bins, the axis in Mb, the colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.colours import Scale
from napari_hicstruct.genome import Interval, display_name, format_bin_size
from napari_hicstruct.workflows.figure.place import Place
from napari_hicstruct.workflows.figure.style import SMALL_PT, megabases, round_ticks
from napari_hicstruct.workflows.figure.values import MapValues

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

MM_PER_TICK, MIN_WORDS_MM = 14.0, 17.0
"""Between two numbers of an axis; and the height from which an axis has room for words."""


def draw_values(
    axes: Axes, part: MapValues, shades: NDArray[np.float64], place: Place, *, keep: NDArray[np.bool_] | None = None
) -> None:
    """Put the bins into the axes as one picture.

    Parameters
    ----------
    axes : Axes
    part : MapValues
        Where they lie.
    shades : float, shape (n_rows, n_cols, 4)
        Their colours.
    place : Place
    keep : bool, shape (n_rows, n_cols), optional
        The others are left out.
    """
    from matplotlib.transforms import Affine2D

    shown = shades if keep is None else np.where(keep[..., None], shades, 0.0)
    picture = axes.imshow(
        shown, extent=part.extent, interpolation="nearest", aspect="auto", origin="upper", zorder=0, resample=False
    )
    picture.set_transform(Affine2D(place.matrix()) + axes.transData)


def shades_of(part: MapValues, colours: Colormap, limits: tuple[float, float]) -> NDArray[np.float64]:
    """The colour of each bin."""
    low, high = limits
    share = np.ma.masked_invalid((part.values.astype(np.float64) - low) / (high - low))
    return np.asarray(colours(np.clip(share, 0, 1)), np.float64)


def name_axis(axes: Axes, span: Interval, length_mm: float, *, upright: bool, named: bool = True) -> None:
    """Numbers in Mb along one side of the map, and the chromosome."""
    ticks = round_ticks(span.start, span.end, max(2, round(length_mm / MM_PER_TICK)))
    step = ticks[1] - ticks[0] if len(ticks) > 1 else float(len(span))
    texts = [megabases(x, step) for x in ticks]
    name = f"{display_name(span.chrom)} (Mb)" if named else ""
    if upright:
        axes.set_yticks(ticks, texts, rotation=90, va="center")
        axes.set_ylabel(name)
        near = 0.02 * len(span)
        for tick, label in zip(ticks, axes.get_yticklabels(), strict=True):  # those at the ends stay beside the map
            at_end = tick > span.end - near
            if at_end or tick < span.start + near:
                label.set_verticalalignment("bottom" if at_end else "top")
    else:
        axes.set_xticks(ticks, texts)
        axes.set_xlabel(name)


def name_distance(axes: Axes, reach: float, height_mm: float, *, below: bool) -> None:
    """Numbers of the distance, which a tilted map has upwards."""
    ticks = [one for one in round_ticks(0, reach, max(2, round(height_mm / 9))) if one <= reach]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else reach
    axes.set_yticks([-one if below else one for one in ticks], [megabases(one, step) for one in ticks])
    axes.set_ylabel("distance (Mb)" if height_mm >= MIN_WORDS_MM else "Mb")


def draw_bar(axes: Axes, part: MapValues, colours: Colormap, limits: tuple[float, float], *, open_end: bool) -> str:
    """The colour bar with three numbers; gives what they are, in two lines.

    ``open_end``: values beyond the last colour have it, too.
    """
    low, high = limits
    ramp = colours(np.linspace(1, 0, 256))[:, None]
    axes.imshow(ramp, extent=(0, 1, low, high), aspect="auto", interpolation="nearest")
    values = [low, (low + high) / 2, high]
    shown = [2.0**value for value in values] if part.scale is Scale.RATIO else values
    power = 0
    if part.scale is not Scale.RATIO and 0 < max(map(abs, shown)) < 0.1:
        power = int(np.floor(np.log10(max(map(abs, shown)))))
    texts = [_short(value / 10.0**power) for value in shown]
    axes.set_xticks([])
    axes.yaxis.tick_right()
    if open_end:
        texts = [f"≤ {texts[0]}" if shown[0] else texts[0], texts[1], f"≥ {texts[2]}"]
    axes.set_yticks(values, texts, fontsize=SMALL_PT)
    axes.tick_params(axis="y", length=1.5)
    unit = f" (10{str(power).translate(_RAISED)})" if power else ""
    return f"{part.meaning}{unit}\n{format_bin_size(part.resolution)} bins"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _short(value: float) -> str:
    """Two digits or more."""
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    text = f"{value:.0f}" if abs(value) >= 10 or value == 0 else f"{value:.2g}"
    return text.replace("-", "−")


def frame(axes: Axes, sides: Sequence[str]) -> None:
    """Lines on these sides only."""
    for name, line in axes.spines.items():
        line.set_visible(name in sides)
