"""A data set with a real bigWig, and training of a model that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.cli.main import main
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import drain
from napari_hicstruct.models.store import load_model
from napari_hicstruct.tracks.binned import bin_track, scale
from napari_hicstruct.training import engine
from napari_hicstruct.training.dataset import load_region
from napari_hicstruct.training.maps import draw_map
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.workflows.train import iter_train_model
from tests.unit.model.dataset_kit import recipe
from tests.unit.model.model_kit import SMALL

TRAIN, VALIDATION = "chr14:35500000-38500000", "chr7:12000000-14500000"


@pytest.fixture(scope="module")
def bigwig(data_dir: Path) -> Path:
    return data_dir / "tracks" / "LNCaP_ENCFF282KWR_subset.bigwig"


@pytest.fixture(scope="module")
def folder(data_dir: Path, bigwig: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set by the command line; where loops are is not what is asked here."""
    out = tmp_path_factory.mktemp("tracks")
    rows = [("chr14", 36_000_000 + k * 200_000, 36_300_000 + k * 250_000) for k in range(8)]
    rows += [("chr7", 12_900_000 + k * 100_000, 13_200_000 + k * 100_000) for k in range(5)]
    lines = [f"{c}\t{a}\t{a + 10_000}\t{c}\t{b}\t{b + 10_000}" for c, a, b in rows]
    (out / "loops.bedpe").write_text("\n".join(lines) + "\n")
    (out / "tads.bed").write_text("".join(f"{c}\t{a}\t{b}\n" for c, a, b in rows))
    command = ["dataset", str(data_dir / "maps" / "LNCaP_chr7_chr14_10kb_hg38.cool"), "-o", str(out / "set")]
    command += ["--loops", str(out / "loops.bedpe"), "--tads", str(out / "tads.bed"), "--track", f"ctcf={bigwig}"]
    assert main([*command, "--train", TRAIN, "--validation", VALIDATION, "-q"]) == 0
    return out / "set"


def with_tracks(folder: Path, *names: str, **changes: object) -> TrainConfig:
    tasks = [task.model_dump() for task in SMALL.tasks if task.name != "stripe"]
    model = SMALL.model_dump() | {
        "max_distance": 400_000,
        "tracks": names,
        "tasks": tasks,
        "boundary_prior": {"kind": "band"},
    }
    return parse_config(TrainConfig, recipe(folder).model_dump() | {"model": model} | changes)


def test_a_region_holds_its_part_of_the_scaled_chromosome(folder: Path, bigwig: Path, data_dir: Path) -> None:
    length = open_map(data_dir / "maps" / "LNCaP_chr7_chr14_10kb_hg38.cool").chromsizes["chr14"]
    (path,) = (folder / "train").iterdir()
    region = load_region(path)
    fine, coarse = region.tracks["ctcf"]
    assert (len(fine), len(coarse)) == (region.fine.n_bins, region.coarse.n_bins)
    whole = scale(bin_track(bigwig, "chr14", length=length, resolution=10_000))
    np.testing.assert_array_equal(coarse, whole[3550:3850])
    assert np.ptp(coarse) > 1


def test_samples_carry_the_track_with_the_map_also_when_it_is_reversed(folder: Path) -> None:
    config = with_tracks(folder, "ctcf")
    (path,) = (folder / "train").iterdir()
    own = load_region(path).tracks["ctcf"][1]
    seen = set()
    for seed in range(8):
        drawn = draw_map(path, config, np.random.default_rng(seed))
        turned = not np.array_equal(drawn.tracks[10_000][0], own)
        np.testing.assert_array_equal(drawn.tracks[10_000][0], own[::-1] if turned else own)
        seen.add(turned)
    assert seen == {True, False}
    batch = next(iter(SampleStream(config, [path], first_step=0, last_step=1, seed=1)))
    for part, key in (("fine", "x"), ("coarse", "x"), ("strip", "x"), ("strip", "prior")):
        channels = batch[part][key].shape[1]
        assert channels == len(config.model.inputs) + 2, (part, key)


def test_a_model_with_a_track_is_trained_and_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        last = config.steps
        return iter(SampleStream(config, paths, first_step=first, last_step=last, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)
    monkeypatch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)
    model = drain(iter_train_model(with_tracks(folder, "ctcf"), tmp_path, device="cpu"))
    net, _ = load_model(model)
    assert net.config.tracks == ("ctcf",)
    # the encoder's first filters of the track have left where they began
    first = next(value for name, value in net.state_dict().items() if "coarse_stem" in name)
    assert first.shape[1] == net.config.in_channels


@pytest.mark.parametrize(
    ("names", "changes", "said"),
    [
        (("rad21",), {}, r"\.zarr.*no track 'rad21'.*--track rad21=FILE\.bw"),
        (("ctcf",), {"train": {"extrusion": 2}}, r"simulated maps have no track 'ctcf'.*--track"),
        (("ctcf",), {"datasets": [], "train": {"extrusion": 2}}, r"simulated maps have no track 'ctcf'"),
    ],
)
def test_what_cannot_be_is_refused_before_it_starts(
    folder: Path, tmp_path: Path, names: tuple[str, ...], changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        drain(iter_train_model(with_tracks(folder, *names, **changes), tmp_path / "run", device="cpu"))
    assert not (tmp_path / "run").exists()
