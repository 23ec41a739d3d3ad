"""napari-hicstruct: find, judge and correct loops, stripes and TADs in Hi-C contact maps."""

from importlib.metadata import PackageNotFoundError, version

from napari_hicstruct.config.paths import prepare_folders

try:
    __version__ = version("napari-hicstruct")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

prepare_folders()  # before anything of numba, matplotlib or napari asks for its folders

__all__ = ["__version__"]
