"""How good a fused picture is: with its truth (PSNR, SSIM), and by the edges that it took over (Q^AB/F)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]

# Xydeas & Petrovic, Objective image fusion performance measure, Electronics Letters 36 (2000)
GAMMA_G, KAPPA_G, SIGMA_G = 0.9994, -15.0, 0.5
GAMMA_A, KAPPA_A, SIGMA_A = 0.9879, -22.0, 0.8

MAX_SLOPE, MIN_FLAT = 0.01, 500
"""Of flat parts: grey per pixel, at most the flattest quarter; and the fewest pixels that count as some."""


def psnr(truth: NDArray[Any], fused: NDArray[Any]) -> float:
    """Of pictures from 0 to 1, dB."""
    return float(-10 * np.log10(np.mean((truth.astype(float) - fused.astype(float)) ** 2) + 1e-20))


def ssim(truth: NDArray[Any], fused: NDArray[Any]) -> float:
    """Of pictures from 0 to 1, with the Gaussian window of Wang et al."""
    from skimage.metrics import structural_similarity

    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(truth.astype(float), fused.astype(float), data_range=1.0, **options))


def edges(picture: NDArray[Any]) -> tuple[Floats, Floats]:
    """Strength and direction of Sobel's edges, as the measure takes them: of grey values 0 to 255, in (−π/2, π/2)."""
    values = picture.astype(float) * 255
    sx, sy = ndimage.sobel(values, 1, mode="nearest"), ndimage.sobel(values, 0, mode="nearest")
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.where(sx == 0, np.where(sy == 0, 0.0, np.pi / 2), np.arctan(sy / np.where(sx == 0, 1, sx)))
    return np.hypot(sx, sy), angle


def preserved(source: tuple[Floats, Floats], fused: tuple[Floats, Floats]) -> Floats:
    """Q^AF at each pixel: how much of an input's edge the fused picture has, in strength and direction."""
    g_a, a_a = source
    g_f, a_f = fused
    larger, smaller = np.maximum(g_a, g_f), np.minimum(g_a, g_f)
    strength = np.where(larger > 0, smaller / np.where(larger > 0, larger, 1), 0.0)
    direction = np.abs(np.abs(a_a - a_f) - np.pi / 2) / (np.pi / 2)
    q_g = GAMMA_G / (1 + np.exp(KAPPA_G * (strength - SIGMA_G)))
    q_a = GAMMA_A / (1 + np.exp(KAPPA_A * (direction - SIGMA_A)))
    return q_g * q_a


Edges = tuple[Floats, Floats]


def q_abf(a: NDArray[Any], b: NDArray[Any], fused: NDArray[Any]) -> float:
    """Q^AB/F: edges of both inputs, weighted by their strength, that are found in the fused picture; 0 to 1."""
    return q_of_edges(edges(a), edges(b), edges(fused))


def q_of_edges(edges_a: Edges, edges_b: Edges, edges_f: Edges) -> float:
    """The same of edges that are known."""
    weight = edges_a[0].sum() + edges_b[0].sum()
    found = (preserved(edges_a, edges_f) * edges_a[0] + preserved(edges_b, edges_f) * edges_b[0]).sum()
    return float(found / weight) if weight > 0 else 0.0


def mask_iou(mask: NDArray[Any], focus: NDArray[np.bool_]) -> float:
    """Mean of the IoU of where A is in focus and of where B is; a mask of one half decides nothing."""
    first = mask > 0.5
    each = [
        np.logical_and(x, y).sum() / max(1, np.logical_or(x, y).sum()) for x, y in ((first, focus), (~first, ~focus))
    ]
    return float(np.mean(each))


def flat_parts(truth: NDArray[Any], inputs: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[np.bool_]:
    """Where nothing is to be seen: slopes below MAX_SLOPE, where both inputs without noise are the truth, too."""
    slope = ndimage.gaussian_filter(np.hypot(*(ndimage.sobel(truth.astype(float), k) / 8 for k in (0, 1))), 2)
    far = np.maximum(*(np.abs(one - truth) for one in inputs))
    return (slope <= min(MAX_SLOPE, float(np.quantile(slope, 0.25)))) & (far < 0.005)


def noise_in(picture: NDArray[Any], truth: NDArray[Any], where: NDArray[np.bool_]) -> float:
    """Root mean square of what differs from the truth there."""
    return float(np.sqrt(np.mean((picture.astype(float) - truth)[where] ** 2)))
