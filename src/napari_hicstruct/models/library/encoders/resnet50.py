"""Encoder ``resnet50``: the four bottleneck stages of ResNet-50 on genomic scales (10 … 80 kb).

Sources: He et al. 2016; group norm instead of batch norm after Wu & He 2018, because a step holds few windows and
fine and coarse windows pass through the same weights.  The bottleneck is MONAI's; no trained weights are loaded.
"""

from __future__ import annotations

from torch import nn

from napari_hicstruct.models.library.encoders.staged import StagedEncoder, require

PLANES, BLOCKS = (64, 128, 256, 512), (3, 4, 6, 3)
NORM = ("group", {"num_groups": 32})


class ResNet50(StagedEncoder):
    """Stages of 3, 4, 6, 3 bottlenecks giving 256, 512, 1024, 2048 channels; the first keeps the coarse bins."""

    def __init__(self, in_channels: int, channels: tuple[int, int, int, int, int]) -> None:
        bottleneck = require("monai.networks.nets.resnet", "resnet50").ResNetBottleneck
        stages, width = [], PLANES[0]
        for k, (planes, blocks) in enumerate(zip(PLANES, BLOCKS, strict=True)):
            stride, out = 1 if k == 0 else 2, 4 * planes
            shortcut = nn.Sequential(nn.Conv2d(width, out, 1, stride=stride, bias=False), nn.GroupNorm(32, out))
            layers = [bottleneck(width, planes, spatial_dims=2, stride=stride, downsample=shortcut, norm=NORM)]
            layers += [bottleneck(out, planes, spatial_dims=2, norm=NORM) for _ in range(1, blocks)]
            stages.append(nn.Sequential(*layers))
            width = out
        super().__init__(in_channels, channels, stem=PLANES[0], stages=stages, widths=[4 * n for n in PLANES])
        for conv in self.stages.modules():
            if isinstance(conv, nn.Conv2d):
                nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
