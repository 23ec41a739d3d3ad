"""Files and functions stay small enough to be read at one go."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "napari_hicstruct"
MOST_LINES, MOST_FUNCTION_LINES = 500, 50


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, the docstring too."""
    return (function.end_lineno or 0) - function.lineno + 1


def documentation(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a docstring below its first one."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (first.end_lineno or 0) - first.lineno if is_docstring else 0


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    # public names are documented in full (tests/meta/test_api.py), which may take more lines than the code
    free = documentation if path.is_relative_to(PACKAGE / "api") else lambda _: 0
    long = {f.name: n for f in functions if (n := lines_of(f) - free(f)) > MOST_FUNCTION_LINES}
    assert not long, f"lines per function: {long}"
