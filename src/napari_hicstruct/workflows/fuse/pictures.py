"""Sharp pictures that installed packages hold, from which pairs in different focus are made for training."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import ImageError
from napari_hicstruct.wording import how_many

MIN_SIDE = 8
"""Pixels; smaller pictures hold nothing to decide by."""

COLOURS = (3, 4)
"""Lengths of a last axis that holds colours."""

SCIKIT_IMAGE = (
    "astronaut",
    "brick",
    "gravel",
    "coffee",
    "immunohistochemistry",
    "stereo_motorcycle",
    "retina",
    "moon",
    "page",
    "text",
)
"""Of scikit-image; the pictures of benchmarks/fusion_images.py are none of them."""

SCIKIT_LEARN = ("china", "flower")
"""Of scikit-learn."""


def packaged_pictures() -> dict[str, NDArray[np.float32]]:
    """The training pictures by name, grey, 0 to 1."""
    from sklearn.datasets import load_sample_image

    found = {name: grey(packaged_picture(name)) for name in SCIKIT_IMAGE}
    return found | {name: grey(load_sample_image(f"{name}.jpg")) for name in SCIKIT_LEARN}


def packaged_picture(name: str) -> NDArray[Any]:
    """A picture of scikit-image as it is."""
    from skimage import data

    made = getattr(data, name)()
    return np.asarray(made[0] if isinstance(made, tuple) else made)  # a pair of eyes: the left one


def read_pictures(paths: Iterable[Path]) -> dict[str, NDArray[np.float32]]:
    """Pictures of files by name, grey, 0 to 1.

    Raises
    ------
    ImageError
        If one cannot be read, is no picture, or holds nothing that could be in focus.
    """
    from napari_hicstruct.workflows.fuse.image_files import read_picture

    found = {}
    for path in paths:
        values = read_picture(path)
        _check_learnable(path, values)
        found[path.name] = grey(values)
    return found


def _check_learnable(path: Path, values: NDArray[Any]) -> None:
    """Refuse what nothing can be learnt from; a NaN would spoil every weight."""
    coloured = values.ndim == 3 and values.shape[-1] in COLOURS
    if values.dtype.kind not in "buif" or not (values.ndim == 2 or coloured):
        kind = f"{values.dtype} of {how_many(values.ndim, 'axis', 'axes')}"
        raise ImageError(f"holds {kind}: no picture to learn from.", where=path, hint="Give Y × X, or Y × X × colours.")
    if min(values.shape[:2]) < MIN_SIDE:
        text = f"has {values.shape[0]:,} × {values.shape[1]:,} pixels: too few to learn from."
        raise ImageError(text, where=path, hint=f"Give pictures of {MIN_SIDE} × {MIN_SIDE} pixels or more.")
    with np.errstate(over="ignore"):
        if not np.isfinite(values.astype(np.float32)).all():
            raise ImageError("holds values that are not finite.", where=path, hint="Fill them first.")
    if values.min() == values.max():
        raise ImageError("is the same everywhere: nothing is sharp in it.", where=path, hint="Leave it out.")


def grey(picture: NDArray[Any]) -> NDArray[np.float32]:
    """Luminance of a picture, stretched to 0 … 1 by the range of its type, or of its values where those are floats."""
    values = np.asarray(picture)
    found = values.astype(np.float32)
    if np.issubdtype(values.dtype, np.integer):
        found /= np.iinfo(values.dtype).max
    elif values.dtype != bool:
        low, high = float(np.nanmin(found)), float(np.nanmax(found))
        found = (found - low) / max(high - low, 1e-12)
    return luminance(found)


def luminance(values: NDArray[Any]) -> NDArray[np.float32]:
    """Of colours along the last axis (Rec. 709, alpha left out); what is grey is as it was."""
    if values.ndim == 2:
        return np.asarray(values, np.float32)
    return np.asarray(values[..., :3] @ np.array([0.2126, 0.7152, 0.0722]), np.float32)
