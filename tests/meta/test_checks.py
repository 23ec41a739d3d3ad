"""The style checks beside the tests (``make lint``) find what they are there for."""

from __future__ import annotations

import re

import pytest

from scripts.check_sizes import MAX_FUNCTION_LINES, MAX_LINES, too_long
from scripts.check_words import Rules, find, load_rules
from tests.meta.tracked import ROOT


def test_lint_runs_every_check_and_test_runs_lint() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    for tool in ("ruff check", "ruff format --check", "lint-imports", "mypy", "typos", "check_sizes", "check_words"):
        assert tool in recipe[1]
    assert re.search(r"^test:.*\blint\b", makefile, re.MULTILINE)


def test_long_files_and_functions_are_found() -> None:
    long = "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES
    assert list(too_long("a.py", long)) == [f"a.py:1: f has {MAX_FUNCTION_LINES + 1} lines, more than 50"]
    assert list(too_long("a.py", "x = 1\n" * (MAX_LINES + 1))) == [f"a.py: {MAX_LINES + 1} lines, more than 500"]
    described = 'def f():\n    """A.\n' + "\n" * MAX_FUNCTION_LINES + '    """\n    return 1\n'
    assert list(too_long("api/a.py", described)) == []
    assert len(list(too_long("a.py", described))) == 1


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("_MOST = 400", "_MOST"),
        ("LEAST_PX: int = 60", "LEAST_PX"),
        ("_ENOUGH_BINS = 40", "_ENOUGH_BINS"),
        ("NEAREST_BINS = 4", "NEAREST_BINS"),
        ("NEAR = 100_000.0", "NEAR"),
        ("MAX_MIN_WIDTH_PX = 236", None),
        ("_NEAR_PX = 4.0", None),
        ("REACH_BINS = 4", None),
        ("    most = MAX_THREADS", None),
        ("if MOST == 3:", None),
    ],
)
def test_constants_that_are_limits_say_which_and_in_which_unit(line: str, refused: str | None) -> None:
    found = [word for _, word, _ in find("src/a.py", line, load_rules())]
    assert found == ([] if refused is None else [refused])
    assert list(find("benchmarks/a.py", line, load_rules())) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("def last_twins(): ...", "twins"),
        ("class TwinPairs: ...", "Twin"),
        ('raise E("a fault of ours")', "a fault of ours"),
        ("# what was told", "told"),
        ("the overtold twinned insight", None),
    ],
)
def test_denied_words_are_found_in_names_comments_and_texts(line: str, word: str | None) -> None:
    rules = load_rules()
    assert [found for _, found, _ in find("a.py", f"x = 1\n{line}\n", rules)] == ([word] if word else [])


def test_a_files_own_name_is_read_and_stored_names_are_allowed() -> None:
    rules = Rules((), (), load_rules().denied, (("src/a.py", re.compile("stored")),))
    assert [(line, word) for line, word, _ in find("src/twins.py", "", rules)] == [(0, "twins")]
    assert list(find("src/a.py", "stored = 'twins'\n", rules)) == []
    assert len(list(find("src/b.py", "stored = 'twins'\n", rules))) == 1
