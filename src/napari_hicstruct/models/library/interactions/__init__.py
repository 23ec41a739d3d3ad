"""Interactions between task decoders, one file each; ``models/registry.py`` names them."""
