"""The examples of every public docstring run, on the sample map."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import napari_hicstruct as hs
from napari_hicstruct import api

MODULES = sorted(f"{api.__name__}.{found.name}" for found in pkgutil.iter_modules(api.__path__))


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, sample: hs.ContactMap, calls: hs.Calls) -> None:
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.FAIL_FAST)
    said: list[str] = []
    for test in examples(module):
        runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


def test_the_test_sees_examples() -> None:
    tests = [test for name in MODULES for test in examples(importlib.import_module(name))]
    run = [e for test in tests for e in test.examples if not e.options.get(doctest.SKIP)]
    assert len(tests) > 25
    assert len(run) > 100
