"""Pairs of pictures in different focus, made from one that is sharp: what is in focus where is known.

Two kinds.  ``varying``: the picture itself, blurred by a σ that varies from place to place and falls to 0 across soft
borders.  ``spread``: a foreground before a ground (Ma et al., 2020): out of focus, the foreground bleeds over
the ground that is in focus (the defocus spread effect), so that beside the border neither picture is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Kind = Literal["varying", "spread"]

LEVELS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""σ of the blurred copies between which a varying blur is interpolated, pixels."""

MIN_SHARE = 0.15
"""Of a picture that each of the two has in focus at least."""


@dataclass(frozen=True, slots=True)
class FocusOptions:
    """How a pair is made.

    Attributes
    ----------
    blur : pair of float
        σ of defocus, pixels, at least and at most; up to 6.
    noise : pair of float
        σ of Gaussian noise added to each picture by itself, share of the range.
    border : pair of float
        Width of soft borders, pixels.
    """

    blur: tuple[float, float] = (0.6, 4.0)
    noise: tuple[float, float] = (0.0, 0.0)
    border: tuple[float, float] = (0.7, 4.0)


@dataclass(frozen=True, slots=True)
class FocusPair:
    """Two pictures of one scene, and what they were made from.

    Attributes
    ----------
    a, b : ndarray
        float32, of the picture's shape, 0 to 1.
    truth : ndarray
        In focus everywhere, without noise.
    focus : ndarray
        bool, ``(Y, X)``: where A is in focus; elsewhere B is.
    noise : pair of float
        σ that was added to A and to B.
    """

    a: Floats
    b: Floats
    truth: Floats
    focus: NDArray[np.bool_]
    noise: tuple[float, float]


def focus_pair(
    picture: NDArray[Any],
    rng: np.random.Generator,
    kind: Kind = "varying",
    options: FocusOptions | None = None,
    ground: NDArray[Any] | None = None,
) -> FocusPair:
    """Make a pair.

    Parameters
    ----------
    picture : ndarray
        ``(Y, X)`` or ``(Y, X, C)``, 0 to 1.
    rng : Generator
    kind : {"varying", "spread"}
    options : FocusOptions, optional
    ground : ndarray, optional
        ``spread``: what stands behind the foreground, of the picture's shape.  Default: the picture itself.
    """
    options = options or FocusOptions()
    sharp = np.asarray(picture, np.float32)
    soft = _soft_shape(sharp.shape[:2], rng, rng.uniform(*options.border))
    if kind == "varying":
        truth = sharp
        a, b = _varying(sharp, soft, rng, options)
    else:
        behind = sharp if ground is None else np.asarray(ground, np.float32)
        alpha = _like(soft, sharp)
        truth = alpha * sharp + (1 - alpha) * behind
        a, b = _layers(sharp, behind, soft, rng, options)
    focus = soft > 0.5
    if rng.random() < 0.5:  # the foreground may be in focus in either
        a, b, focus = b, a, ~focus
    sigmas = tuple(float(rng.uniform(*options.noise)) for _ in range(2))
    a, b = (
        (one + sigma * rng.standard_normal(one.shape)).astype(np.float32) if sigma else one
        for one, sigma in zip((a, b), sigmas, strict=True)
    )
    return FocusPair(a, b, truth.astype(np.float32), focus, (sigmas[0], sigmas[1]))


def varying_blur(picture: Floats, sigma: Floats) -> Floats:
    """The picture blurred by a σ of its own at each pixel, interpolated between copies of :data:`LEVELS`."""
    levels = np.asarray(LEVELS, np.float32)
    highest = int(np.searchsorted(levels, min(float(sigma.max()), levels[-1])))
    place = np.interp(sigma, levels, np.arange(len(levels), dtype=np.float32)).astype(np.float32)
    out = np.zeros_like(picture)
    for k in range(highest + 1):
        weight = np.clip(1 - np.abs(place - k), 0, 1)
        if weight.any():
            out += _like(weight, picture) * _blur(picture, float(levels[k]))
    return out


def _varying(sharp: Floats, soft: Floats, rng: np.random.Generator, options: FocusOptions) -> tuple[Floats, Floats]:
    """A is sharp where ``soft`` is 1, B where it is 0; how far the rest is out of focus varies."""
    made = []
    for share in (1 - soft, soft):
        low, high = np.sort(rng.uniform(*options.blur, 2))
        swell = _field(soft.shape, rng, max(soft.shape) / 4)
        depth = low + (high - low) * (0.5 + 0.5 * np.tanh(swell))
        made.append(varying_blur(sharp, (share * depth).astype(np.float32)))
    return made[0], made[1]


def _layers(
    front: Floats, behind: Floats, soft: Floats, rng: np.random.Generator, options: FocusOptions
) -> tuple[Floats, Floats]:
    """A: foreground in focus; B: ground in focus, under the blurred foreground that bleeds over it."""
    far, near = rng.uniform(*options.blur, 2)
    alpha = _like(soft, front)
    a = alpha * front + (1 - alpha) * _blur(behind, far)
    bled = _like(_blur(soft, near), front)
    b = _blur(alpha * front, near) + (1 - bled) * behind
    return a.astype(np.float32), b.astype(np.float32)


def _soft_shape(shape: tuple[int, ...], rng: np.random.Generator, border: float) -> Floats:
    """1 inside a random shape, 0 outside; its border ``border`` pixels wide."""
    for _ in range(20):
        scale = max(4.0, min(shape) * rng.uniform(0.08, 0.3))
        field = _field(shape, rng, scale)
        if rng.random() < 0.4:  # one side of the picture, with a wavy border
            y, x = np.mgrid[: shape[0], : shape[1]]
            angle = rng.uniform(0, 2 * np.pi)
            ramp = np.cos(angle) * (y / shape[0] - 0.5) + np.sin(angle) * (x / shape[1] - 0.5)
            field = field * 0.25 + ramp * 6
        inside = field > np.quantile(field, rng.uniform(0.3, 0.7))
        if MIN_SHARE < inside.mean() < 1 - MIN_SHARE:
            break
    distance = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    signed = distance - np.where(inside, 0.5, -0.5)
    return np.clip(0.5 + signed / max(border, 1e-3), 0, 1).astype(np.float32)


def _field(shape: tuple[int, ...], rng: np.random.Generator, scale: float) -> Floats:
    """Smooth noise of mean 0 and deviation 1; ``scale``: σ of its bumps, pixels."""
    step = max(1, int(scale / 3))  # drawn on a coarse grid: as smooth, and quick
    coarse = tuple(-(-n // step) + 8 for n in shape)
    noise = ndimage.gaussian_filter(rng.standard_normal(coarse), scale / step)
    whole = ndimage.zoom(noise, step, order=1)[4 * step : 4 * step + shape[0], 4 * step : 4 * step + shape[1]]
    found = np.asarray(whole[: shape[0], : shape[1]], np.float32)
    return np.asarray((found - found.mean()) / (found.std() + 1e-9), np.float32)


def _blur(picture: Floats, sigma: float) -> Floats:
    if sigma <= 0:
        return picture
    return ndimage.gaussian_filter(picture, (sigma, sigma) + (0,) * (picture.ndim - 2), mode="reflect", truncate=3.0)


def _like(weight: Floats, picture: Floats) -> Floats:
    """A weight of pixels beside all their colours."""
    return weight if picture.ndim == 2 else weight[..., None]
