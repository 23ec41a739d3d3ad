"""Axial and band attention, against loops over pixels."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.attention_axial import AxialAttention, RowAttention
from napari_hicstruct.models.attention_band import BandAttention, band_pixels
from napari_hicstruct.models.context import WindowContext
from tests.unit.model.model_kit import WIDTH, features, small, window

SIZE = 48
HEADS = 2


def configured(kind: str, **options: Any) -> ModelConfig:
    return small(attention={"kind": kind, "heads": HEADS, "scales": ("f3", "f4"), **options})


def make(kind: str, **options: Any) -> AxialAttention:
    """With weights away from zero, where the blocks are the identity."""
    torch.manual_seed(0)
    module = {"axial": AxialAttention, "band": BandAttention}[kind](configured(kind, **options))
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn(p.shape))
    return module


def context(row0: int = 0, col0: int = 0, n: int = 10_000) -> WindowContext:
    """A coarse window whose corner is bin (row0, col0) of a chromosome of n bins."""
    x = window(SIZE)
    rows, cols = row0 + torch.arange(SIZE), col0 + torch.arange(SIZE)
    held = ((rows >= 0) & (rows < n))[:, None] & ((cols >= 0) & (cols < n))[None]
    x[:, 2] = torch.log2(1 + (rows[:, None] - cols[None, :]).abs().float()) / 8
    return WindowContext(x * held, "f2")


def plain_rows(x: Tensor, block: RowAttention, oe: Tensor | None, band: Tensor) -> Tensor:
    """``y(i, j) = x(i, j) + W Σ_k softmax_k(q·k/√d + s·oe(i, k)) v(i, k)`` over k in the band, pixel by pixel."""
    batch, channels, height, width = x.shape
    out, depth = x.clone(), channels // HEADS
    for b in range(batch):
        for i in range(height):
            keys = [k for k in range(width) if band[b, i, k]]
            for j in keys:
                read = []
                for head in range(HEADS):
                    logits, values = [], []
                    for k in keys:
                        q, key, v = (parts(x[b, :, i, at], block)[n][head * depth : (head + 1) * depth]
                                     for n, at in enumerate((j, k, k)))  # fmt: skip
                        bias = 0.0 if oe is None else block.contact_scale[head] * oe[b, 0, i, k]
                        logits.append(q @ key / math.sqrt(depth) + bias)
                        values.append(v)
                    weights = torch.softmax(torch.stack(logits), 0)
                    read.append(sum(w * v for w, v in zip(weights, values, strict=True)))
                out[b, :, i, j] += block.out.weight[:, :, 0, 0] @ torch.cat(read) + block.out.bias
    return out


def parts(pixel: Tensor, block: RowAttention) -> tuple[Tensor, ...]:
    normal = (pixel - pixel.mean()) / torch.sqrt(pixel.var(correction=0) + 1e-5)
    normal = normal * block.norm.weight + block.norm.bias
    return (block.qkv.weight[:, :, 0, 0] @ normal).chunk(3)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("kind", "corner"), [("axial", (0, 0)), ("band", (0, 0)), ("band", (0, 12)), ("band", (20, -4))]
)
def test_equals_loops_over_pixels(kind: str, corner: tuple[int, int], bias: bool) -> None:
    module, window_ = make(kind, reach=2, contact_bias=bias), context(*corner)
    x = features(size=SIZE)["f4"].detach()[:1]  # 12 × 12
    window_ = WindowContext(window_.x[:1], "f2")
    inside = torch.ones(1, 12, 12, dtype=torch.bool)
    if kind == "band":
        first, places = torch.tensor(corner) / 4, torch.arange(12)
        apart = (first[0] + places[:, None]) - (first[1] + places[None])
        beyond = (first[1] + places < 0)[None] | (first[0] + places < 0)[:, None]
        inside = ((apart.abs() <= 2) & ~beyond)[None]
    oe = window_.pooled("oe", "f4") if bias else None
    rows, cols = module.blocks["f4"]
    with torch.no_grad():
        y = plain_rows(x, rows, oe, inside)
        y = plain_rows(y.mT, cols, None if oe is None else oe.mT, inside.mT).mT
        torch.testing.assert_close(module({"f4": x}, window_)["f4"], y, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["axial", "band"])
def test_starts_as_the_identity_and_leaves_other_scales(kind: str) -> None:
    torch.manual_seed(0)
    cls = {"axial": AxialAttention, "band": BandAttention}[kind]
    maps = features(size=SIZE)
    new = cls(configured(kind))(maps, context())
    for scale, value in maps.items():
        torch.testing.assert_close(new[scale], value)
    changed = make(kind)(maps, context())
    assert changed["f2"] is maps["f2"]
    assert changed["f5"] is maps["f5"]
    assert not torch.allclose(changed["f3"], maps["f3"])


def test_outside_the_band_nothing_changes() -> None:
    module, window_, maps = make("band", reach=3), context(0, 16), features(size=SIZE)
    far = ~band_pixels(window_, "f3", 3.5 * 20_000)[:, None].expand(-1, WIDTH, -1, -1)
    out = module(maps, window_)["f3"]
    assert torch.equal(out[far], maps["f3"][far])
    assert (out != maps["f3"])[~far].any()
    gone = module(maps, context(0, 5000))
    assert torch.equal(gone["f3"], maps["f3"])


def test_outside_the_band_nothing_is_read() -> None:
    module, window_, maps = make("band", reach=3), context(), features(size=SIZE)
    near = band_pixels(window_, "f3", 3.5 * 20_000)[:, None]
    other = maps | {"f3": maps["f3"] + 10.0 * ~near}
    out, same = module(maps, window_)["f3"], module(other, window_)["f3"]
    torch.testing.assert_close(out * near, same * near)


def test_beyond_the_chromosome_nothing_is_read() -> None:
    inside = band_pixels(context(-8, -8, n=24), "f3", 1e6)[0]
    assert inside[4:16, 4:16].all()
    assert inside.sum() == 12 * 12


@pytest.mark.parametrize("reach", [1, 5, 200])
def test_the_band_is_the_distance_in_bins(reach: int) -> None:
    places = torch.arange(SIZE // 2)
    wanted = (places[:, None] - places[None]).abs() <= reach
    assert torch.equal(band_pixels(context(), "f3", (reach + 0.5) * 20_000)[0], wanted)


@pytest.mark.parametrize("kind", ["axial", "band"])
def test_parameters_and_gradients(kind: str) -> None:
    plain, biased = make(kind), make(kind, contact_bias=True)
    block = 2 * WIDTH + 3 * WIDTH**2 + WIDTH**2 + WIDTH
    assert sum(p.numel() for p in plain.parameters()) == 2 * 2 * block
    assert sum(p.numel() for p in biased.parameters()) == 2 * 2 * (block + HEADS)
    out = biased(features(size=SIZE), context())
    sum(value.square().sum() for value in out.values()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in biased.parameters())


def test_contacts_draw_attention() -> None:
    module, maps, window_ = make("axial", contact_bias=True), features(size=SIZE), context()
    with torch.no_grad():
        for rows_cols in module.blocks.values():
            for block in rows_cols:
                block.contact_scale.fill_(50.0)
                block.qkv.weight[: 2 * WIDTH] = 0  # only contacts decide
    rows = module.blocks["f3"][0]
    x, oe = maps["f3"], window_.pooled("oe", "f3")
    value = rows.qkv(rows.norm(x))[:, 2 * WIDTH :]
    strongest = value.gather(-1, oe.argmax(-1, keepdim=True).expand(-1, WIDTH, -1, -1))
    read = rows.read(rows.qkv(rows.norm(x)), rows.bias(oe))
    gap = oe.sort(-1, descending=True).values
    clear = (gap[..., :1] - gap[..., 1:2] > 0.2).expand_as(read)
    torch.testing.assert_close(read[clear], strongest.expand_as(read)[clear], atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("kind", ["axial", "band"])
def test_half_precision(kind: str) -> None:
    module, maps = make(kind, contact_bias=True), features(size=SIZE)
    with torch.no_grad():
        exact = module(maps, context())["f3"]
        with torch.autocast("cpu", torch.bfloat16):
            rough = module(maps, context())["f3"].float()
    torch.testing.assert_close(rough, exact, atol=0.1, rtol=0.05)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"8 channels.*3 heads"):
        AxialAttention(small(attention={"kind": "axial", "heads": 3}))
    without = small(attention={"kind": "band", "contact_bias": True, "heads": 2}, inputs=("distance", "valid"))
    with pytest.raises(ConfigError, match="does not read 'oe'"):
        BandAttention(without)
