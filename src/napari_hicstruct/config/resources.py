"""Files that travel with the package: icons, colour maps, model folders, configurations, recipes.

They live in ``resources/`` at the top of the repository and are installed as the package
``napari_hicstruct.resources`` (``package_dir`` in ``setup.cfg``; see ``docs/adr``).  An editable install maps that
name to the source folder, a wheel holds a copy, and a source tree that was never installed falls back on the
folder beside ``src``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from napari_hicstruct.errors import ConfigError

_SOURCE_TREE = Path(__file__).resolve().parents[3] / "resources"


def resources_dir() -> Path:
    """Folder that holds the resources.

    Raises
    ------
    ConfigError
        If the installation is incomplete.
    """
    spec = find_spec("napari_hicstruct.resources")
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    if _SOURCE_TREE.is_dir():
        return _SOURCE_TREE
    raise ConfigError("napari-hicstruct is installed without its resources.", hint="Install it again with pip.")


def resource(*parts: str) -> Path:
    """Path of one resource, for example ``resource("models", "default")``; it must exist."""
    path = resources_dir().joinpath(*parts)
    if not path.exists():
        raise ConfigError("is not among the package's resources.", where="/".join(parts))
    return path
