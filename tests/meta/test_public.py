"""What the public repository runs and promises: workflows, forms, citation, marker, figures of the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.meta.test_dependencies import setup_cfg
from tests.meta.tracked import ROOT, tracked_files

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def load(path: Path) -> dict[Any, Any]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict), path
    return loaded


def workflow(name: str) -> dict[Any, Any]:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def steps() -> list[tuple[str, dict[str, Any]]]:
    """Every step of every workflow, with the workflow's name."""
    jobs = [(path.name, job) for path in WORKFLOWS for job in load(path)["jobs"].values()]
    return [(name, step) for name, job in jobs for step in job.get("steps", [])]


def tox_environments() -> set[str]:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "tox.ini")
    named = {section.removeprefix("testenv:") for section in config if section.startswith("testenv:")}
    return named | {"py"} | {name.strip() for name in config["tox"]["env_list"].split(",")}


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"^([a-z-]+):(?!=)", text, re.MULTILINE))


def classified_pythons() -> set[str]:
    classifiers = setup_cfg()["metadata"]["classifiers"]
    return set(re.findall(r"Programming Language :: Python :: (3\.\d+)", classifiers))


def test_there_are_workflows_for_tests_docs_and_release() -> None:
    assert {path.stem for path in WORKFLOWS} == {"tests", "docs", "release"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_limited(path: Path) -> None:
    text = load(path)
    assert text["permissions"] == {"contents": "read"}, "more than reading is given to single jobs only"
    assert text["concurrency"]["group"]
    for name, job in text["jobs"].items():
        assert "uses" in job or {"runs-on", "steps"} <= set(job), name


def test_actions_are_pinned_by_major_version() -> None:
    used = {step["uses"] for _, step in steps() if "uses" in step}
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@(v\d+|release/v\d+)", action)] == []


def test_pythons_of_the_workflow_are_those_of_the_classifiers() -> None:
    matrix = workflow("tests")["jobs"]["test"]["strategy"]["matrix"]["include"]
    linux = {entry["python-version"] for entry in matrix if entry["os"] == "ubuntu-latest"}
    assert linux == classified_pythons()
    assert {entry["os"] for entry in matrix} == {"ubuntu-latest", "windows-latest", "macos-latest"}
    assert {entry["python-version"] for entry in matrix} <= classified_pythons()
    listed = {name for name in tox_environments() if re.fullmatch(r"py3\d+", name)}
    assert listed == {f"py{version.replace('.', '')}" for version in classified_pythons()}


def test_workflows_call_what_there_is() -> None:
    matrix = workflow("tests")["jobs"]["test"]["strategy"]["matrix"]["include"]
    targets = make_targets((ROOT / "Makefile").read_text(encoding="utf-8"))
    called = [line for _, step in steps() for line in str(step.get("run", "")).splitlines()]
    environments = {name for line in called for name in re.findall(r"tox -e ([\w-]+)", line)}
    made = {name for line in called for name in re.findall(r"^make ([\w-]+)", line)}
    assert environments | {entry["tox"] for entry in matrix} <= tox_environments()
    assert {"lint", "build"} <= environments
    assert made == {"docs"}
    assert made <= targets


def test_public_machines_leave_real_maps_out() -> None:
    run = [step["run"] for name, step in steps() if name == "tests.yml" and "matrix.tox" in step.get("run", "")]
    assert [line for line in run if not line.endswith('-- -m "not real"')] == []
    assert run


def test_only_the_publishing_job_may_publish() -> None:
    jobs = workflow("release")["jobs"]
    assert set(jobs["publish"]["needs"]) == {"test", "build"}
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    # PyYAML reads the key `on` as True
    assert workflow("release")[True] == {"push": {"tags": ["v*"]}}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms_are_forms(path: Path) -> None:
    form = load(path)
    if path.name == "config.yml":
        assert form["contact_links"]
        return
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_citation_names_what_setup_cfg_names() -> None:
    citation, metadata = load(ROOT / "CITATION.cff"), setup_cfg()["metadata"]
    assert (citation["cff-version"], citation["type"]) == ("1.2.0", "software")
    assert [author["name"] for author in citation["authors"]] == [metadata["author"]]
    assert citation["license"] == metadata["license"]
    assert citation["repository-code"] == metadata["url"]
    assert citation["title"].startswith(metadata["name"])
    assert load(ROOT / "mkdocs.yml")["repo_url"] == metadata["url"]


@pytest.mark.parametrize(("expression", "wanted"), [("real", True), ("not real", False)])
def test_whatever_uses_real_data_is_marked(expression: str, wanted: bool) -> None:
    # one file with both kinds
    path = "tests/unit/test_evaluation_loops.py"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", expression, path]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True, env=_plain())
    collected = set(re.findall(r"::(\w+)", result.stdout))
    text = (ROOT / path).read_text(encoding="utf-8")
    tests = re.findall(r"^def (test_\w+)\(([^)]*)\)", text, re.MULTILINE)
    assert collected == {name for name, arguments in tests if ("data_dir" in arguments) == wanted}
    assert collected


def _plain() -> dict[str, str]:
    """The environment without options for pytest that somebody may have set."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in tracked_files() if _is_page(p)}
    named = list(_leaves(load(ROOT / "mkdocs.yml")["nav"]))
    assert pages <= set(named), f"name them under nav in mkdocs.yml: {sorted(pages - set(named))}"
    assert len(named) == len(set(named))


def _leaves(nav: Any) -> Iterator[str]:
    """Pages of a navigation, nested as deep as it likes."""
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from _leaves(part)


def _is_page(path: Path) -> bool:
    return path.suffix == ".md" and path.relative_to(ROOT).parts[0] == "docs"


MAX_PICTURE_PX = 350
"""Height of the README's first picture: beside it, installation, a Python block and the first figures fit a screen."""


def test_readme_is_short_and_its_first_screen_shows_what_it_is_how_to_get_it_and_how_good_it_is() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    start = "\n".join(lines[:45])
    picture = re.search(r'^<img src="(docs/images/\w+\.png)" width="(\d+)" alt="[^"]{40,}">$', start, re.MULTILINE)
    assert picture, "Markdown gives pictures no width: this one would fill the screen"
    width, height = Image.open(ROOT / picture[1]).size
    assert int(picture[2]) * height / width <= MAX_PICTURE_PX
    assert "pip install" in start
    block = re.search(r"^```python\n(.*?)^```$", start, re.MULTILINE | re.DOTALL)
    assert block
    assert "import napari_hicstruct as hs" in block[1]
    assert re.search(r"^\| .*\*\*[\d.]+.*\|$", start, re.MULTILINE), "one line of figures"


def test_figures_of_the_readme_are_those_of_the_benchmarks() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## How good, how fast\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    assert section
    figures = re.findall(r"(?<![\w.])\d*\.\d+|(?<![\w.])\d,\d{3}(?!\d)", section[1])
    assert len(figures) > 10
    known = set(re.findall(r"(?<![\d,])[\d,]*\.?\d+", measured))
    assert [figure for figure in figures if figure not in known] == []
