"""Numbers before words: one thing is never called ``1 things``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_hicstruct
from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import NameMatcher
from napari_hicstruct.wording import how_many

_THINGS = re.compile(
    r" (\w+ )?(annotations|calls|candidates|classes|columns|contigs|corrections|entries|files|labels|lines|loops|maps"
    r"|objects|places|proposals|records|regions|steps)\b"
)
_NEVER_ONE = (  # each of these is said of two or more, or is no number
    "The reliabilities have not converged",
    "{kind.value} labels are not written",
    "Undone: the judgment of",
    "{step.action} {step.count:,} objects",
    "needs calls of two programs or more",
    "none of the {len(refused)} files",
    "{beyond:,} of {len(there):,} labels of the truth",
)


def _sources() -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted(Path(napari_hicstruct.__file__).parent.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_one_is_singular() -> None:
    assert [how_many(n, "bad line") for n in (0, 1, 2, 12_345)] == [
        "0 bad lines",
        "1 bad line",
        "2 bad lines",
        "12,345 bad lines",
    ]
    assert how_many(1, "entry", "entries") == "1 entry"
    assert how_many(2, "entry", "entries") == "2 entries"


def _counts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each number in an f-string that stands before a plural, but for those where 1 is said apart."""
    apart = {id(node) for branch in ast.walk(tree) if isinstance(branch, ast.IfExp) for node in ast.walk(branch)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr) or id(node) in apart:
            continue
        for value, text in zip(node.values, node.values[1:], strict=False):
            if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant) and _THINGS.match(text.value):
                yield value.lineno, ast.unparse(node)


def test_no_text_calls_one_thing_things() -> None:
    found = [f"{path.name}:{line}: {text}" for path, tree in _sources() for line, text in _counts(tree)]
    assert [text for text in found if not any(known in text for known in _NEVER_ONE)] == []


def test_dots_stand_for_names_that_are_there() -> None:
    """A map of one chromosome does not seem to have more."""
    for names, text in (
        (["1"], "It has 1."),
        ([f"chr{k}" for k in range(1, 23)], "It has chr1, chr2, chr3, chr4, chr5 …."),
        (["chrX", "chrY"], "It has chrX, chrY."),
    ):
        with pytest.raises(RegionError) as refused:
            NameMatcher(names).require("nowhere")
        assert str(refused.value).endswith(text)
