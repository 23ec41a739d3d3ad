"""Tracks in napari's window."""
