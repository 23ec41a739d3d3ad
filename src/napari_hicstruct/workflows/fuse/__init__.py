"""Fusion of two pictures, or of two contact maps."""
