"""The benchmarks' own arithmetic: memory of a process tree, percentiles, records, the table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import _harness

    monkeypatch.setattr(_harness, "RESULTS", tmp_path)
    return _harness


def test_memory_of_children_counts(harness: ModuleType) -> None:
    child = "import time; block = bytearray(120 * 2**20); time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    run = harness.run_program([sys.executable, "-c", parent])
    assert 120 <= run.peak_mb < 400
    assert run.wall_s >= 0.6
    assert 0 < run.cpu_s < run.wall_s


def test_a_failing_program_says_why(harness: ModuleType) -> None:
    with pytest.raises(harness.BenchmarkError, match="no such thing"):
        harness.run_program([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_summary_takes_median_and_p95(harness: ModuleType) -> None:
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert harness.percentile(values, 95) == pytest.approx(np.percentile(values, 95))
    found = harness.summary([harness.Run(v, v / 2, v * 10) for v in values])
    assert (found["wall_s"], found["cpu_s"], found["peak_mb"]) == (3.0, 1.5, 50.0)


def test_records_append_and_the_newest_is_shown(
    harness: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from benchmarks import _table
    from benchmarks.run import last_json

    monkeypatch.setattr(_table, "newest", harness.newest)
    assert "not measured yet" in _table.table()
    for ratio, met in ((1.5, False), (0.51234567, True)):
        hicstruct = {"wall_s": 10.0, "cpu_s": 12.0, "peak_mb": 900.0}
        harness.record("predict_speed", {"hicstruct": hicstruct, "wall_ratio": ratio, "threads": 2, "met": met})
    lines = (tmp_path / "predict_speed.jsonl").read_text().splitlines()
    assert [json.loads(line)["result"]["wall_ratio"] for line in lines] == [1.5, 0.5123]
    (row,) = (line for line in _table.table().splitlines() if "simulated 64 Mb" in line)
    assert "wall times 0.51" in row
    assert "| yes |" in row
    assert last_json('noise\n{\n "a": 1,\n "b": {\n  "c": 2\n }\n}\n') == {"a": 1, "b": {"c": 2}}
    assert last_json('{"a": 1}\n{"a": 2}\nbye') == {"a": 2}
    assert last_json("nothing") is None


def test_readme_has_the_marks_of_the_table(harness: ModuleType) -> None:
    from benchmarks._table import BEGIN, END

    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
