"""Fusion of two pictures or maps: how a network learns from pairs, and how it is applied to large ones."""
