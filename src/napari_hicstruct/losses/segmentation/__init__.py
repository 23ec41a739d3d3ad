"""Losses of tasks on pictures: mask, signed distance, boundary."""
