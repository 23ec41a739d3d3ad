"""The tier table of docs/architecture.md, library by library: what a folder may import at module level."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "napari_hicstruct"

HEAVY = {
    "bioframe", "cooler", "cooltools", "dask", "h5py", "hictkpy", "lightning", "lightning_fabric", "magicgui",
    "matplotlib", "napari", "nibabel", "numba", "pandas", "pyqtgraph", "qtpy", "scipy", "skimage", "sklearn",
    "sqlalchemy", "superqt", "tifffile", "torch", "torchjd", "vispy", "zarr",
}  # fmt: skip
FILES = {"bioframe", "cooler", "dask", "h5py", "hictkpy", "pandas", "sqlalchemy"}
NUMERICS = {"numba", "scipy", "sklearn"}
TENSORS = {"torch", "torchjd"}
WINDOW = {"magicgui", "napari", "pyqtgraph", "qtpy", "superqt", "vispy"}

ALLOWED: dict[str, set[str]] = {
    "plugin": WINDOW,
    "cli": set(),
    "api": set(),
    "workflows": set(),
    "inference": TENSORS | {"lightning_fabric", "numba"},  # compiled kernels, as in contacts
    "training": TENSORS | {"lightning_fabric"},
    "label_repair": TENSORS | {"lightning_fabric"},
    "segmentation": TENSORS | {"lightning_fabric"},
    "fusion": TENSORS | {"numba", "scipy"},  # compiled kernels of bands of maps
    "epi": TENSORS | {"lightning_fabric"},
    "models": TENSORS,
    "losses": TENSORS,
    "labels": NUMERICS,
    "decode": NUMERICS,
    "evaluation": NUMERICS,
    "synth": NUMERICS,
    "active": NUMERICS,
    "contacts": FILES | {"numba"},  # a compiled kernel cannot be defined inside a function
    "annotations": FILES,
    "tracks": FILES,
    "genome": set(),
    "config": set(),
    "jobs": set(),
    "": set(),  # errors.py and the package itself
}


def module_level_imports(tree: ast.Module) -> Iterator[str]:
    """Top names imported when the module is imported: not inside functions, not under ``TYPE_CHECKING``."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(_statements(node))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Statements right inside another one: of a class, a branch, a handler of an exception."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _statements(child)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_only_in_their_tiers(path: Path) -> None:
    parts = path.relative_to(PACKAGE).parts
    folder = parts[0] if len(parts) > 1 else ""
    assert folder in ALLOWED, f"{folder}/ is no folder of the tier table: add it there and in docs/architecture.md"
    heavy = set(module_level_imports(ast.parse(path.read_text(encoding="utf-8")))) & HEAVY
    assert heavy <= ALLOWED[folder], f"import {', '.join(sorted(heavy - ALLOWED[folder]))} inside the functions"


def test_the_test_sees_imports() -> None:
    source = (
        "import torch\nif True:\n    from dask import array\n"
        "class A:\n    import numba\n    def m(self):\n        import h5py\n"
        "def f():\n    import scipy\ntry:\n    pass\nexcept E:\n    import cooler\n"
    )
    assert set(module_level_imports(ast.parse(source))) == {"torch", "dask", "numba", "cooler"}
