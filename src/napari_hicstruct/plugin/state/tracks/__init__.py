"""Tracks beside the map."""
