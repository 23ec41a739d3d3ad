"""The stripe check drawn over the map of the window; what is drawn: ``workflows.stripe_check``."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.state.labels.geometry import Box, dashes
from napari_hicstruct.workflows.stripe_check import (
    BAD_BIN,
    EDGE,
    EDGE_WIDTH,
    CheckOptions,
    StripeCheck,
    check_stripe,
)

_DASHES = 24  # per side
_LAYERS = ("Stripe check: counts", "Stripe check: transpose", "Stripe check: stripe")


def show_stripe_check(
    canvas: Canvas,
    record: Annotation,
    title: str,
    *,
    transpose: bool = False,
) -> StripeCheck:
    """Draw the check of one stripe over the map and fly there; :func:`clear_stripe_check` takes it away."""
    source = canvas.window.source
    assert source is not None, "no map is open"
    check = check_stripe(source, record, CheckOptions(transpose=transpose))
    clear_stripe_check(canvas)
    canvas.window.go_to(check.window.clamp(source.chromsizes[record.chrom]))
    canvas.put(*_layers(check, title, canvas.bp_per_px(), transpose, canvas.world_kwargs()))
    return check


def clear_stripe_check(canvas: Canvas) -> None:
    """Take the check's layers out of the window."""
    canvas.remove(*(layer for layer in canvas.viewer.layers if layer.metadata.get("hicstruct_check")))


def _layers(check: StripeCheck, title: str, per_px: float, transpose: bool, spatial: dict[str, Any]) -> list[Any]:
    from napari_hicstruct.plugin.layers.coarse_steps import Shapes
    from napari_hicstruct.plugin.layers.fixed_place import Image

    mark = {"hicstruct_check": title}
    corner = check.window.start + check.resolution / 2
    width = EDGE_WIDTH * per_px
    shared = {"edge_color": EDGE, "edge_width": width, "metadata": mark, **spatial}
    fill, box = np.array([0.0, 191 / 255, 1.0, check.fill_alpha(per_px)]), Box(*check.outline(width))
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
        turned = Box(box.left, box.top, box.right, box.bottom)
        layers.append(Shapes(dashes(turned, _DASHES), shape_type="line", name=_LAYERS[1], **shared))
    solid = Shapes([box.vertices()], shape_type="rectangle", face_color=[fill], name=_LAYERS[2], **shared)
    layers.append(solid)
    for layer in layers[1:]:
        layer.editable = False
    return layers


def _reds() -> Any:
    from napari.utils.colormaps import Colormap

    stops = ["#fff5f0", "#fee0d2", "#fcbba1", "#fc9272", "#fb6a4a", "#ef3b2c", "#cb181d", "#a50f15", "#67000d"]
    colours = [[int(stop[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1.0] for stop in stops]
    return Colormap(colours, name="reds", display_name="reds", bad_color=BAD_BIN)
