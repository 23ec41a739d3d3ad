"""Whatever benchmarks and scripts import of ours is there: a benchmark that nobody ran does not rot unseen.

Types are checked in the package alone (mypy); a name that moves is missed elsewhere until somebody runs the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.meta.test_cycles import PACKAGE, modules

ROOT = Path(__file__).resolve().parents[2]


def defined(path: Path) -> set[str]:
    """Names that a module has, and its modules where it is a package."""
    names = {child.stem for child in path.parent.iterdir()} if path.name == "__init__.py" else set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
            case ast.Import() | ast.ImportFrom():
                names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            case ast.Constant(value=str()) if path.name == "__init__.py":
                names.add(node.value)  # of a package that loads its names when they are used
    return names


def missing(folder: Path) -> Iterator[str]:
    known, cache = modules(), dict[str, set[str]]()
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or (node.module or "").partition(".")[0] != PACKAGE.name:
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}: {node.module}"
            if node.module not in known:
                yield where
                continue
            names = cache.setdefault(str(node.module), set()) or defined(known[str(node.module)])
            cache[str(node.module)] = names
            yield from (f"{where}.{alias.name}" for alias in node.names if alias.name not in names)


@pytest.mark.parametrize("folder", ["benchmarks", "scripts"])
def test_what_is_imported_is_there(folder: str) -> None:
    assert list(missing(ROOT / folder)) == []


def test_a_name_that_moved_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "old.py").write_text(
        "from napari_hicstruct.errors import HicStructError, NoSuchError\nfrom napari_hicstruct.gone import x\n"
    )
    assert list(missing(tmp_path)) == [
        "old.py:1: napari_hicstruct.errors.NoSuchError",
        "old.py:2: napari_hicstruct.gone",
    ]
