"""``hicstruct simulate`` and the sample map."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cooler
import pytest

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.cli.main import main
from napari_hicstruct.cli.simulate import parse_chromosomes
from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import parse_length
from napari_hicstruct.workflows.simulate import sample_map

FAST = "n_steps: 1500\nn_snapshots: 16\n"


@pytest.mark.parametrize("style", ["extrusion", "painted"])
def test_several_chromosomes_with_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str], style: str) -> None:
    settings = tmp_path / "fast.yaml"
    settings.write_text(FAST)
    out, truth = tmp_path / "map.mcool", tmp_path / "truth"
    words = [
        "simulate",
        "-o",
        str(out),
        "--truth",
        str(truth),
        "--chrom",
        "chrA:4M",
        "--chrom",
        "chrB",
        "--length",
        "3Mb",
    ]
    words += ["--resolution", "5000", "--resolution", "10000", "--resolution", "20000", "--resolution", "40000"]
    words += ["--depth", "200", "--seed", "5", "--style", style, "--config", str(settings), "--json"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["chromosomes"] == {"chrA": 4_000_000, "chrB": 3_000_000}
    clr = cooler.Cooler(f"{out}::/resolutions/40000")
    assert dict(clr.chromsizes) == result["chromosomes"]
    assert "weight" in cooler.Cooler(f"{out}::/resolutions/5000").bins().columns
    assert len(read_labels(truth / "loops.bedpe").records) == result["visible"].get("loop", 0)
    assert len(read_labels(truth / "tads.bed").records) == result["visible"]["tad"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--length", "64X"], "64X"),
        (["--length", "500k"], "chr1"),
        (["--style", "drawn"], "drawn"),
        (["--depth", "-1"], "depth"),
        (["--resolution", "5000", "--resolution", "12000"], "12,000"),
        (["--chrom", "chr1:5M", "--chrom", "chr1:6M"], "chr1"),
        (["--out", "x.txt"], "x.txt: is no .mcool file. Name it x.mcool."),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["simulate", "-o", str(tmp_path / "x.mcool"), *words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not list(tmp_path.iterdir())


def test_a_disk_too_small_is_refused_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=3_000_000))
    assert main(["simulate", "-o", str(tmp_path / "new" / "x.mcool"), "--length", "20M"]) == 2
    assert "may need 11 MB, but 3 MB are free. Free some disk" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_hdf5_says_of_a_full_disk_becomes_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("Can't close dataset (file write failed: errno = 28, 'No space left on device', buf = 0x5)")

    monkeypatch.setattr("napari_hicstruct.synth.write._write_base", full)
    assert main(["simulate", "-o", str(tmp_path / "x.mcool"), "--length", "2M"]) == 2
    assert "x.mcool: cannot be written (the disk is full)." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_lengths_are_read_as_people_write_them() -> None:
    assert [parse_length(t) for t in ("64M", "1.5Mb", "64,000,000", "800kb")] == [
        64_000_000,
        1_500_000,
        64_000_000,
        800_000,
    ]
    assert parse_chromosomes([], "2M") == {"chr1": 2_000_000}
    with pytest.raises(RegionError, match="tall"):
        parse_length("tall")


def test_sample_map_is_made_once_and_is_worth_looking_at() -> None:
    path, truth = sample_map()
    stamp = path.stat().st_mtime_ns
    assert sample_map() == (path, truth)
    assert path.stat().st_mtime_ns == stamp
    assert not [p for p in path.parent.parent.iterdir() if p.name.startswith(".sample-")]
    megabases = cooler.Cooler(f"{path}::/resolutions/5000").chromsizes["chr1"] / 1e6
    assert 1 <= len(read_labels(truth / "loops.bedpe").records) / megabases <= 10
    assert len(read_labels(truth / "stripes.tsv").records) > 10
    assert len(read_labels(truth / "tads.bed").records) > 10
