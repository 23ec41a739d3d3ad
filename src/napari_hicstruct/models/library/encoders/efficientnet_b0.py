"""Encoder ``efficientnet_b0``: the seven groups of inverted bottlenecks of EfficientNet-B0 on genomic scales.

Source: Tan & Le 2019 (stands in for MobileNetV3); group norm instead of batch norm, because a step holds few windows,
and no stochastic depth.  The block is MONAI's; no trained weights are loaded.
"""

from __future__ import annotations

import math

from torch import nn

from napari_hicstruct.models.library.encoders.staged import StagedEncoder, require

STEM = 32
STAGES = (
    ((1, 3, 1, 1, 16),),
    ((2, 3, 2, 6, 24),),
    ((2, 5, 2, 6, 40),),
    # the original halves the bins once more before 192 channels; we have no scale beyond 80 kb
    ((3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 1, 6, 192), (1, 3, 1, 6, 320)),
)
"""By scale f2 … f5: groups of (blocks, kernel, stride of the first, expansion, channels)."""
NORM = ("group", {"num_groups": 8})


class EfficientNetB0(StagedEncoder):
    """Depthwise-separable blocks with squeeze and excitation giving 16, 24, 40, 320 channels."""

    def __init__(self, in_channels: int, channels: tuple[int, int, int, int, int]) -> None:
        block = require("monai.networks.nets.efficientnet", "efficientnet_b0").MBConvBlock
        stages, width = [], STEM
        for groups in STAGES:
            layers = []
            for blocks, kernel, stride, expand, out in groups:
                for k in range(blocks):
                    options = {"kernel_size": kernel, "stride": stride if k == 0 else 1, "expand_ratio": expand}
                    # image_size only matters for its parity: our windows are even wherever they are halved
                    layers.append(block(2, width, out, **options, image_size=[256, 256], se_ratio=0.25, norm=NORM))
                    width = out
            stages.append(nn.Sequential(*layers))
        widths = [groups[-1][-1] for groups in STAGES]
        super().__init__(in_channels, channels, stem=STEM, stages=stages, widths=widths)
        for module in self.stages.modules():
            if isinstance(module, block):
                module.drop_connect_rate = 0.0
                module.set_swish(memory_efficient=False)  # one plain operation, for any kind of gradient
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, math.sqrt(2 / (module.kernel_size[0] ** 2 * module.out_channels)))
