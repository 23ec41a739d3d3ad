"""Simulated maps on disk: balanced .mcool, contacts beyond the band, truth that reads back."""

from __future__ import annotations

import json
from pathlib import Path

import cooler
import numpy as np
import pytest

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Direction, Kind
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.errors import Cancelled, ConfigError, OutputError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.synth import SimulatedMap, simulate_map
from napari_hicstruct.synth.counts import iter_counts
from napari_hicstruct.synth.records import truth_records
from napari_hicstruct.synth.write import iter_write, write_simulation

DEPTH = 120.0


@pytest.fixture(scope="module")
def sims() -> list[SimulatedMap]:
    common = {"max_distance": 1_500_000, "n_steps": 3_000, "n_snapshots": 30}
    return [
        simulate_map(SimulationConfig(chrom="chr1", length=6_002_500, **common), 11),
        simulate_map(SimulationConfig(chrom="chr2", length=4_000_000, **common), 12),
    ]


@pytest.fixture(scope="module")
def written(sims: list[SimulatedMap], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    return write_simulation(sims, folder / "map.mcool", depth=DEPTH, truth_dir=folder / "truth")


def test_every_level_covers_the_same_contacts(written: Path, sims: list[SimulatedMap]) -> None:
    names = cooler.fileops.list_coolers(str(written))
    assert names == [f"/resolutions/{r}" for r in (5_000, 10_000, 25_000, 50_000, 100_000)]
    assert cooler.fileops.is_multires_file(str(written))
    totals = {name: cooler.Cooler(f"{written}::{name}").info["sum"] for name in names}
    assert len(set(totals.values())) == 1
    fine, coarse = (cooler.Cooler(f"{written}::/resolutions/{r}") for r in (5_000, 10_000))
    region = "chr1:1,000,000-2,000,000"
    block, summed = (np.triu(clr.matrix(balance=False).fetch(region)) for clr in (fine, coarse))
    assert np.array_equal(block.reshape(100, 2, 100, 2).sum(axis=(1, 3)), summed)
    assert dict(fine.chromsizes) == {s.chrom: s.length for s in sims}


def test_masked_bins_are_empty_and_unbalanced(written: Path, sims: list[SimulatedMap]) -> None:
    clr = cooler.Cooler(f"{written}::/resolutions/5000")
    for sim in sims:
        raw = clr.matrix(balance=False).fetch(sim.chrom)
        assert not raw[sim.masked].any()
        weights = clr.bins().fetch(sim.chrom)["weight"].to_numpy()
        assert np.isnan(weights[sim.masked]).all()
        assert np.isfinite(weights[~sim.masked]).mean() > 0.8


@pytest.mark.parametrize("resolution", [10_000, 25_000])
def test_weights_are_cooler_s(written: Path, resolution: int) -> None:
    clr = cooler.Cooler(f"{written}::/resolutions/{resolution}")
    wanted, _ = cooler.balance_cooler(clr, cis_only=True, max_iters=1_000)
    found = clr.bins()[:]["weight"].to_numpy()
    assert np.array_equal(np.isfinite(found), np.isfinite(wanted))
    good = np.isfinite(found)
    assert np.allclose(found[good], wanted[good], rtol=1e-3)


def test_counts_follow_the_expected_map_beyond_the_band_too(sims: list[SimulatedMap]) -> None:
    sim = sims[0]
    assert sim.far is not None
    n, reach = sim.n_bins, len(sim.band)
    total, wanted, extra = np.zeros(n), np.zeros(n), np.zeros(n)
    for bin1, bin2, count in iter_counts(sim, 300, np.random.default_rng(1), rows=257):
        key = bin1 * n + bin2
        assert (np.diff(key) > 0).all()  # sorted, no pixel twice
        total += np.bincount(bin2 - bin1, weights=count, minlength=n)
    seen = np.where(sim.masked, 0, sim.bias)
    for d in range(1, n):
        pair = seen[: n - d] * seen[d:]
        if d < reach:
            wanted[d] = 300 * (sim.band[d, : n - d] * pair).sum()
            extra[d] = sim.overdispersion * ((300 * sim.band[d, : n - d] * pair) ** 2).sum()
        else:
            pattern = 1 + sim.far.strength * d / (d + sim.far.onset) * sim.far.profile[: n - d] * sim.far.profile[d:]
            wanted[d] = 300 * sim.far.decay[d] * (pattern * pair).sum()
    for part in (slice(1, reach), slice(reach, reach + 50), slice(reach + 50, n)):
        spread = 5 * np.sqrt((wanted + extra)[part].sum())
        assert total[part].sum() == pytest.approx(wanted[part].sum(), abs=spread)


def test_truth_reads_back(written: Path, sims: list[SimulatedMap]) -> None:
    truth = written.parent / "truth"
    visible = [record for sim in sims for record in truth_records(sim, DEPTH)[0]]
    faint = [record for sim in sims for record in truth_records(sim, DEPTH)[1]]
    names = {
        Kind.LOOP: "loops.bedpe",
        Kind.STRIPE: "stripes.bedpe",
        Kind.TAD: "tads.bed",
        Kind.BOUNDARY: "boundaries.bed",
    }
    for folder, records in ((truth, visible), (truth / "faint", faint)):
        for kind, name in names.items():
            read = read_labels(folder / name)
            assert not read.problems
            assert sorted(r.uid for r in read.records) == sorted(r.uid for r in records if r.kind is kind)
    assert sum(r.kind is Kind.LOOP for r in visible) >= 3
    for record in visible:
        if record.kind is Kind.LOOP:
            assert float(record.extra["z"]) >= 5
        if record.kind is Kind.STRIPE:
            assert record.direction in (Direction.DOWN, Direction.UP)
        if record.kind is Kind.BOUNDARY:
            assert record.anchor1.center % 5_000 == 0
    tads = {r.name: r for r in visible if r.kind is Kind.TAD}
    for tad in tads.values():
        if tad.parent:
            parent = tads[tad.parent]
            assert parent.level < tad.level
            assert parent.anchor1.start <= tad.anchor1.start <= tad.anchor1.end <= parent.anchor1.end
    assert json.loads((truth / "run.json").read_text())["depth"] == DEPTH


def test_deeper_maps_show_more(sims: list[SimulatedMap]) -> None:
    counts = [len(truth_records(sims[0], depth)[0]) for depth in (3, 60, 1_200)]
    assert counts[0] < counts[1] < counts[2]


def test_same_map_twice_and_nothing_left_over(sims: list[SimulatedMap], tmp_path: Path) -> None:
    paths = [write_simulation(sims[1], tmp_path / name, depth=20, resolutions=(5_000, 20_000)) for name in "ab"]
    first, second = (cooler.Cooler(f"{p}::/resolutions/20000").pixels()[:] for p in paths)
    assert first.equals(second)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_cancelled_or_refused_map_leaves_what_stood_there(sims: list[SimulatedMap], tmp_path: Path) -> None:
    target = tmp_path / "map.mcool"
    target.write_text("precious")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        drain(iter_write({"chr2": 4_000_000}, lambda name: sims[1], target, depth=5, token=token))
    with pytest.raises(ConfigError, match="12,000"):
        write_simulation(sims[1], target, depth=5, resolutions=(5_000, 12_000))
    assert target.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["map.mcool"]
    blocked = tmp_path / "map.mcool" / "inside.mcool"
    with pytest.raises(OutputError, match=r"map\.mcool"):
        write_simulation(sims[1], blocked, depth=5)
