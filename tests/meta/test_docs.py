"""The documentation holds: links lead somewhere, pictures are pictures, command lines would run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from napari_hicstruct.cli.main import build_app
from napari_hicstruct.config.finetune import FinetuneConfig
from tests.meta.tracked import ROOT, tracked_files

PAGES = [path for path in tracked_files() if path.suffix == ".md"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PICTURE = re.compile(r'<img src="([^"]+)"')


def links_of(text: str) -> list[str]:
    """What a page links to and shows."""
    return [*LINK.findall(text), *PICTURE.findall(text)]


SIGNATURES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in links_of(page.read_text(encoding="utf-8")) if "://" not in link]
    dead = [link for link in links if not (page.parent / link).exists()]
    assert not dead


def named_files(page: Path) -> list[str]:
    """Files, and folders within folders, that a page names in code: ``annotations/readers/``, ``active/queue.py``."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|md|toml|ya?ml)|(?:[\w.-]+/){2,})`", text)


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md", "docs/where.md"])
def test_files_that_a_page_names_are_there(name: str) -> None:
    """Named as from the root of the repository or of the package; what is built, and what a person has, left out."""
    roots = (ROOT, ROOT / "src" / "napari_hicstruct", ROOT / "src")
    named = named_files(ROOT / name)
    missing = {file for file in named if not any((root / file).exists() for root in roots)}
    assert len(named) > 5
    assert missing - {"demo-out/", "site/", "../shared/data", "resources/"} == set()


def test_pictures_are_pictures() -> None:
    for path in tracked_files():
        if path.suffix in SIGNATURES:
            assert path.read_bytes().startswith(SIGNATURES[path.suffix]), path


def command_lines() -> list[str]:
    """Every ``hicstruct …`` line in a shell block of the documentation."""
    lines = []
    for page in PAGES:
        for block in re.findall(r"```(?:sh|bash)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            lines += [line for line in block.replace("\\\n", " ").splitlines() if line.startswith("hicstruct ")]
    return lines


@pytest.mark.parametrize("line", command_lines())
def test_command_lines_parse(line: str) -> None:
    group: Any = typer.main.get_command(build_app())
    _, name, *words = shlex.split(line, comments=True)
    command = group.commands[name]
    while words and words[0] in getattr(command, "commands", {}):  # segment train
        name, *words = words
        command = command.commands[name]
    # parse_args, not invoke: files of the examples need not exist
    context = command.make_context(name, words, resilient_parsing=True)
    assert not context.args, f"left over: {context.args}"
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    known = {option for parameter in command.params for option in parameter.opts}
    assert given <= known, f"unknown: {given - known}"
    assert context.command.name == name


@pytest.mark.parametrize("script", ["cli_docs.py", "recipe_docs.py"])
def test_pages_made_from_the_code_are_up_to_date(script: str) -> None:
    command = [sys.executable, ROOT / "scripts" / script, "--check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def test_every_setting_of_fine_tuning_is_in_the_table() -> None:
    page = (
        (ROOT / "docs" / "fine-tuning.md").read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    )
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE))
    defaults = {name: str(value) for name, value in FinetuneConfig().model_dump().items()}
    assert {name: text.strip("`") for name, text in rows.items()} == {
        name: f"{float(value):g}" if value[0].isdigit() else value for name, value in defaults.items()
    }


def test_changelog_has_an_unreleased_section() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
