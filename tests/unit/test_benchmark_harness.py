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
        hicstruct = {"wall_s": 10.0, "cpu_s": 12.0, "peak_mb": 900.0, "wall_ratio": ratio}
        harness.record("predict_speed", {"hicstruct": hicstruct, "tiny": hicstruct, "threads": 2, "met": met})
    lines = (tmp_path / "predict_speed.jsonl").read_text().splitlines()
    assert [json.loads(line)["result"]["tiny"]["wall_ratio"] for line in lines] == [1.5, 0.5123]
    (row,) = (line for line in _table.table().splitlines() if "simulated 64 Mb" in line)
    assert "0.51 of chromosight's" in row
    assert "| yes |" in row
    assert last_json('noise\n{\n "a": 1,\n "b": {\n  "c": 2\n }\n}\n') == {"a": 1, "b": {"c": 2}}
    assert last_json('{"a": 1}\n{"a": 2}\nbye') == {"a": 2}
    assert last_json("nothing") is None


def test_worse_names_every_number_of_calls_where_we_are_below(harness: ModuleType) -> None:
    from benchmarks._curves import spans, worse

    ours, theirs = np.array([1.0, 0.5, 0.8, 0.7, 0.7]), np.array([1.0, 0.6, 0.7, 0.7, 0.6, 0.9])
    assert worse(ours, theirs) == [2]
    assert worse(ours, theirs, above_from=3) == [2, 4]  # equal is not above
    assert worse(ours, theirs, above_from=3, upto=3) == [2]
    assert spans([2, 4, 5, 6, 9]) == "2, 4–6, 9"
    assert spans([]) == "none"


def test_boundaries_are_compared_at_equal_numbers(harness: ModuleType) -> None:
    from benchmarks._borders import compare, ends_found

    truth = np.array([100_000.0, 500_000.0, 1_800_000.0])
    domains = np.array([[100_000, 500_000], [500_000, 1_800_000]], float)
    ours = np.array([[110_000, 0.9], [900_000, 0.8], [1_800_000, 0.7], [500_000, 0.1], [1_300_000, 0.95]])
    theirs = np.array([[90_000.0, 2.0], [475_000.0, 1.0], [1_200_000.0, 3.0]])
    found = compare({"hicstruct": ours, "cooltools insulation": theirs}, truth, domains, faint=np.array([1_310_000.0]))
    assert found["n"] == 3
    # the call beside the faint boundary is gone, so the third of ours is a hit; 900 kb is not
    assert found["callers"]["hicstruct"]["f1_2_bins"] == pytest.approx(2 / 3)
    # 475 kb is within two bins of 500 kb only when the bin's centre or end is taken
    assert found["callers"]["cooltools insulation"]["f1_2_bins"] == pytest.approx(2 / 3)
    at_start = compare({"hicstruct": ours, "cooltools insulation": theirs}, truth, domains, offsets=(0,))
    assert at_start["callers"]["cooltools insulation"]["f1_2_bins"] == pytest.approx(1 / 3)
    ends = ends_found(np.array([510_000.0, 1_800_000.0]), domains)
    assert ends["400 kb – 1 Mb"] == {"ends": 2, "found": 0.5}
    assert ends["> 1 Mb"] == {"ends": 2, "found": 1.0}
    assert ends["< 400 kb"] == {"ends": 0, "found": None}


def test_stripes_of_a_cell_are_counted_together(harness: ModuleType) -> None:
    from benchmarks.stripes_simulated import Tally

    truth = np.array([[100e3, 110e3, 100e3, 300e3, 0, 1], [500e3, 510e3, 300e3, 510e3, 0, -1]])
    calls = np.array(
        [
            [100e3, 110e3, 100e3, 280e3, 0.9, 1],  # right
            [800e3, 810e3, 800e3, 990e3, 0.8, 1],  # nothing there
            [505e3, 515e3, 505e3, 530e3, 0.7, 1],  # the anchor only, and the wrong way
        ]
    )
    long_enough, anchors = Tally(), Tally()
    long_enough.add(calls, truth, np.zeros((0, 6)), 0.5)
    anchors.add(calls, truth, np.zeros((0, 6)), 0.0)
    assert long_enough.rates().precision == pytest.approx(1 / 3)
    assert long_enough.rates(0.85) == pytest.approx((1.0, 0.5, 2 / 3))
    assert anchors.rates().recall == 1.0
    assert anchors.same_way.tolist() == [True, False]
    assert anchors.recall_at(0.9) == 0.5
    assert anchors.recall_at(0.6) == 1.0


def test_stripepys_first_interval_is_the_anchor(harness: ModuleType) -> None:
    import pandas as pd

    from benchmarks._callers import read_stripepy

    columns = ["start1", "end1", "start2", "end2", "rel_change"]
    table = pd.DataFrame([[140, 210, 190, 230, 2.6], [180, 220, 160, 200, 5.2]], columns=columns)
    assert read_stripepy(table).tolist() == [[140, 210, 190, 230, 2.6, 1], [180, 220, 160, 200, 5.2, -1]]


def test_a_peer_runs_once_per_map_and_setting(harness: ModuleType, tmp_path: Path) -> None:
    from benchmarks._callers import _once

    source, out, log = tmp_path / "map.cool", tmp_path / "calls.tsv", tmp_path / "log"
    source.write_text("one")

    def command(word: str) -> list[str]:
        code = f"open({str(out)!r}, 'w').write({word!r}); open({str(log)!r}, 'a').write('x')"
        return [sys.executable, "-c", code]

    for word, text, runs in (("a", "one", 1), ("a", "one", 1), ("b", "one", 2), ("b", "another", 3)):
        if source.read_text() != text:
            source.write_text(text)
        _once(f"{source}::/5000", out, [command(word)])
        assert (out.read_text(), len(log.read_text())) == (word, runs)


def test_held_out_maps_lie_beyond_every_range_of_training(harness: ModuleType) -> None:
    from benchmarks._maps import CORNERS, HELD_OUT
    from napari_hicstruct.config.simulation import SimulationConfig

    trained = SimulationConfig()
    for corner in CORNERS:
        SimulationConfig(**corner)
        for name, (low, high) in corner.items():
            least, most = getattr(trained, name)
            assert low >= most or high <= least, name
    assert all(800_000 <= seed < 900_000 for seed in HELD_OUT)


def test_normalised_copies_mean_the_same_contacts(harness: ModuleType, tmp_path: Path) -> None:
    import cooler
    import pandas as pd

    from benchmarks import _variants as variants

    bins = pd.DataFrame({"chrom": "chr1", "start": range(0, 400, 100), "end": range(100, 500, 100)})
    bins["weight"] = [0.5, 0.25, np.nan, 1.0]
    pixels = pd.DataFrame({"bin1_id": [0, 0, 0, 1], "bin2_id": [0, 1, 2, 3], "count": [4, 8, 5, 20]})
    balanced = [1.0, 1.0, 5.0]  # the third pixel has a bad bin
    made = {name: cooler.Cooler(str(make(tmp_path / f"{k}.cool", bins, pixels)))
            for k, (name, make) in enumerate(variants.VARIANTS.items())}  # fmt: skip
    floats, kr = (made[name].pixels()[:]["count"].to_numpy() for name in ("floats", "KR floats"))
    assert floats == pytest.approx(balanced)
    assert kr == pytest.approx(np.array(balanced) * 32 / 7)  # on the scale of the raw counts
    assert list(made["no weights"].bins()[:].columns) == ["chrom", "start", "end"]
    divisor = made["KR column"].bins()[:]["KR"].to_numpy()
    raw = made["KR column"].pixels()[:]
    assert (raw["count"] / divisor[raw["bin1_id"]] / divisor[raw["bin2_id"]]).dropna().to_numpy() == pytest.approx(kr)


def test_readme_has_the_marks_of_the_table(harness: ModuleType) -> None:
    from benchmarks._table import BEGIN, END

    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
