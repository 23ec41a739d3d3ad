"""Losses of the fusion of two pictures or maps."""
