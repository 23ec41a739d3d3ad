"""The files that a clone holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", ".venv-peers", ".tox", "build", "dist", "site", "demo-out", "runs", "__pycache__"}


def tracked_files() -> list[Path]:
    """Tracked files; in an unpacked archive without git, all files but built ones."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        files = [p for p in ROOT.rglob("*") if not _NOT_OURS & set(p.relative_to(ROOT).parts)]
    return [path for path in files if path.is_file()]


def tracked_texts() -> dict[Path, str]:
    """Tracked files that are text, and their content."""
    texts = {}
    for path in tracked_files():
        try:
            texts[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts
