"""What must not stand in a public repository."""

from __future__ import annotations

import re

from tests.meta.tracked import ROOT, tracked_files, tracked_texts

# written in pieces, so that this file does not find itself
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")/\w")
REGISTRIES = re.compile(
    "|".join([r"py" + r"pi\.org", "python" + r"hosted\.org", r"download\.py" + r"torch\.org", r"index" + "-url"])
)
LARGEST = 10_000_000


def test_no_machine_path_and_no_registry_host() -> None:
    found = []
    for path, text in tracked_texts().items():
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE_PATHS.search(line) or REGISTRIES.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not found, "\n".join(found)


def test_no_maps_projects_or_large_files() -> None:
    banned = {".cool", ".mcool", ".hic", ".hicproj", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"}
    found = [p for p in tracked_files() if p.suffix in banned or p.stat().st_size > LARGEST]
    assert not found
