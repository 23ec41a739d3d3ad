"""The public API: its names are listed, typed and light, and documented in full (numpydoc)."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs
from napari_hicstruct.api import calls, evaluation, learning, maps, models, projects
from tests.meta.tracked import ROOT

STUB = ROOT / "src" / "napari_hicstruct" / "__init__.pyi"
CLASSES: list[type] = [
    maps.ContactMap,
    calls.Calls,
    evaluation.Report,
    projects.Project,
    models.Model,
    learning.Finetuned,
]
"""What the public functions give, besides plain values and the results of workflows."""

INSIDE = {"check_takes"}
"""Methods that only the API itself calls."""

SECTION = re.compile(r"^ *(\w[\w ]+)\n *-{3,}$", re.MULTILINE)


def stub_names() -> dict[str, str]:
    """Public name → module that holds it, as the stub says."""
    found = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                assert alias.asname == alias.name, "a type checker takes only 'import x as x' for public"
                found[alias.name] = node.module or ""
    return found


def test_names_are_listed_once_and_are_what_the_stub_says() -> None:
    wanted = stub_names()
    assert dir(hs) == hs.__all__ == sorted([*wanted, "__version__"])
    assert 18 <= len(hs.__all__) <= 34  # 25, and those that were ordered: repair, fuse, figure …
    for name, module in wanted.items():
        home = importlib.import_module(f"napari_hicstruct.{module}") if module else hs
        assert getattr(hs, name) is getattr(home, name)
    assert isinstance(hs.__version__, str)
    with pytest.raises(AttributeError, match="no_such_name"):
        hs.no_such_name  # noqa: B018


def test_no_folder_has_the_name_of_something_public() -> None:
    """Python binds a folder to its package's attribute of that name when it is first imported, and would hide ours."""
    folders = {path.name.removesuffix(".py") for path in Path(hs.__file__).parent.iterdir()}
    assert not folders & {name for name, module in stub_names().items() if module}  # hs.errors is the module itself


def public() -> Iterator[tuple[str, Any]]:
    """Every function, class and method that a person calls."""
    for name in stub_names():
        thing = getattr(hs, name)
        if inspect.isfunction(thing):
            yield name, thing
    for kind in CLASSES:
        yield kind.__name__, kind
        for name, member in vars(kind).items():
            function = member.__func__ if isinstance(member, classmethod) else member
            if not name.startswith("_") and inspect.isfunction(function) and name not in INSIDE:
                yield f"{kind.__name__}.{name}", function


def sections_of(text: str) -> dict[str, str]:
    """Title → content of the sections of a numpydoc docstring."""
    parts = SECTION.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def parameters_in(section: str) -> list[str]:
    """Names that a Parameters section describes; ``a, b : type`` are two."""
    lines = inspect.cleandoc("\n" + section).splitlines()
    heads = [line for line in lines if line and not line.startswith(" ")]
    return [name.strip() for head in heads for name in head.partition(" : ")[0].split(",")]


@pytest.mark.parametrize(("name", "thing"), list(public()), ids=[name for name, _ in public()])
def test_numpydoc_in_full(name: str, thing: Any) -> None:
    text = inspect.getdoc(thing) or ""
    sections = sections_of(text)
    assert text.splitlines()[0].endswith("."), "a summary is one sentence on the first line"
    assert ">>> " in sections.get("Examples", ""), "an example that runs"
    signature = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    wanted = [name for name in signature.parameters if name not in ("self", "cls")]
    if name == "Finetuned":
        assert parameters_in(sections["Attributes"]) == [*wanted], "attributes in the order of the fields"
    elif wanted:
        assert parameters_in(sections["Parameters"]) == wanted, "every parameter, in order"
    if inspect.isclass(thing):
        return
    assert not wanted or all(p.annotation is not p.empty for p in signature.parameters.values() if p.name in wanted)
    if signature.return_annotation not in ("None", None):
        assert sections.get("Returns", "").strip()
    order = ["Parameters", "Returns", "Raises", "See Also", "References", "Examples"]
    assert list(sections) == [title for title in order if title in sections], "sections in numpydoc's order"


ALLOWED = {
    "ES01",  # a summary may say all
    "SA01",  # not everything has a neighbour
    "PR01",  # a dataclass has Attributes; their names are compared above
    "PR08",  # a description may begin with a unit
}


@pytest.mark.parametrize(("name", "thing"), list(public()), ids=[name for name, _ in public()])
def test_numpydoc_is_content(name: str, thing: Any) -> None:
    validate = pytest.importorskip("numpydoc.validate").validate
    found = validate(f"{thing.__module__}.{thing.__qualname__}")["errors"]
    assert [f"{code} {text}" for code, text in found if code not in ALLOWED] == []


def test_what_is_raised_is_said() -> None:
    """Functions that read or write say by which of our errors they refuse."""
    silent = {"ContactMap", "list_models", "Project.close", "Calls.to_dataframe", *(kind.__name__ for kind in CLASSES)}
    for name, thing in public():
        raised = sections_of(inspect.getdoc(thing) or "").get("Raises", "")
        errors = [] if not raised else parameters_in(raised)
        assert name in silent or errors, f"{name} says nothing of its errors"
        for error in errors:
            assert issubclass(getattr(hs.errors, error), hs.HicStructError), f"{name}: {error}"


def test_properties_are_described() -> None:
    for kind in CLASSES:
        for name, member in vars(kind).items():
            if isinstance(member, property) and not name.startswith("_"):
                assert (inspect.getdoc(member) or "").strip(), f"{kind.__name__}.{name}"
