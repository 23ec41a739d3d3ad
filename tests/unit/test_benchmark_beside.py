"""What is compared between two commits: durations and sizes of ours, by name, medians and their ratio."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import beside
from benchmarks._harness import BenchmarkError

RESULT = {
    "raw": {
        "levels": [
            {
                "resolution": 5000,
                "where": "near",
                "n": 20,
                "bar": 1.5,
                "wall": {"p95_ms": {"ours": 40.0, "cooler": 9.0}},
            }
        ]
    },
    "hicstruct": {"wall_s": 2.0, "runs": [{"wall_s": 1.0}]},
    "objects": 10_000,
    "met": True,
    "bar_s": 0.1,
}


def test_figures_are_durations_and_sizes_of_ours() -> None:
    found = dict(beside.figures(RESULT))
    assert found == {"raw/levels/5000 near/wall/p95_ms/ours": 40.0, "hicstruct/wall_s": 2.0}


def test_medians_and_ratio_of_what_both_have(capsys: pytest.CaptureFixture[str]) -> None:
    before = [{"a_s": 1.0, "gone_s": 1.0}, {"a_s": 3.0, "gone_s": 1.0}, {"a_s": 2.0, "gone_s": 1.0}]
    table = beside.compare(before, [{"a_s": 2.0, "new_s": 1.0}, {"a_s": 3.0}, {"a_s": 9.0}])
    assert table == {"a_s": {"before": 2.0, "now": 3.0, "ratio": 1.5}}
    assert beside.show({"one": table, "two": {}}) == ["one: a_s", "two"]
    shown = capsys.readouterr().out
    assert "× 1.500 *" in shown
    assert "two: FAILED" in shown


def test_a_benchmark_that_gives_nothing_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    script = tmp_path / "benchmarks" / "empty.py"
    script.write_text("print('{\"a_s\": 2.0}')\n", encoding="utf-8")
    assert beside.run_in(tmp_path, "empty", []) == {"a_s": 2.0}
    script.write_text("raise SystemExit('no screen')\n", encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"(?s)empty gave no result .*status 1.*no screen"):
        beside.run_in(tmp_path, "empty", [])


def test_a_commit_that_is_not_there_is_said() -> None:
    with pytest.raises(BenchmarkError, match="there is no commit no-such-commit"), beside.worktree("no-such-commit"):
        pass
