"""Layers that lie at their place on the genome: napari can neither move, turn nor stretch them.

On an image its key 2 is the transform tool, and the next drag would move the map under its axes and marks, which
nobody sees and no undo takes back; *Rotate layers* (Ctrl+Alt+T) turns all layers.
"""

from __future__ import annotations

from typing import Any

from napari.layers import Image as _Image


class FixedPlace:
    """Part of every layer class of ours: the affine transform is the projection of the window, and nothing else."""

    @property
    def affine(self) -> Any:
        """How the map lies: square or tilted."""
        return super().affine  # type: ignore[misc]

    @affine.setter
    def affine(self, _affine: Any) -> None:
        """Nothing: the layer stays where it is."""

    def project(self, matrix: Any) -> None:
        """Lie square or tilted: data stay base pairs, only the map of them onto the canvas changes."""
        super(FixedPlace, type(self)).affine.fset(self, matrix)  # type: ignore[misc]


class OnlyShown(FixedPlace):
    """Part of layers that are never edited: napari offers none of its tools there, by button or by key."""

    editable: bool

    def _reset_editable(self) -> None:
        """After each change of the data."""
        self.editable = False


class Image(OnlyShown, _Image):  # type: ignore[misc]
    """napari's image at its place on the genome."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self._reset_editable()
