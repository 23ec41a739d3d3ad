"""Enhancer–promoter pairs across cell lines: train, predict, explain, and an example to begin with."""
