"""What is imported is declared in setup.cfg, and what is declared is used."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.meta.tracked import ROOT, tracked_files

# imported by importlib, so that its spinning thread can be stopped at once (docs/adr/0001)
INDIRECT = {"hictkpy"}

# what only some people need; a ConfigError names the extra where it is missing
OPTIONAL = ("conflict", "encoders", "tracks")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(text: str) -> set[str]:
    lines = (line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(("#", "%")))
    return {normal(re.split(r"[\[<>=;!~ ]", line, maxsplit=1)[0]) for line in lines}


def imported(paths: list[Path]) -> dict[str, Path]:
    """Top names imported anywhere, also inside functions."""
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update({alias.name.split(".")[0]: path for alias in node.names})
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module.split(".")[0]] = path
    own = {"napari_hicstruct", "tests", "benchmarks", "scripts", *sys.stdlib_module_names}
    return {name: path for name, path in found.items() if name not in own}


def distributions(names: dict[str, Path]) -> dict[str, set[str]]:
    known = packages_distributions()
    return {name: {normal(d) for d in known.get(name, [name])} for name in names}


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    return config


def python_files(*folders: str) -> list[Path]:
    return [p for p in tracked_files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in folders]


def test_the_package_declares_what_it_imports() -> None:
    config = setup_cfg()
    wanted = declared(config["options"]["install_requires"])
    wanted |= declared("\n".join(config["options.extras_require"][extra] for extra in OPTIONAL))
    names = imported(python_files("src"))
    missing = {n: str(names[n]) for n, dists in distributions(names).items() if not dists & wanted}
    assert not missing


def test_the_package_uses_what_it_declares() -> None:
    wanted = declared(setup_cfg()["options"]["install_requires"])
    used = set().union(*distributions(imported(python_files("src"))).values())
    assert wanted - used - INDIRECT == set()


def test_tests_and_scripts_declare_what_they_import() -> None:
    config = setup_cfg()
    extras = config["options.extras_require"]
    wanted = declared(config["options"]["install_requires"])
    wanted |= declared("\n".join(extras[extra] for extra in ("dev", "docs", *OPTIONAL)))
    names = imported(python_files("tests", "scripts", "benchmarks"))
    missing = {n: str(names[n]) for n, dists in distributions(names).items() if not dists & wanted}
    assert not missing
