"""Segmentation of any picture by the multitask network: train, apply, correct, compare."""
