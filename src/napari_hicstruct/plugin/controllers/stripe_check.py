"""The stripe check: one stripe on raw counts, exactly as its coordinates say, rows = x and columns = y.

Nothing is turned to look better: if a rectangle does not sit on the stripe here, the coordinates are wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts.protocol import RAW, ContactSource
from napari_hicstruct.genome import Interval, bin_range, format_bin_size
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.state.geometry import Box, dashes

WANTED_RESOLUTION = 5_000
MARGIN, MARGIN_SHARE = 250_000, 0.25
COLOUR_PERCENTILE = 98.0
EDGE_WIDTH, EDGE, FILL_ALPHA = 1.4, "deepskyblue", 0.22
_DASHES = 24  # per side
_LAYERS = ("Stripe check: counts", "Stripe check: transpose", "Stripe check: stripe")


@dataclass(frozen=True, slots=True)
class StripeCheck:
    """What is drawn.

    Attributes
    ----------
    resolution : int
        Bin size that is drawn (bp).
    note : str
        Names the resolution where it is not the wanted one; else empty.
    window : Interval
        Rows and columns of the picture, whole bins.
    counts : array (n, n) of float32
        Raw counts; NaN where a bin is bad.
    limit : float
        Colour maximum.
    box : Box
        The stripe in whole bins, bp: rows = x, columns = y.
    """

    resolution: int
    note: str
    window: Interval
    counts: NDArray[np.float32]
    limit: float
    box: Box


def nearest_resolution(resolutions: Sequence[int], wanted: int) -> int:
    """The resolution closest to ``wanted`` (bp); the finer one of two equally close."""
    return min(sorted(resolutions), key=lambda resolution: abs(resolution - wanted))


def check_window(record: Annotation, length: int, margin: int | None = None) -> Interval:
    """Bounding interval of x and y, plus ``margin`` or max(250 kb, 25 % of its length), clamped to the chromosome."""
    span = record.span
    if margin is None:
        margin = max(MARGIN, round(MARGIN_SHARE * len(span)))
    return span.expand(margin, length)


def bin_box(record: Annotation, resolution: int) -> Box:
    """The stripe in whole bins: floor of the starts, ceiling of the ends (bp)."""
    (top, bottom), (left, right) = (
        bin_range(part.start, part.end, resolution) for part in (record.anchor1, record.anchor2)
    )
    return Box(*(float(edge * resolution) for edge in (top, left, bottom, right)))


def check_stripe(
    source: ContactSource, record: Annotation, *, wanted: int = WANTED_RESOLUTION, margin: int | None = None
) -> StripeCheck:
    """Read the window of one stripe and work out what to draw (bp throughout)."""
    resolution = nearest_resolution(source.resolutions_of(record.chrom), wanted)
    length = source.chromsizes[record.chrom]
    window = check_window(record, length, margin).snap(resolution)
    counts = source.fetch(window.clamp(length), window.clamp(length), resolution=resolution, norm=RAW)
    finite = counts[np.isfinite(counts)]
    limit = float(np.percentile(finite, COLOUR_PERCENTILE)) if finite.size else 0.0
    if limit <= 0:
        limit = max(float(finite.max()) if finite.size else 0.0, 1.0)
    sizes = format_bin_size(resolution), format_bin_size(wanted)
    note = "" if resolution == wanted else f"drawn at {sizes[0]}: the map has no {sizes[1]} bins"
    return StripeCheck(resolution, note, window, counts, limit, bin_box(record, resolution))


def show_stripe_check(
    canvas: Canvas,
    record: Annotation,
    title: str,
    *,
    wanted: int = WANTED_RESOLUTION,
    margin: int | None = None,
    transpose: bool = False,
) -> StripeCheck:
    """Draw the check of one stripe over the map and fly there; :func:`clear_stripe_check` takes it away."""
    source = canvas.window.source
    assert source is not None, "no map is open"
    check = check_stripe(source, record, wanted=wanted, margin=margin)
    clear_stripe_check(canvas)
    canvas.window.go_to(check.window.clamp(source.chromsizes[record.chrom]))
    canvas.put(*_layers(check, title, canvas.bp_per_px(), transpose, canvas.world_kwargs()))
    return check


def clear_stripe_check(canvas: Canvas) -> None:
    """Take the check's layers out of the window."""
    canvas.remove(*(layer for layer in canvas.viewer.layers if layer.metadata.get("hicstruct_check")))


def _layers(check: StripeCheck, title: str, per_px: float, transpose: bool, spatial: dict[str, Any]) -> list[Any]:
    from napari.layers import Image

    from napari_hicstruct.plugin.layers.coarse_steps import Shapes

    mark = {"hicstruct_check": title}
    corner = check.window.start + check.resolution / 2
    width = EDGE_WIDTH * per_px
    shared = {"edge_color": EDGE, "edge_width": width, "metadata": mark, **spatial}
    fill = np.array([0.0, 191 / 255, 1.0, FILL_ALPHA])
    layers: list[Any] = [
        Image(
            check.counts,
            name=_LAYERS[0],
            colormap=_reds(),
            contrast_limits=(0, check.limit),
            scale=(check.resolution, check.resolution),
            translate=(corner, corner),
            metadata=mark,
            **spatial,
        )
    ]
    if transpose:
        turned = Box(check.box.left, check.box.top, check.box.right, check.box.bottom)
        layers.append(Shapes(dashes(turned, _DASHES), shape_type="line", name=_LAYERS[1], **shared))
    solid = Shapes([check.box.vertices()], shape_type="rectangle", face_color=[fill], name=_LAYERS[2], **shared)
    layers.append(solid)
    for layer in layers[1:]:
        layer.editable = False
    return layers


def _reds() -> Any:
    from napari.utils.colormaps import Colormap

    stops = ["#fff5f0", "#fee0d2", "#fcbba1", "#fc9272", "#fb6a4a", "#ef3b2c", "#cb181d", "#a50f15", "#67000d"]
    colours = [[int(stop[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1.0] for stop in stops]
    return Colormap(colours, name="reds", display_name="reds", bad_color=(0.92, 0.92, 0.92, 1.0))
