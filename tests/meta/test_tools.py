"""Style, tiers, types and spelling are tests: a change that breaks one of them is not green."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TOOLS = {
    "ruff": ("ruff", "check", "--no-cache", "."),
    "format": ("ruff", "format", "--check", "--no-cache", "."),
    "tiers": ("lint-imports", "--no-cache"),
    "types": ("mypy",),
    "spelling": ("typos",),
}


@pytest.mark.parametrize("name", TOOLS)
def test_tool_is_content(name: str) -> None:
    program, *arguments = TOOLS[name]
    command = [str(Path(sys.executable).parent / program), *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert result.returncode == 0, f"{' '.join(TOOLS[name])}\n{result.stdout[-6000:]}{result.stderr[-2000:]}"
