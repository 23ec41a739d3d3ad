"""Evaluation on real lists and maps: the protocol's known numbers, and a pile-up that shows dots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_hicstruct.cli.main import main


def test_peakachu_on_chr21_has_its_known_precision(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = data_dir / "labels"
    calls = str(labels / "GM12878_chr21.peakachu.10kb.hg19.bedpe")
    truth = [str(labels / f"GM12878_chr21.{name}.hg19.bedpe") for name in ("HiCCUPS", "RAD21_ChIA-PET")]
    top = ["17", "25", "50", "100"]
    assert main(["evaluate", "--pred", calls, "--truth", *truth, "--chrom", "chr21", "--top", *top, "--json"]) == 0
    loops = json.loads(capsys.readouterr().out)["loops"]
    assert loops["truth"] == 179
    assert list(loops["precision_at"].values()) == pytest.approx([1.0, 0.92, 0.74, 0.58])
    assert loops["f1_at"]["100"] == pytest.approx(0.416, abs=5e-4)
    assert loops["shifted_control_precision"] < 0.1


def test_loops_of_a_real_map_pile_up(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = str(data_dir / "labels" / "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe")
    uri = str(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    args = ["evaluate", "--pred", calls, "--truth", calls, "--map", uri, "--resolution", "5000", "--json"]
    assert main([*args, "-o", str(tmp_path)]) == 0
    pile = json.loads(capsys.readouterr().out)["pile_up"]
    assert pile["resolution_bp"] == 5_000
    assert pile["loops"] > 20
    assert pile["centre_to_corner"] > 2
    assert pile["shifted_control"] == pytest.approx(1, abs=0.2)
    assert (tmp_path / "pile_up.png").stat().st_size > 0
