"""Files and functions stay small enough to be read at one go: ``python scripts/check_sizes.py``, part of make lint."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "napari_hicstruct"
MAX_LINES, MAX_FUNCTION_LINES = 500, 50


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, the docstring too."""
    return (function.end_lineno or 0) - function.lineno + 1


def documentation(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a docstring below its first one."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (first.end_lineno or 0) - first.lineno if is_docstring else 0


def too_long(name: str, text: str) -> Iterator[str]:
    """What is too long in a file of the package, ``name`` relative to it."""
    if (lines := len(text.splitlines())) > MAX_LINES:
        yield f"{name}: {lines} lines, more than {MAX_LINES}"
    # public names are documented in full (tests/meta/test_api.py), which may take more lines than the code
    documented = name.startswith("api/")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = lines_of(node) - (documentation(node) if documented else 0)
            if lines > MAX_FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines, more than {MAX_FUNCTION_LINES}"


def main() -> int:
    """Print what is too long; 1 if anything is."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += too_long(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
    print("\n".join(found) or "sizes: all files and functions are short enough")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
