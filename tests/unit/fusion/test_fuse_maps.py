"""Two maps into one file: what is written, what is refused, what is left when it ends early."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cooler
import h5py
import numpy as np
import pytest

from napari_hicstruct.config.leftovers import process_mark
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import sum_blocks
from napari_hicstruct.errors import Cancelled, HicStructError, MapError, ModelError, OutputError, RegionError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest, fuse_maps, iter_fuse_maps
from tests.fusion_kit import drawn, expected_band, silent_model, write_cool

FAR = 240
"""Diagonals of the maps; at 10 kb the network decides up to 200."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuse")
    silent_model(path / "silent")
    for name, depth, seed in (("a", 1.0, 1), ("b", 2.0, 2)):
        bands = {
            "chr1": drawn(expected_band(260, FAR, 60, seed=5), depth, seed),
            "chr2": drawn(expected_band(120, 120, 60, seed=6), depth, seed + 10),
        }
        write_cool(path / f"{name}.cool", bands, assembly="hg38")
        cooler.zoomify_cooler(str(path / f"{name}.cool"), str(path / f"{name}.mcool"), [10_000, 20_000, 50_000], 10**6)
    return path


@pytest.fixture
def request_of(folder, tmp_path):
    def make(a="a.cool", b="b.cool", **options):
        return FuseMapsRequest(
            str(folder / a), str(folder / b), tmp_path / "fused.mcool", model=folder / "silent", device="cpu", **options
        )

    return make


def matrix(path, resolution=10_000, name="count"):
    return cooler.Cooler(f"{path}::/resolutions/{resolution}").matrix(balance=False, field=name)[:]


def whole(path):
    return cooler.Cooler(str(path)).matrix(balance=False)[:]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_of_replicates_the_sum_is_written_and_the_inputs_stay(folder, request_of):
    before = [digest(folder / f"{name}.cool") for name in "ab"]
    made = fuse_maps(request_of())
    summed = whole(folder / "a.cool") + whole(folder / "b.cool")
    np.testing.assert_array_equal(matrix(made.path), summed)
    assert [digest(folder / f"{name}.cool") for name in "ab"] == before
    assert list(made.shares["chrom"]) == ["chr1", "chr2"]
    row = made.shares.iloc[0]
    assert row["contacts_fused"] == pytest.approx(row["contacts_first"] + row["contacts_second"])
    assert row["share_of_first"] == pytest.approx(1 / 3, abs=0.01)
    assert row["decided"] == 0
    assert made.model == "silent 0"


def test_the_file_is_a_cooler_with_the_mask(folder, request_of):
    made = fuse_maps(request_of())
    assert cooler.fileops.is_multires_file(str(made.path))
    one = cooler.Cooler(f"{made.path}::/resolutions/10000")
    pixels = one.pixels()[:]
    assert pixels["count"].dtype == np.float32
    assert pixels["share_of_first"].between(0, 1).all()
    assert pixels["share_of_first"].mean() == pytest.approx(1 / 3, abs=0.05)
    assert (pixels["bin1_id"] <= pixels["bin2_id"]).all()
    order = np.lexsort((pixels["bin2_id"], pixels["bin1_id"]))
    np.testing.assert_array_equal(order, np.arange(len(order)))
    assert one.info["genome-assembly"] == "hg38"
    assert np.isfinite(one.bins()[:]["weight"]).mean() > 0.8
    weighted = np.nan_to_num(one.matrix(balance=True).fetch("chr1"))
    for d in (-1, 0, 1):  # balancing leaves out two diagonals
        weighted -= np.diag(np.diagonal(weighted, d), d)
    sums = weighted.sum(axis=0)
    assert sums[sums > 0] == pytest.approx(1, abs=0.01)


def test_cooltools_reads_it(request_of):
    cooltools = pytest.importorskip("cooltools")
    made = fuse_maps(request_of())
    table = cooltools.expected_cis(cooler.Cooler(f"{made.path}::/resolutions/10000"), ignore_diags=2)
    decay = table[table["region1"] == "chr1"]["balanced.avg"].to_numpy()
    assert decay[3] > 2 * decay[30] > 0


def test_every_level_is_the_sum_of_the_finest(folder, request_of):
    made = fuse_maps(request_of("a.mcool", "b.mcool"))
    for size in (20_000, 50_000):
        summed = sum(
            cooler.Cooler(f"{folder}/{name}.mcool::/resolutions/{size}").matrix(balance=False)[:] for name in "ab"
        )
        np.testing.assert_allclose(matrix(made.path, size), summed, rtol=1e-6)
    fine = cooler.Cooler(f"{made.path}::/resolutions/10000").pixels()[:]
    coarse = cooler.Cooler(f"{made.path}::/resolutions/20000").pixels()[:]
    for one in (fine, coarse):
        assert (one["count"] * one["share_of_first"]).sum() == pytest.approx(
            (fine["count"] * fine["share_of_first"]).sum(), rel=1e-4
        )


def test_one_chromosome_or_a_region_of_it(folder, request_of):
    made = fuse_maps(request_of(chroms=("2",)))
    assert cooler.Cooler(f"{made.path}::/resolutions/10000").chromnames == ["chr2"]
    region = Interval("chr1", 503_000, 1_500_000)
    made = fuse_maps(request_of(region=region, overwrite=True))
    summed = whole(folder / "a.cool") + whole(folder / "b.cool")
    inside = slice(50, 150)
    fused = matrix(made.path)
    np.testing.assert_array_equal(fused[inside, inside], summed[inside, inside])
    assert fused.sum() == fused[inside, inside].sum()


def test_whole_numbers_by_choice(folder, request_of):
    made = fuse_maps(request_of(counts=True))
    pixels = cooler.Cooler(f"{made.path}::/resolutions/10000").pixels()[:]
    assert pixels["count"].dtype == np.int32
    np.testing.assert_array_equal(matrix(made.path), whole(folder / "a.cool") + whole(folder / "b.cool"))


@pytest.fixture(scope="module")
def unlike(folder):
    """A sharp map at 10 kb and a deep one at 20 kb."""
    expected = expected_band(260, FAR, 60, seed=5)
    deep = drawn(expected, 20.0, 3)
    silent_model(folder / "silent-unlike", unlike=True)
    write_cool(folder / "sharp.cool", {"chr1": drawn(expected, 1.0, 1)})
    write_cool(folder / "deep.cool", {"chr1": sum_blocks(deep, 2)}, resolution=20_000)
    return folder, deep


@pytest.mark.parametrize("order", [("sharp.cool", "deep.cool"), ("deep.cool", "sharp.cool")])
def test_larger_bins_are_spread_over_smaller_ones(unlike, request_of, order):
    folder, _ = unlike
    assert "in the same bins" in refusal(request_of(*order), ModelError)
    made = fuse_maps(replace(request_of(*order), model=folder / "silent-unlike"))
    assert cooler.Cooler(f"{made.path}::/resolutions/10000").binsize == 10_000
    assert any("20 kb" in note and "spread" in note for note in made.notes)
    total = whole(folder / "sharp.cool").sum() + whole(folder / "deep.cool").sum()
    assert matrix(made.path).sum() == pytest.approx(total, rel=0.05)
    share = made.shares["share_of_first"][0]
    assert share == pytest.approx(1 / 21 if order[0] == "sharp.cool" else 20 / 21, abs=0.02)
    unlike_bins = open_map(made.path).fusion["parameters"]["unlike_bins"]
    assert sorted(unlike_bins) == [10_000, 20_000]


def test_the_map_says_what_it_is(folder, request_of):
    made = fuse_maps(request_of())
    source = open_map(made.path)
    assert "Fused from a.cool and b.cool" in source.notes[0]
    assert source.fusion["first"]["fingerprint"] == open_map(folder / "a.cool").fingerprint()
    assert source.fusion["model"]["name"] == "silent"
    assert source.fusion["command"].startswith("hicstruct fuse ")
    with h5py.File(made.path) as file:
        about = json.loads(file["resolutions/10000"].attrs["metadata"])
    assert about["fused"]["second"]["uri"].endswith("b.cool")
    from napari_hicstruct.contacts.shares import share_levels

    assert share_levels(source, "chr1")[0][0:50, 0:50].shape == (50, 50)


def test_a_fused_map_is_fused_again(folder, request_of, tmp_path):
    made = fuse_maps(request_of())
    again = fuse_maps(replace(request_of(), a=str(made.path), b=str(folder / "a.cool"), out=tmp_path / "again.mcool"))
    np.testing.assert_array_equal(matrix(again.path), 2 * whole(folder / "a.cool") + whole(folder / "b.cool"))


def refusal(request, kind=HicStructError):
    with pytest.raises(kind) as caught:
        fuse_maps(request)
    text = str(caught.value)
    assert "\n" not in text
    assert not request.out.exists()
    return text


def test_unlike_maps_are_refused_in_a_line(folder, request_of):
    other = expected_band(150, 100)
    write_cool(folder / "mouse.cool", {"chr1": drawn(expected_band(260, 100), 1, 1)}, assembly="mm10")
    write_cool(folder / "names.cool", {"scaffold_7": drawn(other, 1, 1)})
    write_cool(folder / "short.cool", {"chr1": drawn(other, 1, 1)})
    write_cool(folder / "seven.cool", {"chr1": drawn(expected_band(372, 100), 1, 1)}, resolution=7_000)
    write_cool(folder / "empty.cool", {"chr1": np.zeros((10, 260), np.float32)})
    assert "is of mm10, the first map of hg38" in refusal(request_of(b="mouse.cool"), MapError)
    assert "no chromosome of the first map" in refusal(request_of(b="names.cool"), MapError)
    assert "1,500,000 bp, the first map 2,600,000 bp" in refusal(request_of(b="short.cool"), MapError)
    assert "holds no contacts" in refusal(request_of(b="empty.cool"), MapError)
    assert "same map as the first" in refusal(request_of(b="a.cool"), MapError)
    assert "gone.cool" in refusal(request_of(b="gone.cool"), MapError)
    assert "chr7" in refusal(request_of(chroms=("chr7",)), RegionError)
    assert "fewer than" in refusal(request_of(region=Interval("chr1", 0, 50_000)), RegionError)
    assert "ends at" in refusal(request_of(region=Interval("chr1", 5_000_000, 6_000_000)), RegionError)


def test_bins_that_do_not_fit_are_refused(folder, request_of):
    n = 260 * 10_000 // 7_000
    band = drawn(expected_band(n, 100), 1, 1)
    import pandas as pd

    bins = cooler.binnify(pd.Series({"chr1": 2_600_000}), 7_000)
    d, i = np.nonzero(band)
    pixels = pd.DataFrame({"bin1_id": i, "bin2_id": i + d, "count": band[d, i].astype(int)})
    cooler.create_cooler(str(folder / "seven.cool"), bins, pixels.sort_values(["bin1_id", "bin2_id"]), ordered=True)
    text = refusal(request_of(b="seven.cool"), MapError)
    assert "7 kb" in text
    assert "10 kb" in text
    assert "these do not give 3 kb" in refusal(request_of(resolution=3_000), MapError)


def test_depths_a_thousandfold_apart(folder, request_of):
    expected = expected_band(260, FAR, 60, seed=5)
    write_cool(folder / "deepest.cool", {"chr1": drawn(expected, 3_000.0, 8)})
    write_cool(folder / "shallow.cool", {"chr1": drawn(expected, 0.05, 9)})
    assert "times fewer contacts than the other map" in refusal(request_of("a.cool", "deepest.cool"), MapError)
    made = fuse_maps(request_of("a.cool", "shallow.cool", chroms=("chr1",)))
    assert any("fewer contacts" in note for note in made.notes)


def test_a_network_of_pictures_is_refused(folder, request_of):
    from napari_hicstruct.config.fusion import fusion_config
    from napari_hicstruct.models.fusion.network import HybridFusionNet
    from napari_hicstruct.models.fusion.store import save_fusion

    config = fusion_config("lytro")
    save_fusion(folder / "pictures", config, HybridFusionNet(config.network).state_dict(), {"name": "lytro"})
    assert "not contact maps" in refusal(replace(request_of(), model=folder / "pictures"), ModelError)


def test_the_file_that_stands_there_is_kept(folder, request_of, tmp_path):
    request = request_of()
    request.out.write_bytes(b"precious")
    with pytest.raises(OutputError):
        fuse_maps(request)
    assert request.out.read_bytes() == b"precious"
    with pytest.raises(OutputError, match="is read for this"):
        fuse_maps(replace(request, out=folder / "a.cool", overwrite=True))
    assert whole(folder / "a.cool").sum() > 0


@pytest.mark.parametrize("stage", ["fuse", "write", "level"])
def test_cancelled_nothing_is_left(request_of, tmp_path, stage):
    token = CancelToken()
    request = request_of("a.mcool", "b.mcool")

    def run():
        for step in iter_fuse_maps(request, token):
            if step.stage.startswith(stage):
                token.cancel()

    with pytest.raises(Cancelled):
        run()
    assert list(tmp_path.iterdir()) == []


def test_progress_grows_to_its_end(request_of):
    done = [step.fraction for step in iter_fuse_maps(request_of("a.mcool", "b.mcool")) if step.total]
    assert done == sorted(done)
    assert done[-1] == 1


def test_normalised_contacts_are_taken_as_many_as_their_noise_says(folder, request_of):
    import pandas as pd

    band = drawn(expected_band(260, FAR, 60, seed=5), 2.0, 4)
    d, i = np.nonzero(band)
    pixels = pd.DataFrame({"bin1_id": i, "bin2_id": i + d, "count": band[d, i] * 0.0137}).sort_values(
        ["bin1_id", "bin2_id"]
    )
    bins = cooler.binnify(pd.Series({"chr1": 2_600_000}), 10_000)
    cooler.create_cooler(str(folder / "floats.cool"), bins, pixels, ordered=True, dtypes={"count": np.float64})
    made = fuse_maps(request_of("a.cool", "floats.cool"))
    assert made.shares["contacts_second"][0] == pytest.approx(band.sum(), rel=0.5)


def test_fractions_of_a_fused_map_are_contacts(folder, request_of, tmp_path):
    made = fuse_maps(request_of())
    with h5py.File(made.path, "r+") as file:  # as a network that decides leaves them
        for level in file["resolutions"].values():
            level["pixels/count"][:] = level["pixels/count"][:] * 0.9
    again = fuse_maps(replace(request_of(), a=str(made.path), b=str(folder / "a.cool"), out=tmp_path / "again.mcool"))
    summed = whole(folder / "a.cool") + whole(folder / "b.cool")
    assert again.shares["contacts_first"].sum() == pytest.approx(0.9 * np.triu(summed).sum(), rel=1e-4)


def test_more_contacts_in_a_pixel_than_32_bits_hold(folder, request_of):
    for name in "ab":
        band = drawn(expected_band(80, 80, 60, seed=5), 1.0, ord(name)) * 2**25
        write_cool(folder / f"many-{name}.cool", {"chr1": band}, dtypes={"count": np.int64})
    made = fuse_maps(request_of("many-a.cool", "many-b.cool", counts=True))
    np.testing.assert_allclose(matrix(made.path), whole(folder / "many-a.cool") + whole(folder / "many-b.cool"))


@pytest.mark.parametrize("other", ["a.mcool", "a.mcool::/resolutions/20000"])
def test_a_copy_of_the_first_map_in_another_file_is_refused(folder, request_of, other):
    assert "the same contacts" in refusal(request_of("a.cool", other), MapError)


def test_a_disk_without_room_is_said_before_hdf5_fails(request_of, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    assert "1 MB are free" in refusal(request_of(), OutputError)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_is_removed_by_the_next(request_of, tmp_path):
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(f'{os.getpid():x}')"], capture_output=True, text=True
    )
    host = process_mark().split("-")[0]
    left = tmp_path / f".fused.{host}-{dead.stdout.strip()}-abcdef.mcool"
    other = tmp_path / f".other.{host}-{dead.stdout.strip()}-abcdef.mcool"
    for path in (left, other):
        path.write_bytes(b"half")
    fuse_maps(request_of(chroms=("chr2",)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.name, "fused.mcool"]


@pytest.mark.parametrize("name", ["fused.cool", "fused.hic", "fused", "", "folder.mcool"])
def test_a_name_that_no_map_can_have_is_refused_before_the_work(request_of, tmp_path, name):
    (tmp_path / "folder.mcool").mkdir()
    steps = iter_fuse_maps(replace(request_of(), out=tmp_path / name if name else Path()))
    next(steps)
    with pytest.raises(OutputError):
        next(steps)
    assert [one.name for one in tmp_path.iterdir()] == ["folder.mcool"]
