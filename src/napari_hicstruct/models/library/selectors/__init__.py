"""Selectors E1 – E6: what of each scale's features a task's decoder reads (docs/science/selectors.md)."""
