"""A wheel holds everything that the program needs, and the resources are found from it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from napari_hicstruct.config.resources import resource, resources_dir
from napari_hicstruct.errors import ConfigError
from tests.meta.tracked import ROOT, tracked_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that no build/ folder is left in the tree."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in tracked_files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", target, source]
    result = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    return next(target.glob("*.whl"))


def test_wheel_holds_code_manifest_and_resources(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {"napari_hicstruct/py.typed", "napari_hicstruct/__init__.pyi", "napari_hicstruct/plugin/napari.yaml"}
    for path in tracked_files():
        parts = path.relative_to(ROOT).parts
        if parts[0] == "resources":
            wanted.add("/".join(("napari_hicstruct", *parts)))
        elif parts[0] == "src" and path.suffix in {".py", ".pyi"}:
            wanted.add("/".join(parts[1:]))
    assert wanted <= inside, sorted(wanted - inside)


def test_wheel_of_an_archive_without_git_has_the_fallback_version(wheel: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = settings["tool"]["setuptools_scm"]["fallback_version"]
    assert wheel.name == f"napari_hicstruct-{version}-py3-none-any.whl", "is setuptools-scm installed? make setup"


def test_wheel_describes_itself_as_an_index_shows_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as inside:
        name = next(name for name in inside.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(inside.read(name).decode("utf-8"))
    assert {"Documentation", "Source code", "Issues", "Changelog"} <= {
        line.partition(",")[0] for line in metadata.get_all("Project-URL", [])
    }
    assert {"all", "training", "docs", "dev"} <= set(metadata.get_all("Provides-Extra", []))
    links = re.findall(r"\]\(([^)\s]+)\)", metadata.get_payload())
    assert len(links) > 20
    assert [link for link in links if "://" not in link] == []


def test_resources_are_found_from_an_unpacked_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "from napari_hicstruct.config.resources import resource; print(resource('README.md'))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path)
    assert result.stdout.strip() == str(tmp_path / "napari_hicstruct" / "resources" / "README.md")


def test_resources_in_place() -> None:
    assert resources_dir() == ROOT / "resources"
    assert resource("models").is_dir()
    with pytest.raises(ConfigError, match="models/none"):
        resource("models", "none")
