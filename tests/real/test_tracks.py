"""A real bigWig beside the real map it belongs to: binned, and read by a model through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import parse_region
from napari_hicstruct.models.store import save_model
from napari_hicstruct.tracks.binned import bin_track, check_tracks, read_tracks
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from tests.unit.model.model_kit import net, small

bbi = pytest.importorskip("bbi", reason="pybbi has no wheels for Windows")

CHR7 = 15_503_000
"""An odd length: the last bin is shorter."""


@pytest.fixture(scope="module")
def track(data_dir: Path) -> Path:
    return data_dir / "tracks" / "LNCaP_ENCFF282KWR_subset.bigwig"


@pytest.fixture(scope="module")
def lncap(data_dir: Path) -> Path:
    return data_dir / "maps" / "LNCaP_chr7_chr14_10kb_hg38.cool"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model that reads one track."""
    folder = tmp_path_factory.mktemp("model") / "tracked"
    windows = {"fine_size": 64, "coarse_size": 96, "coarse_margin": 16, "strip_length": 160, "strip_diagonals": 16}
    config = small(tracks=("signal",), boundary_prior={"kind": "chromosome", "inject": True}, windows=windows)
    save_model(folder, config, net(config).state_dict(), {"name": "tracked", "version": "0"})
    return folder


def test_bins_are_the_means_of_their_bases(track: Path) -> None:
    with bbi.open(str(track)) as file:
        bases = file.fetch("chr7", 0, CHR7)
    binned = bin_track(track, "7", length=CHR7, resolution=10_000)
    assert len(binned) == 1551
    np.testing.assert_allclose(binned[:-1], bases[:15_500_000].reshape(-1, 10_000).mean(1), rtol=1e-4, atol=1e-6)
    assert binned[-1] == pytest.approx(bases[15_500_000:].mean(), rel=1e-4, abs=1e-6)
    assert binned.max() > 0


def test_a_track_is_scaled_alike_at_both_bin_sizes(track: Path) -> None:
    fine, coarse = (
        read_tracks(("a",), {"a": track}, "chr7", length=CHR7, resolution=r) for r in (5_000, 10_000)
    )  # fmt: skip
    assert fine is not None
    assert coarse is not None
    assert (fine.shape, coarse.shape) == ((1, 3101), (1, 1551))
    assert np.abs(fine).max() <= 4
    assert np.corrcoef(fine[0, :3100].reshape(-1, 2).mean(1), coarse[0, :1550])[0, 1] > 0.8


def test_a_chromosome_that_the_track_lacks_is_named(track: Path) -> None:
    with pytest.raises(MapError, match=r"no chromosome 'chr3'"):
        bin_track(track, "chr3", length=CHR7, resolution=10_000)


def test_a_cut_file_is_refused_before_the_library_ends_the_process(track: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.bw").write_bytes(track.read_bytes()[:5_000])
    with pytest.raises(MapError, match="not a whole bigWig"):
        check_tracks(("a",), {"a": tmp_path / "cut.bw"})


def test_the_command_line_gives_a_model_its_track(lncap: Path, track: Path, model: Path, tmp_path: Path) -> None:
    line = ["predict", str(lncap), "-o", str(tmp_path), "-r", "chr7:12M-14M", "-m", str(model), "-d", "cpu"]
    assert main([*line, "--track", f"signal={track}", "--json"]) == 0
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["parameters"]["tracks"] == {"signal": str(track)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "reads a track 'signal'. Give its file: signal=FILE.bw"),
        (["--track", "signal"], "NAME=FILE.bw"),
        (["--track", "signal={track}", "--track", "other={track}"], "reads no track 'other'"),
        (["--track", "signal=nowhere.bw"], "nowhere.bw: the track cannot be read"),
    ],
)
def test_what_is_wrong_with_a_track_is_said_in_one_line(
    lncap: Path, track: Path, model: Path, tmp_path: Path, given: list[str], said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    given = [text.format(track=track) for text in given]
    assert (
        main(["predict", str(lncap), "-o", str(tmp_path / "out"), "-r", "chr7:12M-14M", "-m", str(model), *given]) == 2
    )
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error


def test_the_track_matters(lncap: Path, track: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_map(lncap)
    region = parse_region("chr7:12M-14M", source.chromsizes)
    request = PredictRequest(regions=(region,), model=str(model), device="cpu", tracks={"signal": str(track)})

    def boundaries() -> np.ndarray:
        return predict(source, request).boundary_tracks[0].values

    p, again = boundaries(), boundaries()
    monkeypatch.setattr("napari_hicstruct.tracks.binned.scale", np.zeros_like)
    silent = boundaries()
    np.testing.assert_array_equal(p, again)
    known = np.isfinite(p)
    assert known.sum() > 100
    assert np.abs(p - silent)[known].max() > 1e-3
