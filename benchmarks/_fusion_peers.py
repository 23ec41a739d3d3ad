"""What two pictures in different focus are fused by elsewhere: each after its paper, in a few settings.

Pictures are grey, 0 to 1.  Every peer comes with the settings that are tried; the benchmark reports the best of them by
each measure on the very test pairs, which favours the peer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Fuse = Callable[[Floats, Floats], Floats]


def mean(a: Floats, b: Floats) -> Floats:
    """½ (A + B)."""
    return (a + b) / 2


def maximum(a: Floats, b: Floats) -> Floats:
    """The brighter one."""
    return np.maximum(a, b)


# --- Laplacian pyramid: Burt & Adelson 1983; choice by windows after Burt & Kolczynski 1993 -------------------------

_KERNEL = np.array([1, 4, 6, 4, 1]) / 16


def _reduced(x: Floats) -> Floats:
    for axis in (0, 1):
        x = ndimage.convolve1d(x, _KERNEL, axis=axis, mode="reflect")
    return x[::2, ::2]


def _expanded(x: Floats, shape: tuple[int, ...]) -> Floats:
    out = np.zeros(shape)
    out[::2, ::2] = x
    for axis in (0, 1):
        out = ndimage.convolve1d(out, 2 * _KERNEL, axis=axis, mode="reflect")
    return out


def _pyramid(x: Floats, levels: int) -> list[Floats]:
    found = []
    for _ in range(levels):
        smaller = _reduced(x)
        found.append(x - _expanded(smaller, x.shape))
        x = smaller
    return [*found, x]


def _chosen(a: Floats, b: Floats, window: int) -> Floats:
    """The coefficient of larger activity: of itself, or of the largest in a window, by a majority of neighbours."""
    strength = [np.abs(one) if window == 1 else ndimage.maximum_filter(np.abs(one), window) for one in (a, b)]
    first = strength[0] >= strength[1]
    if window > 1:  # consistency: who is alone among its neighbours is outvoted
        first = ndimage.uniform_filter(first.astype(float), window) > 0.5
    return np.where(first, a, b)


def laplacian_pyramid(a: Floats, b: Floats, *, levels: int, window: int) -> Floats:
    """Details by the larger, the lowest level by the mean."""
    parts = list(zip(_pyramid(a, levels), _pyramid(b, levels), strict=True))
    x = (parts[-1][0] + parts[-1][1]) / 2
    for one, other in reversed(parts[:-1]):
        x = _expanded(x, one.shape) + _chosen(one, other, window)
    return x


# --- wavelets: Li, Manjunath & Mitra 1995, by pywt -------------------------------------------------------------------


def wavelet(a: Floats, b: Floats, *, name: str, levels: int, window: int) -> Floats:
    """Details by the largest activity in a window, with a consistency check; approximation by the mean."""
    import pywt

    first, second = (pywt.wavedec2(one, name, mode="symmetric", level=levels) for one in (a, b))
    fused: list[Any] = [(first[0] + second[0]) / 2]
    for one, other in zip(first[1:], second[1:], strict=True):
        fused.append(tuple(_chosen(x, y, window) for x, y in zip(one, other, strict=True)))
    return pywt.waverec2(fused, name, mode="symmetric")[: a.shape[0], : a.shape[1]]


# --- guided filter: Li, Kang & Hu 2013 (GFF) -------------------------------------------------------------------------


def _box(x: Floats, radius: int) -> Floats:
    return ndimage.uniform_filter(x, 2 * radius + 1, mode="reflect")


def guided(guide: Floats, x: Floats, radius: int, epsilon: float) -> Floats:
    """He, Sun & Tang's guided filter of a grey guide."""
    mean_g, mean_x = _box(guide, radius), _box(x, radius)
    slope = (_box(guide * x, radius) - mean_g * mean_x) / (_box(guide * guide, radius) - mean_g**2 + epsilon)
    return _box(slope, radius) * guide + _box(mean_x - slope * mean_g, radius)


def guided_filter(
    a: Floats, b: Floats, *, base: tuple[int, float] = (45, 0.3), detail: tuple[int, float] = (7, 1e-6)
) -> Floats:
    """Base and detail layers, weights by saliency, refined by guided filters; the paper's r₁, ε₁ and r₂, ε₂."""
    saliency = [
        ndimage.gaussian_filter(np.abs(ndimage.laplace(one, mode="reflect")), 5, truncate=1.0, mode="reflect")
        for one in (a, b)
    ]
    first = (saliency[0] >= saliency[1]).astype(float)
    bases = [ndimage.uniform_filter(one, 31, mode="reflect") for one in (a, b)]
    fused = np.zeros_like(a)
    for parts, (radius, epsilon) in ((bases, base), ([a - bases[0], b - bases[1]], detail)):
        weights = [np.clip(guided(one, p, radius, epsilon), 0, None) for one, p in ((a, first), (b, 1 - first))]
        total = weights[0] + weights[1] + 1e-12
        fused += (weights[0] * parts[0] + weights[1] * parts[1]) / total
    return fused


PEERS = ("mean", "max", "laplacian pyramid", "wavelet", "guided filter")


def settings_of(peer: str) -> Iterator[tuple[str, Fuse]]:
    """Each setting that is tried of a peer, in words and as a function."""
    yield from {
        "mean": lambda: iter([("", mean)]),
        "max": lambda: iter([("", maximum)]),
        "laplacian pyramid": _pyramids,
        "wavelet": _wavelets,
        "guided filter": _guided_filters,
    }[peer]()


def _pyramids() -> Iterator[tuple[str, Fuse]]:
    for levels in (4, 5, 6):
        for window in (1, 3):
            yield f"{levels} levels, window {window}", partial(laplacian_pyramid, levels=levels, window=window)


def _wavelets() -> Iterator[tuple[str, Fuse]]:
    for name in ("db2", "bior4.4"):
        for levels in (3, 4):
            for window in (1, 3):
                setting = f"{name}, {levels} levels, window {window}"
                yield setting, partial(wavelet, name=name, levels=levels, window=window)


def _guided_filters() -> Iterator[tuple[str, Fuse]]:
    papers = ((45, 0.3), (7, 1e-6))
    for base, detail in (
        papers,
        ((15, 0.3), (7, 1e-6)),
        ((45, 0.01), (7, 1e-6)),
        ((45, 0.3), (4, 1e-4)),
        ((15, 0.01), (15, 1e-6)),
    ):
        setting = f"r1 {base[0]}, e1 {base[1]:g}, r2 {detail[0]}, e2 {detail[1]:g}"
        yield setting, partial(guided_filter, base=base, detail=detail)
