"""The front door, ``import napari_hicstruct as hs``: keyword arguments and plain returns around the workflows."""
