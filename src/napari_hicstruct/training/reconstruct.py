"""Band-MAE: hide diagonals, corner patches and one distance bucket's precision, and have O/E given back."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.training import MaskingConfig, TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.losses.buckets import distance_parts
from napari_hicstruct.losses.reconstruction import reconstruction_loss
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.network import MultiTaskNet

SIGNAL = ("oe", "residual", "raw", "balanced")
"""Channels that say what was counted; the others (distance, expected, valid …) stay visible."""


def hidden_pixels(distance: Tensor, options: MaskingConfig, generator: torch.Generator) -> Tensor:
    """Which pixels are hidden, 0/1, shaped as ``distance`` (``(B, 1, H, W)``, bp).

    Whole runs of diagonals, until a share drawn from ``options.share`` of the distances is gone, and
    ``options.patches``
    square patches, symmetric to the diagonal where the window is.
    """
    batch, _, height, width = distance.shape
    out = torch.zeros_like(distance)
    rows, cols = torch.arange(height)[:, None], torch.arange(width)[None, :]
    shift = (cols - rows).abs()
    for k in range(batch):
        share = float(torch.empty(()).uniform_(*options.share, generator=generator))
        n = max(height, width)
        hidden = torch.zeros(n, dtype=torch.bool)
        while hidden.float().mean() < share:
            first = int(torch.randint(0, n, (), generator=generator))
            hidden[first : first + options.run] = True
        out[k, 0] = hidden[shift].float().to(out.device)
        for _ in range(options.patches):
            y, x = (int(torch.randint(0, size, (), generator=generator)) for size in (height, width))
            out[k, 0, y : y + options.patch, x : x + options.patch] = 1
            out[k, 0, x : x + options.patch, y : y + options.patch] = 1
    return out


def corrupt(
    x: Tensor, distance: Tensor, options: MaskingConfig, inputs: tuple[str, ...], seed: int
) -> tuple[Tensor, Tensor]:
    """Windows with hidden pixels at 0 and noise in one distance bucket; and where something is to be given back."""
    generator = torch.Generator().manual_seed(seed)
    hidden = hidden_pixels(distance, options, generator)
    parts = list(distance_parts(distance).values())
    noisy = parts[int(torch.randint(0, len(parts), (), generator=generator))] * (1 - hidden)
    valid = x[:, inputs.index("valid")][:, None]
    out = x.clone()
    for name in SIGNAL:
        if name in inputs:
            k = inputs.index(name)
            noise = options.noise * torch.randn(distance.shape, generator=generator).to(x)
            out[:, k : k + 1] = (x[:, k : k + 1] + noise * noisy * valid) * (1 - hidden)
    return out, torch.maximum(hidden, noisy) * valid


def reconstruction(net: MultiTaskNet, coarse: dict[str, Tensor], config: TrainConfig) -> Tensor:
    """Loss of giving back O/E (Huber on log1p, or Poisson) where it was hidden or noisy; deterministic by the batch."""
    x, inputs = coarse["x"], config.model.inputs
    distance = WindowContext(x, "f2", inputs=inputs).distance("f2")
    seed = int(x.double().sum().abs() * 1e3) % (2**31)
    seen, hidden = corrupt(x, distance, config.masking, inputs, seed)
    features = net.encoder.coarse(seen.contiguous(memory_format=torch.channels_last))
    if net.reconstruction is None:
        raise ConfigError("the network has no head to give back contacts with.", hint="Set model.reconstruction: true.")
    output = net.reconstruction(features)
    k = inputs.index("oe")
    target = torch.exp2(2.0 * x[:, k : k + 1])
    smooth = functional.avg_pool2d(target, 3, 1, 1) if config.masking.smooth else target
    return reconstruction_loss(output, smooth, hidden, kind=config.losses.reconstruction_kind)
