"""Encoders made of known networks, against plain implementations of the papers and their parameter counts."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models import registry
from napari_hicstruct.models.library.encoders.efficientnet_b0 import EfficientNetB0
from napari_hicstruct.models.library.encoders.resnet50 import ResNet50
from napari_hicstruct.models.library.encoders.swin import Swin
from tests.unit.model.model_kit import SMALL

CHANNELS = (16, 32, 64, 96, 128)
LARGE = ("resnet50", "efficientnet_b0", "swin")


def encoder(name: str, channels: tuple[int, ...] = SMALL.channels) -> Any:
    torch.manual_seed(0)
    return registry.resolve(registry.ENCODERS, name, "encoder")(SMALL.in_channels, channels).eval()


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def shaken(module: nn.Module) -> nn.Module:
    """Weights away from what they start with, so that no term is hidden by a zero or a one."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=generator))
    return module


def group_norm(x: Tensor, norm: nn.GroupNorm) -> Tensor:
    groups = x.reshape(x.shape[0], norm.num_groups, -1)
    variance, mean = torch.var_mean(groups, -1, correction=0, keepdim=True)
    x = ((groups - mean) / torch.sqrt(variance + norm.eps)).reshape(x.shape)
    return x * norm.weight[:, None, None] + norm.bias[:, None, None]


@pytest.mark.parametrize("name", LARGE)
def test_scales_are_those_of_unet_small(name: str) -> None:
    model, plain = encoder(name), encoder("unet_small")
    x = torch.randn(1, SMALL.in_channels, 48, 48)
    with torch.no_grad():
        for window in ("fine", "coarse"):
            shapes = {scale: f.shape for scale, f in getattr(model, window)(x).items()}
            assert shapes == {scale: f.shape for scale, f in getattr(plain, window)(x).items()}


@pytest.mark.parametrize("name", LARGE)
def test_half_precision(name: str) -> None:
    model, x = encoder(name), torch.randn(1, SMALL.in_channels, 32, 32)
    with torch.no_grad():
        exact = model.coarse(x)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model.coarse(x.contiguous(memory_format=torch.channels_last))
    for scale, value in exact.items():
        assert torch.nn.functional.cosine_similarity(value.flatten(), rough[scale].float().flatten(), 0) > 0.99


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("missing", ["monai", "einops"])
def test_a_missing_library_names_the_extra(name: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [m for m in sys.modules if m == missing or m.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigError, match=rf"'{name}' needs .*\[encoders\]"):
        encoder(name)


class TestResNet50:
    def test_parameters_as_in_the_paper(self) -> None:
        # 25,557,032 with stem (9,408 + 128) and classifier (2,049,000)
        assert count(encoder("resnet50").stages) == 25_557_032 - 9_408 - 128 - 2_049_000

    def test_equals_a_plain_bottleneck(self) -> None:
        model = shaken(ResNet50(5, CHANNELS))
        x = torch.randn(1, 64, 8, 8)

        def conv(x: Tensor, layer: nn.Conv2d, norm: nn.GroupNorm, **options: int) -> Tensor:
            return group_norm(functional.conv2d(x, layer.weight, **options), norm)

        with torch.no_grad():
            y = x
            for k, stage in enumerate(model.stages[:2]):
                for n, b in enumerate(stage):
                    stride = 2 if k and n == 0 else 1
                    short = y if n else conv(y, b.downsample[0], b.downsample[1], stride=stride)
                    z = conv(y, b.conv1, b.bn1).clamp_min(0)
                    z = conv(z, b.conv2, b.bn2, stride=stride, padding=1).clamp_min(0)
                    y = (conv(z, b.conv3, b.bn3) + short).clamp_min(0)
            torch.testing.assert_close(model.stages[:2][1](model.stages[0](x)), y, atol=1e-3, rtol=1e-3)


class TestEfficientNetB0:
    def test_parameters_as_in_the_paper(self) -> None:
        # 5,288,548 with stem (864 + 64), last convolution (409,600 + 2,560) and classifier (1,281,000)
        assert count(encoder("efficientnet_b0").stages) == 5_288_548 - 928 - 412_160 - 1_281_000

    def test_equals_a_plain_inverted_bottleneck(self) -> None:
        model = shaken(EfficientNetB0(5, CHANNELS).train())
        x = torch.randn(1, 16, 8, 8)
        first, second = model.stages[1]  # 16 → 24 channels, halving; then 24 → 24 with a residual

        def block(x: Tensor, b: Any, stride: int) -> Tensor:
            y = functional.silu(group_norm(functional.conv2d(x, b._expand_conv.weight), b._bn0))
            pad = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
            w = b._depthwise_conv.weight
            y = functional.conv2d(functional.pad(y, pad), w, stride=stride, groups=len(w))
            y = functional.silu(group_norm(y, b._bn1))
            s = y.mean((2, 3), keepdim=True)
            s = functional.silu(functional.conv2d(s, b._se_reduce.weight, b._se_reduce.bias))
            y = y * torch.sigmoid(functional.conv2d(s, b._se_expand.weight, b._se_expand.bias))
            return group_norm(functional.conv2d(y, b._project_conv.weight), b._bn2)

        with torch.no_grad():
            y = block(x, first, 2)
            y = y + block(y, second, 1)
            torch.testing.assert_close(model.stages[1](x), y, atol=1e-4, rtol=1e-3)


class TestSwin:
    def test_parameters_as_in_the_paper(self) -> None:
        def stage(c: int, heads: int, blocks: int) -> int:
            attention = 4 * c * c + 4 * c + (2 * 8 - 1) ** 2 * heads
            mlp = 8 * c * c + 5 * c
            return blocks * (attention + mlp + 4 * c)

        merging = sum(8 * c * c + 8 * c for c in (48, 96, 192))
        stages = sum(stage(c, h, 2) for c, h in zip((48, 96, 192, 384), (3, 6, 12, 24), strict=True))
        assert count(encoder("swin").stages) == stages + merging

    def test_equals_plain_windowed_attention(self) -> None:
        blocks = shaken(Swin(5, CHANNELS)).stages[0].blocks
        x = torch.randn(1, 48, 16, 16)
        with torch.no_grad():
            y = x[0].permute(1, 2, 0).reshape(256, 48)
            for block, shift in zip(blocks.blocks, (0, 4), strict=True):
                y = y + plain_attention(
                    functional.layer_norm(y, (48,), block.norm1.weight, block.norm1.bias), block, shift
                )
                z = functional.layer_norm(y, (48,), block.norm2.weight, block.norm2.bias)
                z = functional.gelu(z @ block.mlp.linear1.weight.T + block.mlp.linear1.bias)
                y = y + z @ block.mlp.linear2.weight.T + block.mlp.linear2.bias
            torch.testing.assert_close(blocks(x)[0].permute(1, 2, 0).reshape(256, 48), y, atol=1e-4, rtol=1e-3)


def plain_attention(y: Tensor, block: Any, shift: int) -> Tensor:
    """Attention of a 16×16 map's pixels, pair by pair: allowed within a window of 8×8 and on one side of the wrap."""
    attention = block.attn
    place = torch.cartesian_prod(torch.arange(16), torch.arange(16))
    moved = (place - shift) % 16
    part = (place >= shift).long() if shift else torch.zeros_like(place)
    allowed = ((moved // 8)[:, None] == (moved // 8)[None]).all(-1) & (part[:, None] == part[None]).all(-1)
    apart = (moved % 8)[:, None] - (moved % 8)[None] + 7
    bias = attention.relative_position_bias_table[apart[..., 0] * 15 + apart[..., 1]]
    q, k, v = (y @ attention.qkv.weight.T + attention.qkv.bias).reshape(256, 3, 3, 16).unbind(1)
    out = []
    for head in range(3):
        logits = q[:, head] @ k[:, head].T / 4 + bias[..., head]
        out.append(torch.softmax(logits.masked_fill(~allowed, -torch.inf), -1) @ v[:, head])
    return torch.cat(out, -1) @ attention.proj.weight.T + attention.proj.bias
