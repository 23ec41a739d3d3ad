"""Files that travel with the package; found through ``napari_hicstruct.config.resources``."""
