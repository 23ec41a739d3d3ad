"""napari-hicstruct: find, judge and correct loops, stripes and TADs in Hi-C contact maps.

``import napari_hicstruct as hs`` gives the names of ``__init__.pyi``; each is loaded when it is first used, so that the
import costs next to nothing.  They are described in ``docs/python.md``.
"""

import lazy_loader

from napari_hicstruct.config.paths import prepare_folders

prepare_folders()  # before anything of numba, matplotlib or napari asks for its folders

_load, _listed, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = sorted([*_names, "__version__"])


def __getattr__(name: str) -> object:
    if name != "__version__":
        return _load(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        globals()[name] = version("napari-hicstruct")
    except PackageNotFoundError:  # a source tree that was never installed
        globals()[name] = "0+unknown"
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)
