"""The library of methods: parts that no shipped model uses.

They stay because they were measured (``docs/science``), have tests of their own, and may be chosen in the recipe of a
model of one's own; ``models/registry.py`` names them.
"""
