"""No import circle anywhere: not inside functions, not for types alone.

Two files that know each other are one thing in two files.  Imports inside functions hide a circle from Python, those
under ``TYPE_CHECKING`` hide it until somebody follows the types; all of them count here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "napari_hicstruct"

Graph = Mapping[str, set[str]]


def modules() -> dict[str, Path]:
    """Dotted name of every module of the package, and its file."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(tree: ast.Module, known: Mapping[str, object]) -> Iterator[str]:
    """Modules of ours that a file imports, wherever in the file; a name of a package counts as its own module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                one = f"{node.module}.{alias.name}"
                yield one if one in known else str(node.module)


def graph() -> dict[str, set[str]]:
    """Module → modules that it imports.

    A lazy ``__init__`` names its modules in strings only: to import a name from a package is to depend on it alone.
    """
    known = modules()
    return {name: set(imported(ast.parse(path.read_text("utf-8")), known)) - {name} for name, path in known.items()}


def circles(edges: Graph) -> list[list[str]]:
    """Strongly connected components of more than one node, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in edges[node]:
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            part = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(part) > 1:
                found.append(sorted(part))

    for node in edges:
        if node not in order:
            visit(node)
    return sorted(found)


def test_no_import_circle() -> None:
    assert circles(graph()) == []


def test_circles_are_found() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert circles(edges) == [["a", "b", "c"]]


def test_hidden_imports_are_seen() -> None:
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import A\n"
        "def f():\n    from p import b, name\n    import p.c\n"
    )
    known = dict.fromkeys(("p", "p.a", "p.b", "p.c"))
    assert sorted(set(imported(ast.parse(text), known))) == ["p", "p.a", "p.b", "p.c"]
