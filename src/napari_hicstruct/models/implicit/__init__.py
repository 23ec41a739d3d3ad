"""Implicit functions of shapes: a point and a latent vector in, occupancy out (docs/adr/0035)."""
