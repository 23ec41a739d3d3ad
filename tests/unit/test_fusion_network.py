"""The fusion network against its equations, written out; swapped inputs; any size; tiles."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.fusion import FusionConfig, FusionNetConfig, fusion_config
from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.fusion.apply import fuse_arrays
from napari_hicstruct.models.fusion.network import HybridFusionNet, pad_to
from napari_hicstruct.models.fusion.store import load_fusion, save_fusion
from napari_hicstruct.models.fusion.swin_v2 import (
    ContentAttention,
    GridAttention,
    SwinBlock,
    WindowAttention,
    join_windows,
    log_coordinates,
    shift_mask,
    split_windows,
)


def outspoken(config: FusionNetConfig | None = None, seed: int = 0) -> HybridFusionNet:
    """A network of random weights whose masks are far from one half."""
    torch.manual_seed(seed)
    net = HybridFusionNet(config or FusionNetConfig(width=16, dilations=(1, 2)))
    torch.nn.init.normal_(net.last.weight, std=30)
    return net.eval()


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def plain_attention(module: WindowAttention, x: torch.Tensor, window: int) -> np.ndarray:
    """Equations (2) to (4) of Swin-V2 in loops: one window, every pair of patches by itself."""
    weights = {name: value.detach().double().numpy() for name, value in module.state_dict().items()}
    tokens, width = x.detach().double().numpy(), x.shape[1]
    each = width // module.heads
    q = tokens @ weights["qkv.weight"][:width].T + weights["q_bias"]
    k = tokens @ weights["qkv.weight"][width : 2 * width].T
    v = tokens @ weights["qkv.weight"][2 * width :].T + weights["v_bias"]
    out = np.zeros_like(tokens)
    for head in range(module.heads):
        part = slice(head * each, (head + 1) * each)
        tau = 1 / min(math.exp(weights["log_scale"][head, 0, 0]), 100)
        logits = np.zeros((len(tokens), len(tokens)))
        for i in range(len(tokens)):
            for j in range(len(tokens)):
                cosine = q[i, part] @ k[j, part] / np.linalg.norm(q[i, part]) / np.linalg.norm(k[j, part])
                step = np.array([i // window - j // window, i % window - j % window]) * 8 / (window - 1)
                place = np.sign(step) * np.log2(1 + np.abs(step)) / 3
                hidden = np.maximum(weights["position.mlp.0.weight"] @ place + weights["position.mlp.0.bias"], 0)
                bias = 16 / (1 + np.exp(-(weights["position.mlp.2.weight"] @ hidden)[head]))
                logits[i, j] = cosine / tau + bias
        shares = np.exp(logits - logits.max(1, keepdims=True))
        out[:, part] = shares / shares.sum(1, keepdims=True) @ v[:, part]
    return out @ weights["out.weight"].T + weights["out.bias"]


@pytest.mark.parametrize("log_scale", [math.log(10), 9.0])
def test_attention_is_that_of_the_equations(log_scale: float) -> None:
    torch.manual_seed(1)
    module = WindowAttention(8, 4, 2)
    torch.nn.init.normal_(module.q_bias)
    torch.nn.init.normal_(module.v_bias)
    torch.nn.init.constant_(module.log_scale, log_scale)
    x = noise(16, 8, seed=2)
    found = module(x[None])[0].detach().numpy()
    np.testing.assert_allclose(found, plain_attention(module, x, 4), atol=2e-5)
    # the temperature is clamped: 1/τ is exp 9 nowhere
    assert float(module.scale.detach().max()) <= 100 * (1 + 1e-5)


def test_coordinates_are_log_spaced_and_span_one() -> None:
    table = log_coordinates(8)
    assert table.shape == (225, 2)
    assert table.abs().max() == pytest.approx(math.log2(9) / 3)
    steps = table[::15, 0]  # along rows: −7 … 7
    assert torch.equal(steps, -steps.flip(0))
    assert bool((steps.diff() > 0).all())
    assert steps[8] - steps[7] > steps[14] - steps[13], "near places are told apart more finely"


def test_norms_stand_after_the_branches() -> None:
    torch.manual_seed(0)
    block = SwinBlock(8, GridAttention(8, 4, 2))
    x = noise(1, 8, 8, 8)
    first = x + torch.nn.functional.layer_norm(block.attend(x), (8,), block.norm1.weight, block.norm1.bias)
    wanted = first + torch.nn.functional.layer_norm(block.mlp(first), (8,), block.norm2.weight, block.norm2.bias)
    assert torch.allclose(block(x), wanted, atol=1e-6)


def test_windows_are_taken_apart_and_joined() -> None:
    x = torch.arange(2 * 8 * 12 * 3).view(2, 8, 12, 3)
    windows = split_windows(x, 4)
    assert windows.shape == (12, 16, 3)
    assert torch.equal(windows[4].view(4, 4, 3), x[0, 4:8, 4:8])
    assert torch.equal(join_windows(windows, 4, (8, 12)), x)


def test_a_shifted_window_never_joins_opposite_borders() -> None:
    """A change at the left border moves nothing beyond the windows that hold it, in the regular and shifted grid."""
    torch.manual_seed(0)
    block = SwinBlock(8, GridAttention(8, 4, 2, shift=2))
    x = noise(1, 12, 12, 8)
    changed = x.clone()
    changed[:, :, 0] += 1
    moved = (block(changed) - block(x)).abs().sum((0, 1, 3)) > 1e-6
    assert moved.tolist() == [True] * 2 + [False] * 10, "a border's window is half a window"
    changed = x.clone()
    changed[:, :, 3] += 1
    moved = (block(changed) - block(x)).abs().sum((0, 1, 3)) > 1e-6
    assert moved.tolist() == [False] * 2 + [True] * 4 + [False] * 6, "a shifted window joins two regular ones"
    assert shift_mask((12, 12), 4, 2).shape == (9, 16, 16)
    assert not shift_mask((12, 12), 4, 2)[0].any()


@pytest.mark.parametrize("size", [(520, 520), (8, 8), (1, 1), (37, 61)])
def test_any_size(size: tuple[int, int]) -> None:
    net = outspoken()
    a, b = noise(1, 2, *size, seed=1), noise(1, 2, *size, seed=2)
    with torch.inference_mode():
        made = net(a, b)
    assert made.mask.shape == made.fused.shape == (1, 1, *size)
    assert bool(torch.isfinite(made.fused).all())
    assert float(made.mask.min()) >= 0
    assert float(made.mask.max()) <= 1


def test_padding_is_by_reflection() -> None:
    x = torch.arange(5.0).view(1, 1, 1, 5).expand(1, 1, 5, 5)
    assert pad_to(x, 16)[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]
    assert pad_to(x, 5) is x


@pytest.mark.parametrize("residual", [False, True])
def test_swapped_inputs_give_the_rest_of_the_mask_and_the_same_blend(residual: bool) -> None:
    net = outspoken(FusionNetConfig(width=16, dilations=(1, 2), residual=residual))
    a, b = noise(2, 2, 40, 24, seed=1), noise(2, 2, 40, 24, seed=2)
    prior = noise(2, 1, 40, 24, seed=3)
    one, other = net(a, b, prior=prior), net(b, a, prior=-prior)
    assert torch.allclose(one.mask, 1 - other.mask, atol=1e-5)
    assert torch.allclose(one.fused, other.fused, atol=1e-4)
    assert one.mask.std() > 0.1
    assert (one.residual is not None) is residual


def test_blend_is_of_the_values_given() -> None:
    net = outspoken()
    a, b = noise(1, 2, 32, 32, seed=1), noise(1, 2, 32, 32, seed=2)
    values = noise(1, 3, 32, 32, seed=4), noise(1, 3, 32, 32, seed=5)
    made = net(a, b, values=values)
    assert torch.allclose(made.fused, made.mask * values[0] + (1 - made.mask) * values[1], atol=1e-6)
    plain = net(a, b)
    assert torch.allclose(plain.fused, plain.mask * a[:, :1] + (1 - plain.mask) * b[:, :1], atol=1e-6)


def test_a_new_network_says_what_the_prior_says() -> None:
    net = HybridFusionNet(FusionNetConfig(width=16, dilations=(1,)))
    a, b = noise(1, 2, 16, 16, seed=1), noise(1, 2, 16, 16, seed=2)
    prior = torch.full((1, 1, 16, 16), math.log(3.0))
    assert torch.allclose(net(a, b).mask, torch.tensor(0.5))
    assert torch.allclose(net(a, b, prior=prior).mask, torch.tensor(0.75))


@pytest.mark.parametrize(
    ("dilations", "window", "windows"), [((1, 2, 4), 8, "fixed"), ((1,), 8, "fixed"), ((1,), 4, "content")]
)
def test_tiles_leave_no_seams(dilations: tuple[int, ...], window: int, windows: str) -> None:
    net = outspoken(FusionNetConfig(width=16, dilations=dilations, window=window, windows=windows))
    a, b = (noise(2, 210, 170, seed=k).numpy() for k in (1, 2))
    prior = noise(210, 170, seed=3).numpy()
    whole = fuse_arrays(net, a, b, prior=prior, tile=512)
    tiled = fuse_arrays(net, a, b, prior=prior, tile=48)
    assert whole[0].std() > 0.1
    np.testing.assert_allclose(tiled[0], whole[0], atol=1e-4)
    np.testing.assert_allclose(tiled[1], whole[1], atol=1e-4)


def test_windows_follow_content() -> None:
    torch.manual_seed(0)
    attention = ContentAttention(8, 4, 2)
    maps = noise(1, 8, 8, 8, seed=1)
    maps[..., :4] *= 0.01
    share = attention.share_of_near(maps)[0, 0]
    assert float(share[:, :4].detach().max()) < 0.05 < 0.4 < float(share[:, 4:].detach().min())
    x = maps.permute(0, 2, 3, 1)
    torch.nn.init.constant_(attention.offset, 50.0)
    assert torch.allclose(attention(x), attention.near(x), atol=1e-5)


@pytest.mark.parametrize("windows", ["fixed", "content"])
def test_gradients_reach_every_weight(windows: str) -> None:
    net = outspoken(FusionNetConfig(width=16, dilations=(1, 2), residual=True, windows=windows)).train()
    made = net(noise(1, 2, 32, 32, seed=1), noise(1, 2, 32, 32, seed=2))
    made.fused.square().mean().backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    assert silent == []


def test_a_folder_gives_back_what_was_saved(tmp_path: Path) -> None:
    config = FusionConfig(preset="lytro", network=FusionNetConfig(width=16, dilations=(1, 2)))
    net = outspoken(config.network)
    save_fusion(tmp_path / "m", config, net.state_dict(), {"version": "1"})
    loaded, found, card = load_fusion(tmp_path / "m")
    assert (found, card) == (config, {"kind": "fusion", "version": "1"})
    a, b = noise(1, 2, 32, 32, seed=1), noise(1, 2, 32, 32, seed=2)
    assert torch.equal(loaded(a, b).mask, net(a, b).mask)


def test_folders_that_are_damaged_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    config = FusionConfig(preset="lytro", network=FusionNetConfig(width=16, dilations=(1, 2)))
    save_fusion(tmp_path, config, outspoken(config.network).state_dict(), {})
    data = bytearray((tmp_path / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(bytes(data))
    with pytest.raises(ModelError, match="checksum"):
        load_fusion(tmp_path)
    text = json.loads((tmp_path / "model.json").read_text())
    text["card"] = {}
    (tmp_path / "model.json").write_text(json.dumps(text))
    with pytest.raises(ModelError, match="another kind"):
        load_fusion(tmp_path)


def test_presets_and_changes() -> None:
    assert fusion_config("lytro").losses.max_intensity == fusion_config("microscopy").losses.max_intensity == 0
    assert with_changes(fusion_config("lytro"), train={"steps": 7}).train.steps == 7
    with pytest.raises(ConfigError, match="neither a preset nor a file"):
        fusion_config("nikon")
    with pytest.raises(ValueError, match="heads"):
        FusionNetConfig(width=20, heads=3)
