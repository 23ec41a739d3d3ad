"""Selectors E1 – E6: between encoder and decoders, what of each scale's features a task reads (docs/selectors.md)."""
