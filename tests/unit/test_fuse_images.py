"""Two pictures become one: types, colours, stacks and gaps are kept; what does not go together is one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_hicstruct.config.fusion import FusionConfig, FusionNetConfig
from napari_hicstruct.errors import Cancelled, ConfigError, ImageError, ModelError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.models.fusion.network import HybridFusionNet
from napari_hicstruct.models.fusion.store import save_fusion
from napari_hicstruct.synth.focus_pairs import FocusOptions, focus_pair
from napari_hicstruct.workflows.fuse.images import FusedImages, FuseImagesRequest, iter_fuse_images

RNG = np.random.default_rng(0)
SHARP = RNG.random((40, 56))
SOFT = ndimage.gaussian_filter(SHARP, 2)
LEFT = np.arange(56) < 28
A, B = np.where(LEFT, SHARP, SOFT), np.where(LEFT, SOFT, SHARP)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights whose masks are far from one half."""
    torch.manual_seed(0)
    network = FusionNetConfig(width=8, heads=2, dilations=(1, 2))
    net = HybridFusionNet(network)
    torch.nn.init.normal_(net.last.weight, std=30)
    folder = tmp_path_factory.mktemp("fusion") / "tiny"
    save_fusion(folder, FusionConfig(preset="lytro", network=network), net.state_dict(), {"name": "tiny"})
    return folder


def fuse(a: Any, b: Any, model: Path | None = None, preset: str = "lytro") -> FusedImages:
    return drain(iter_fuse_images(FuseImagesRequest(a, b, preset, model, "cpu", 1), CancelToken()))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64", "float16", "bool"])
def test_the_type_of_a_is_kept_and_every_value_lies_between_the_two(dtype: str, tiny: Path) -> None:
    scale = {"uint8": 255, "uint16": 60_000, "int16": 20_000}.get(dtype, 1)
    a, b = ((one * scale).round() if scale > 1 else one for one in (A, B))
    a, b = ((one > 0.5 if dtype == "bool" else one).astype(dtype) for one in (a, b))
    made = fuse(a, b, tiny)
    assert made.fused.dtype == a.dtype
    assert made.mask.dtype == np.float32
    assert made.mask.shape == made.fused.shape == a.shape
    assert ((made.fused >= np.minimum(a, b)) & (made.fused <= np.maximum(a, b))).all()
    if dtype == "uint16":
        wanted = made.mask.astype(float) * a + (1 - made.mask.astype(float)) * b
        assert np.abs(made.fused - wanted).max() <= 0.5 + 1e-6, "all sixteen bits count"


@pytest.mark.parametrize("scale", [(1e-6, 0.0), (1e6, -3e5)])
def test_units_do_not_matter(scale: tuple[float, float], tiny: Path) -> None:
    by, add = scale
    one, other = fuse(A, B, tiny), fuse(A * by + add, B * by + add, tiny)
    np.testing.assert_allclose(one.mask, other.mask, atol=1e-2)


def test_colours_share_one_mask(tiny: Path) -> None:
    a, b = (np.stack([one, one**2, 1 - one], -1) for one in (A, B))
    made = fuse(a, b, tiny)
    assert made.mask.shape == A.shape
    np.testing.assert_allclose(made.fused, made.mask[..., None] * a + (1 - made.mask[..., None]) * b, atol=1e-6)


def test_a_stack_is_fused_plane_by_plane(tiny: Path) -> None:
    a, b = np.stack([A, B, A]), np.stack([B, A, B])
    made = fuse(a, b, tiny)
    assert made.fused.shape == made.mask.shape == (3, 40, 56)
    np.testing.assert_array_equal(made.mask[2], fuse(A, B, tiny).mask)
    np.testing.assert_allclose(made.mask[1], 1 - made.mask[0], atol=1e-4)


def test_gaps_are_taken_from_the_other_picture(tiny: Path) -> None:
    a, b = A.copy(), B.copy()
    a[3, 4], b[10, 11] = np.nan, np.inf
    made = fuse(a, b, tiny)
    assert made.fused[3, 4] == pytest.approx(b[3, 4])
    assert made.fused[10, 11] == pytest.approx(a[10, 11])
    assert made.notes[0] == "values that are not finite were taken from the other picture"


def test_opacity_of_one_is_left_out(tiny: Path) -> None:
    a, b = np.stack([A] * 4, -1), np.stack([B] * 3, -1)
    made = fuse(a, b, tiny)
    assert made.fused.shape == (40, 56, 3)
    assert "opacity" in made.notes[0]


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (A, np.stack([B] * 3, -1), "A is grey, B is RGB"),
        (A, np.stack([B] * 5), "A is grey, B is a stack"),
        (A, B[:, :50], "A has 40 × 56 pixels, B 40 × 50"),
        (A, A.copy(), "same picture"),
        (A.astype("u1"), B.astype("u2"), "uint8, B of type uint16"),
        (A.astype("f4"), (B * 255).astype("u1"), "float32, B of type uint8"),
        (A[:7], B[:7], "too few to decide by"),
        (A[:0], B[:0], "too few to decide by"),
        (A[0], B[0], "1 axis"),
        (A + 1j, B + 1j, "complex128"),
        (np.array([["x"]]), B, "no picture's"),
        (np.full_like(A, np.nan), np.full_like(A, np.nan), "same picture"),
        (np.where(LEFT, np.nan, A), np.where(LEFT, np.nan, B), "not finite at the same pixels"),
    ],
)
def test_what_does_not_go_together_is_one_line(a: Any, b: Any, said: str, tiny: Path) -> None:
    with pytest.raises(ImageError, match=said) as caught:
        fuse(a, b, tiny)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_eight_by_eight_and_one_grey_value(tiny: Path) -> None:
    assert fuse(A[:8, :8], B[:8, :8], tiny).fused.shape == (8, 8)
    flat = np.full((16, 16), 7, np.uint8)
    other = flat.copy()
    other[0, 0] = 8
    assert set(np.unique(fuse(flat, other, tiny).fused)) <= {7, 8}
    assert set(np.unique(fuse(flat, flat + 2, tiny).fused)) <= {7, 8, 9}


def test_models_and_presets_that_fuse_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'hic' fuses contact maps"):
        fuse(A, B, preset="hic")
    with pytest.raises(ConfigError, match="'nikon' is no preset"):
        fuse(A, B, preset="nikon")
    network = FusionNetConfig(width=8, heads=2, dilations=(1,))
    save_fusion(tmp_path, FusionConfig(preset="hic", network=network), HybridFusionNet(network).state_dict(), {})
    with pytest.raises(ModelError, match="fuses contact maps"):
        fuse(A, B, tmp_path)
    with pytest.raises(ModelError, match="not a model folder"):
        fuse(A, B, tmp_path / "none")


def test_cancel_ends_it(tiny: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        drain(iter_fuse_images(FuseImagesRequest(A, B, "lytro", tiny, "cpu", 1), token))


@pytest.mark.parametrize(("preset", "noise", "least"), [("lytro", 0.0, 0.9), ("microscopy", 0.03, 0.75)])
def test_shipped_models_find_what_is_in_focus(preset: str, noise: float, least: float) -> None:
    """A picture that no training has seen; figures for many: benchmarks/fusion_images.py."""
    from skimage import data

    picture = data.camera()[100:292, 150:342].astype(np.float32) / 255
    options = FocusOptions(blur=(2, 3), border=(1, 3), noise=(noise, noise))
    pair = focus_pair(picture, np.random.default_rng(11), "varying", options)
    made = fuse(pair.a, pair.b, preset=preset)
    right = float(((made.mask > 0.5) == pair.focus).mean())

    def error(fused: np.ndarray) -> float:
        return float(np.mean((fused - pair.truth) ** 2))

    assert right > least
    assert error(made.fused) < 0.5 * error((pair.a + pair.b) / 2)
    assert error(made.fused) < 0.5 * min(error(pair.a), error(pair.b))
    swapped = fuse(pair.b, pair.a, preset=preset)
    np.testing.assert_allclose(swapped.mask, 1 - made.mask, atol=1e-4)
