"""napari-hicstruct: find, judge and correct loops, stripes and TADs in Hi-C contact maps."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("napari-hicstruct")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
