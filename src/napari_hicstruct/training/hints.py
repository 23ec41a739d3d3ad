"""What a training window knows of boundaries beforehand: the strips that the hint network reads, and its answers."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import chromosome_channels, strip_channels
from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.models.context import Hint
from napari_hicstruct.models.network import MultiTaskNet

Arrays = dict[str, NDArray[np.float32]]


def hint_strips(
    band: Band, corner: tuple[int, int], size: int, config: ModelConfig, tracks: NDArray[np.float32] | None = None
) -> Arrays:
    """What the hint network reads for a window of ``size`` coarse bins; empty where the network wants no hint.

    ``band`` kind: strips around the window's rows and columns.  ``chromosome``: the whole chromosome, and the window's
    bins in it.  ``tracks`` are the band's, where the network reads any.
    """
    hint, n = config.hint, config.windows.strip_diagonals
    if hint.kind == "none":
        return {}
    if hint.kind == "chromosome":
        factor = hint.resolution // config.coarse_resolution
        bins = [np.arange(first, first + size, dtype=np.float32) for first in corner]
        whole = chromosome_channels(band, factor, n, config.inputs, tracks)
        return {"hint_map": whole, "hint_rows": bins[0], "hint_cols": bins[1]}
    length = size + 2 * hint.pad
    rows, cols = (strip_channels(band, first - hint.pad, length, n, config.inputs, tracks) for first in corner)
    return {"hint_rows": rows, "hint_cols": cols}


def strip_hint(
    band: Band, first: int, length: int, config: ModelConfig, tracks: NDArray[np.float32] | None = None
) -> Arrays:
    """The same for a strip of tiles whose own bins are ``first … first + length``."""
    margin = config.windows.coarse_margin
    around = hint_strips(band, (first - margin,) * 2, length + 2 * margin, config, tracks)
    if "hint_map" in around:
        return {"hint": around["hint_map"], "hint_first": np.array(first, np.float32)}
    return {"hint": around["hint_rows"]} if around else {}


def _look(net: MultiTaskNet, strip: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.sigmoid(net.hint(strip).float())


def _take(values: Tensor, bins: Tensor) -> Tensor:
    """``(B, L)`` at bins ``(B, n)``; 0 outside."""
    inside = (bins >= 0) & (bins < values.shape[1])
    return values.gather(1, bins.clamp(0, values.shape[1] - 1)) * inside


def window_hint(net: MultiTaskNet, sample: dict[str, Tensor]) -> Hint | None:
    """Boundary probability of the rows and columns of a batch of windows; None where the network wants none."""
    if "hint_rows" not in sample:
        return None
    rows, cols = sample["hint_rows"], sample["hint_cols"]
    if "hint_map" in sample:
        p = _look(net, sample["hint_map"])
        return Hint(_take(p, rows.long()), _take(p, cols.long()))
    pad = net.config.hint.pad
    p = _look(net, torch.cat([rows, cols]))[:, pad : rows.shape[-1] - pad]
    return Hint(*p.chunk(2))


def _origin(net: MultiTaskNet, strip: dict[str, Tensor]) -> int:
    """Where the strip's own first bin lies in what the hint network says of ``strip["hint"]``."""
    if "hint_first" in strip:
        return int(strip["hint_first"][0])
    return net.config.hint.pad + net.config.windows.coarse_margin


def tile_hints(net: MultiTaskNet, strip: dict[str, Tensor]) -> list[Hint | None]:
    """Hints of the on-diagonal tiles of a strip, cut from one look along all of it."""
    tiles = strip["tiles"][0]
    if "hint" not in strip:
        return [None] * len(tiles)
    size, margin = tiles.shape[-1], net.config.windows.coarse_margin
    p = _look(net, strip["hint"])
    bins = torch.arange(size, device=p.device)[None] + _origin(net, strip) - margin
    cuts = [_take(p, bins + k * (size - 2 * margin)) for k in range(len(tiles))]
    return [Hint(cut, cut) for cut in cuts]


def hint_loss(net: MultiTaskNet, strip: dict[str, Tensor]) -> Tensor:
    """Boundary loss of the first look on the strip itself; a large bin holds a boundary if any of its bins does."""
    logits, target = net.hint(strip["hint"]), strip["target"]
    first = _origin(net, strip)
    bins = torch.arange(first, first + target.shape[1], device=logits.device)
    if "hint_first" in strip:
        factor = net.config.hint.resolution // net.config.coarse_resolution
        large = (bins // factor - first // factor)[None]
        most = target.new_zeros(1, int(large.max()) + 1).scatter_reduce(1, large, target, "amax")
        target = most.gather(1, large)
    return boundary_loss(_take(logits, bins[None]), target, strip["known"])
