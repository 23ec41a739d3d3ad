"""Adapting to a map: which windows are read, what is said of too few or none, and predictions with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import napari_hicstruct as hs
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import ConfigError, MapError, ModelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import drain
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import load_model, save_model
from napari_hicstruct.training.state import take_weights
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.predict.adapt import Adapted, Reading, iter_adapt, support_order, why_not_adapt
from napari_hicstruct.workflows.predict.request import PredictRequest
from tests.contacts_kit import write_cool

BIN, N = 10_000, 300


@pytest.fixture(scope="module")
def gate_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Tiny with a gate: new, and one that has learnt something."""
    base, card = load_model(find_model("tiny").path)
    config = ModelConfig.model_validate(
        base.config.model_dump() | {"selector": "cell_gate", "cell_gate": {"size": 64, "code": 8, "hidden": 16}}
    )
    torch.manual_seed(0)
    net, folder = MultiTaskNet(config), tmp_path_factory.mktemp("models")
    take_weights(net, base.state_dict())
    save_model(folder / "new", config, net.state_dict(), card | {"name": "new"})
    with torch.no_grad():
        net.selector.amount.fill_(1.0)
    save_model(folder / "learnt", config, net.state_dict(), card | {"name": "learnt"})
    return {name: folder / name for name in ("new", "learnt")}


def counts(n: int, *, constant: bool = False) -> Any:
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    mean = np.full((n, n), 40.0) if constant else 200 / (1 + distance)
    drawn = mean if constant else np.random.default_rng(1).poisson(mean)
    return np.triu(np.where(distance < 150, drawn, 0))


def cool(path: Path, upper: Any, sizes: dict[str, int] | None = None) -> str:
    return write_cool(path, sizes or {"chr1": len(upper) * BIN}, BIN, upper, weights={"weight": np.ones(len(upper))})


def adapt(model: Path, uri: str) -> Adapted:
    net = load_model(model)[0]
    return drain(iter_adapt(open_map(uri), net, Reading(net.config)))


def test_the_shortest_chromosome_that_is_long_enough_comes_first_and_sex_chromosomes_last() -> None:
    class Source:
        def __init__(self) -> None:
            self.chromsizes = {"chr1": 90, "chr2": 60, "chr3": 50, "chr4": 20, "chrX": 55, "chrM": 1, "chr5": 30}

    assert support_order(Source(), 45) == ["chr3", "chr2", "chr1", "chr5", "chr4", "chrX", "chrM"]  # type: ignore[arg-type]


def test_few_windows_are_said(tmp_path: Path, gate_model: dict[str, Path]) -> None:
    found = adapt(gate_model["learnt"], cool(tmp_path / "m.cool", counts(N)))
    assert (found.chrom, found.windows) == ("chr1", 30)
    assert found.change > 0
    assert found.notes() == [
        "Adapted to the map by 30 windows of chr1. It has fewer than the 32 that describe a map well."
    ]


def test_empty_and_constant_maps_are_refused(tmp_path: Path, gate_model: dict[str, Path]) -> None:
    for name, upper in (("empty", np.zeros((N, N))), ("constant", counts(N, constant=True))):
        with pytest.raises(MapError, match="has no chromosome with contacts enough"):
            adapt(gate_model["learnt"], cool(tmp_path / f"{name}.cool", upper))


def test_a_map_that_only_falls_off_with_distance_leaves_the_model_as_it_was(
    tmp_path: Path, gate_model: dict[str, Path]
) -> None:
    upper = np.triu(np.round(1e6 / (1 + np.abs(np.subtract.outer(np.arange(N), np.arange(N))))))
    found = adapt(gate_model["learnt"], cool(tmp_path / "m.cool", upper))
    assert (found.windows, found.change) == (0, 0)
    assert "the same everywhere" in found.notes()[0]


def test_a_chromosome_without_contacts_is_passed_over(tmp_path: Path, gate_model: dict[str, Path]) -> None:
    upper = np.zeros((2 * N, 2 * N))
    upper[N:, N:] = counts(N)
    sizes = {"chr1": (N - 5) * BIN, "chr2": (N + 5) * BIN}
    assert adapt(gate_model["learnt"], cool(tmp_path / "m.cool", upper, sizes)).chrom == "chr2"


@pytest.fixture(scope="module")
def called(gate_model: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, hs.Calls]:
    m = hs.open_map(cool(tmp_path_factory.mktemp("map") / "m.cool", counts(N)))
    tasks = {"tasks": "tad", "min_probability": 0.001}
    return {
        "plain": hs.predict(m, model="tiny", **tasks),
        "off": hs.predict(m, model=gate_model["learnt"], **tasks),
        "new": hs.predict(m, model=gate_model["new"], adapt=True, **tasks),
        "on": hs.predict(m, model=gate_model["learnt"], adapt=True, **tasks),
    }


def test_without_adapting_and_with_a_new_gate_calls_are_those_of_the_plain_network(called: dict[str, hs.Calls]) -> None:
    found = {name: {(a.span.start, a.score) for a in own.boundaries} for name, own in called.items()}
    assert len(found["plain"]) == 14
    assert found["off"] == found["new"] == found["plain"]
    assert found["on"] != found["plain"]


def test_the_run_says_by_what_it_was_adapted(called: dict[str, hs.Calls]) -> None:
    assert called["on"].run["adapted"]["windows"] == 30
    assert called["on"].run["parameters"]["adapt"] is True
    assert any("Adapted to the map" in note for note in called["on"].notes)
    assert "adapted" not in called["off"].run
    assert "adapt" not in called["off"].run["parameters"]


def test_a_model_without_a_gate_and_workers_are_refused(tmp_path: Path, gate_model: dict[str, Path]) -> None:
    assert why_not_adapt(find_model(str(gate_model["new"]))) == ""
    m = hs.open_map(cool(tmp_path / "m.cool", counts(N)))
    with pytest.raises(ModelError, match="has no gate, so it cannot adapt to a map"):
        hs.predict(m, model="tiny", adapt=True)
    from napari_hicstruct.workflows.genome.run import iter_predict_on

    request = PredictRequest(regions=(Interval("chr1", 0, N * BIN),), model=str(gate_model["new"]), adapt=True)
    with pytest.raises(ConfigError, match="in one process, not by workers"):
        drain(iter_predict_on(None, open_map(tmp_path / "m.cool"), request, tmp_path))  # type: ignore[arg-type]
