"""Two pictures of one thing become one: a decision mask says how much of each is believed where."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.fusion import IMAGE_PRESETS
from napari_hicstruct.errors import ConfigError, ImageError, ModelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.fuse.pictures import COLOURS, MIN_SIDE, luminance

if TYPE_CHECKING:
    from napari_hicstruct.models.fusion.network import HybridFusionNet

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

UNDECIDED = (0.25, 0.75)
"""Between these shares of A a pixel is a blend of both."""

MANY = 0.5
"""Share of undecided pixels that a person should know of (photographs)."""


@dataclass(frozen=True, slots=True, eq=False)
class FuseImagesRequest:
    """Two pictures, and by what they are fused.

    Attributes
    ----------
    a, b : ndarray
        ``(Y, X)``, ``(Y, X, 3 or 4)`` for colours, or ``(Z, Y, X)`` for a stack, fused plane by plane; of one shape and
        one type.  Values that are not finite are taken from the other picture.
    preset : {"lytro", "microscopy"}
    model : Path, optional
        A folder that ``hicstruct fuse-train`` wrote, instead of the preset's.
    device : str
    threads : int, optional
    """

    a: Pixels
    b: Pixels
    preset: str = "lytro"
    model: Path | None = None
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FusedImages:
    """What came of it.

    Attributes
    ----------
    fused : ndarray
        Of A's shape and type.
    mask : float32 ndarray
        Share of A at each pixel, 0 to 1; colours have one in common.
    notes : tuple of str
    model : str
        Name of the model.
    """

    fused: Pixels
    mask: Floats
    notes: tuple[str, ...]
    model: str


def iter_fuse_images(request: FuseImagesRequest, token: CancelToken) -> Generator[Progress, None, FusedImages]:
    """Fuse two pictures; a generator of Progress.

    Raises
    ------
    ImageError
        If they do not go together, or are no pictures.
    ConfigError
        If there is no such preset or device.
    ModelError
        If the model cannot be used.
    Cancelled
    """
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.models.fusion.store import load_fusion

    clock = Clock()
    a, b, notes = checked_pair(request.a, request.b)
    folder = model_folder(request)
    yield clock.step("load model", 0, 0)
    net, config, card = load_fusion(folder, device=choose_device(request.device))
    if config.preset not in IMAGE_PRESETS:
        raise ModelError("fuses contact maps, not pictures.", where=folder, hint=f"Give {_presets()}.")
    stack = a.ndim == 3 and a.shape[-1] not in COLOURS
    planes = list(zip(a, b, strict=True)) if stack else [(a, b)]
    made: list[tuple[Pixels, Floats]] = []
    with torch_threads(request.threads or 0):
        for k, pair in enumerate(planes):
            for step in _fuse_plane(net, pair, made):
                token.check()
                yield clock.step("fuse", k + step.fraction, len(planes))
    fused, mask = (np.stack(one) if stack else one[0] for one in zip(*made, strict=True))
    return FusedImages(fused, mask, (*notes, *_mask_notes(mask, config.preset)), str(card.get("name", folder.name)))


def model_folder(request: FuseImagesRequest) -> Path:
    """The model of a request.

    Raises
    ------
    ConfigError
        If there is no such preset.
    """
    from napari_hicstruct.config.resources import resource

    if request.model is not None:
        return Path(request.model)
    if request.preset not in IMAGE_PRESETS:
        other = " fuses contact maps, not pictures" if request.preset == "hic" else " is no preset"
        raise ConfigError(f"'{request.preset}'{other}.", where="preset", hint=f"Give {_presets()}.")
    return resource("models", "fusion", request.preset)


def _presets() -> str:
    return " or ".join(IMAGE_PRESETS)


def checked_pair(a: Any, b: Any) -> tuple[Pixels, Pixels, tuple[str, ...]]:
    """Two pictures that go together, and notes on what was made of them.

    Raises
    ------
    ImageError
    """
    a, b = _picture("A", a), _picture("B", b)
    _check_colours(a, b)
    notes: tuple[str, ...] = ()
    if a.ndim == b.ndim == 3 and {a.shape[-1], b.shape[-1]} == set(COLOURS):
        a, b, notes = a[..., :3], b[..., :3], ("opacity is left out: only one of the pictures has it",)
    if a.shape != b.shape:
        text = f"A has {_size(a)} pixels, B {_size(b)}."
        raise ImageError(text, hint="Crop or resample one of them, so that pixels show the same place.")
    if a.dtype != b.dtype and not (a.dtype.kind == b.dtype.kind == "f"):
        hint = "Save both in one type: their values must mean the same."
        raise ImageError(f"A holds values of type {a.dtype}, B of type {b.dtype}.", hint=hint)
    if a is b or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        raise ImageError("A and B are the same picture: there is nothing to fuse.", hint="Give two pictures.")
    if a.dtype.kind != "f":
        return a, b, notes
    return _without_gaps(a, b, notes)


def _picture(name: str, given: Any) -> Pixels:
    values = np.asarray(given)
    if values.dtype.kind not in "buif":
        raise ImageError(f"{name} holds values of type {values.dtype}, which are no picture's.", hint="Give numbers.")
    if values.ndim not in (2, 3):
        hint = "Give Y × X, Y × X × colours, or a stack Z × Y × X."
        raise ImageError(f"{name} has {how_many(values.ndim, 'axis', 'axes')}.", hint=hint)
    sides = values.shape[:2] if values.ndim == 2 or values.shape[-1] in COLOURS else values.shape[1:]
    if min(values.shape) == 0 or min(sides) < MIN_SIDE:
        text = f"{name} has {_size(values)} pixels: too few to decide by."
        raise ImageError(text, hint=f"Give pictures of {MIN_SIDE} × {MIN_SIDE} pixels or more.")
    return values


def _check_colours(a: Pixels, b: Pixels) -> None:
    kinds = [
        "RGB" if one.ndim == 3 and one.shape[-1] in COLOURS else "a stack" if one.ndim == 3 else "grey"
        for one in (a, b)
    ]
    if kinds[0] != kinds[1]:
        raise ImageError(f"A is {kinds[0]}, B is {kinds[1]}.", hint="Give two of one kind: convert one of them first.")


def _size(values: Pixels) -> str:
    return " × ".join(f"{n:,}" for n in values.shape)


def _without_gaps(a: Pixels, b: Pixels, notes: tuple[str, ...]) -> tuple[Pixels, Pixels, tuple[str, ...]]:
    """Floats: what is not finite in one is taken from the other."""
    bad_a, bad_b = ~np.isfinite(a), ~np.isfinite(b)
    if not (bad_a.any() or bad_b.any()):
        return a, b, notes
    if (bad_a & bad_b).any():
        text = "A and B both hold values that are not finite at the same pixels."
        raise ImageError(text, hint="Fill them first.")
    notes = (*notes, "values that are not finite were taken from the other picture")
    return np.where(bad_a, b, a).astype(a.dtype), np.where(bad_b, a, b).astype(b.dtype), notes


def _fuse_plane(
    net: HybridFusionNet, pair: tuple[Pixels, Pixels], made: list[tuple[Pixels, Floats]]
) -> Generator[Progress, None, None]:
    """Fuse one plane and append its blend and mask to ``made``."""
    import torch

    from napari_hicstruct.fusion.apply import iter_fuse_arrays
    from napari_hicstruct.fusion.channels import picture_channels

    low, scale = _range(pair)
    a, b = ((one.astype(np.float64) - low) / scale for one in pair)
    with torch.inference_mode():
        grey = [torch.from_numpy(luminance(one))[None, None] for one in (a, b)]
        read = [one[0].numpy() for one in picture_channels(*grey)]
    mask, blend = yield from iter_fuse_arrays(net, read[0], read[1], (_first(a), _first(b)))
    if net.config.residual:
        fused: Pixels = _last(blend) * scale + low
    else:  # values of many digits keep them
        share = mask if a.ndim == 2 else mask[..., None]
        fused = share * pair[0].astype(np.float64) + (1 - share) * pair[1].astype(np.float64)
    made.append((_as_type(fused, pair[0].dtype), mask))


def _range(pair: tuple[Pixels, Pixels]) -> tuple[float, float]:
    """What becomes 0, and how much becomes 1: the pictures' own extremes."""
    low, high = (float(pick([pick(one) for one in pair])) for pick in (np.min, np.max))
    return low, (high - low) or 1.0


def _first(values: Pixels) -> Pixels:
    return values[None] if values.ndim == 2 else np.moveaxis(values, -1, 0)


def _last(values: Pixels) -> Pixels:
    return values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)


def _as_type(values: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Floats as values of a picture's type: whole numbers are rounded, what is beyond the type is its limit."""
    if dtype.kind == "b":
        return values >= 0.5
    if dtype.kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def _mask_notes(mask: Floats, preset: str) -> tuple[str, ...]:
    open_share = float(((mask > UNDECIDED[0]) & (mask < UNDECIDED[1])).mean())
    if preset != "lytro" or open_share < MANY:
        return ()
    return (f"{open_share:.0%} of the pixels are a blend of both pictures: neither is sharper there",)
