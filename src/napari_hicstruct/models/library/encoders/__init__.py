"""Encoders of known architectures, to compare the shipped one with (docs/science/ablations.md)."""
