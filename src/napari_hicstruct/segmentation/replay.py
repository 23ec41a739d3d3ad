"""A few crops of what a model was trained on, kept beside it: corrections must not make it forget them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.segmentation.planes import Plane, make_plane

FILE = "replay.npz"

MAX_CROPS = 24
"""Crops that are kept; of 256 × 256 pixels and one channel some 5 MB before compression."""

SIDE_PX = 256


def save_replay(folder: Path, planes: Sequence[Plane], config: SegmentationConfig) -> None:
    """Keep an even choice of crops with labels, and which of their pixels were held out.

    Raises
    ------
    OutputError
    """
    crops = []
    for plane in planes:
        height, width = plane.mask.shape
        for top in range(0, max(1, height - SIDE_PX // 2), SIDE_PX):
            for left in range(0, max(1, width - SIDE_PX // 2), SIDE_PX):
                at = (slice(top, top + SIDE_PX), slice(left, left + SIDE_PX))
                if plane.mask[at].any():
                    crops.append((plane, at))
    arrays: dict[str, Any] = {}
    for k, (plane, at) in enumerate(crops[:: max(1, -(-len(crops) // MAX_CROPS))]):
        arrays[f"{k}-x"] = plane.x[(slice(None), *at)].astype(np.float16)
        arrays[f"{k}-labels"] = plane.labels[at]
        arrays[f"{k}-known"] = plane.known[at].astype(np.float16)
        arrays[f"{k}-held_out"] = plane.held_out[at].astype(np.float16)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / FILE, file.getvalue())


def load_replay(folder: Path, config: SegmentationConfig, values: tuple[int, ...]) -> list[Plane]:
    """The crops that were kept, as planes; none where the file is missing or damaged."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            arrays = dict(file.items())
    except (OSError, ValueError, EOFError):
        return []
    planes = []
    for k in range(len(arrays) // 4):
        known, held_out = (arrays[f"{k}-{name}"].astype(np.float32) for name in ("known", "held_out"))
        x = arrays[f"{k}-x"].astype(np.float32)
        planes.append(make_plane(x, arrays[f"{k}-labels"], known + held_out, values, config, held_out > 0))
    return planes
