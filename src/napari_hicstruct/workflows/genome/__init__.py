"""Predict whole genomes by many workers: the same calls as one process gives, piece by piece."""
