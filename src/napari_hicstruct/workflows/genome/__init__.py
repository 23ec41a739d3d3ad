"""Predict whole genomes by many workers: the same calls as :mod:`~napari_hicstruct.workflows.predict`, piece by piece."""
