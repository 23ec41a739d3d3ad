"""Losses of gated networks: the task under imbalance, alignment, sparsity, entropy, smoothness."""
