"""The public API, ``import napari_hicstruct as hs``: keyword arguments and plain returns around the workflows."""
