"""The map on napari's canvas: camera, axes, a second canvas."""
