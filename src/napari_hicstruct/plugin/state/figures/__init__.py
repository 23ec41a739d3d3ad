"""Figures and pile-ups of what the window shows."""
