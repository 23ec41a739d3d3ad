"""Fine and coarse windows over one place, and boundaries that loops and stripes teach where nobody labelled any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.losses import ConsistencyConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.contacts.band import empty_fine
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.labels.scope import Scope
from napari_hicstruct.labels.weak import weak_boundaries
from napari_hicstruct.losses.consistency import anchor_evidence, anchor_loss, pair_loss, stripe_evidence
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.maps import DrawnMap, draw_map
from napari_hicstruct.training.paired import Place, around, block
from napari_hicstruct.training.pool import iter_make_pool
from napari_hicstruct.training.samples import Batch, make_batch
from napari_hicstruct.training.step import batch_losses
from napari_hicstruct.training.update import cut
from tests.unit.model.test_objectives import BASE

CONSISTENCY = {"corner": 0.05, "symmetry": 0.02, "fine": True, "pair": 0.1, "anchors": 0.05, "margin": 0.9}


def recipe(**changes: Any) -> TrainConfig:
    model = BASE["model"] | {"boundary_prior": {"kind": "band"}} | changes.pop("model", {})
    return parse_config(TrainConfig, BASE | {"coarse_size": 96, "paired": 1.0} | changes | {"model": model})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnMap]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HICSTRUCT_POOL", str(tmp_path_factory.mktemp("maps")))
        config = recipe()
        (path,) = drain(iter_make_pool(config.train, tmp_path_factory.mktemp("pool"), token=CancelToken()))
        yield draw_map(path, config, np.random.default_rng(1))


def batch_of(drawn: DrawnMap, config: TrainConfig, seed: int = 0) -> Batch:
    batch = make_batch([drawn], config, np.random.default_rng(seed))
    batch["strip"]["progress"] = torch.tensor([0.5])
    return batch


@pytest.mark.parametrize("seed", range(6))
def test_a_paired_window_shows_the_place_of_its_fine_one(drawn: DrawnMap, seed: int) -> None:
    """The distance channel says where a pixel lies; and where the fine window holds a loop, so does the coarse one."""
    config = recipe()
    batch = batch_of(drawn, config, seed)
    (pair,) = batch["pair"]["at"].tolist()
    index, coarse_index, row, col = pair
    assert (index, coarse_index) == (0, 1)
    half, margin = config.model.windows.fine_size // 2, config.model.windows.coarse_margin
    assert margin <= min(row, col) <= max(row, col) <= config.coarse_size - margin - half
    names = config.model.inputs
    k = names.index("distance")  # 0 where a pixel lies outside the map
    parts = batch["fine"]["x"][index, k], block(batch["coarse"]["x"][:, k], batch["pair"]["at"], half)[0]
    fine, coarse = ((torch.exp2(each * 8.0) - 1.0) * 10_000.0 for each in parts)
    blocks = fine.unflatten(0, (half, 2)).unflatten(2, (half, 2))
    inside = (blocks.amin((1, 3)) > 0) & (coarse > 0)
    assert inside.any()
    assert (blocks.mean((1, 3)) - coarse).abs()[inside].max() < 5_100  # 5 kb pixels lie within a bin of their 10 kb one
    found = block(batch["coarse"]["heat"], batch["pair"]["at"], half)
    assert torch.equal(found[0], batch["fine"]["coarse_heat"][index])


def test_windows_stay_above_the_diagonal() -> None:
    config = recipe()
    for seed in range(50):
        corner = (100, 100 + 2 * (seed % 30))
        place, _ = around(Place(corner, False), 0, 1, config, np.random.default_rng(seed))
        assert place.corner[1] >= place.corner[0]


def test_without_pairing_there_are_no_pairs(drawn: DrawnMap) -> None:
    batch = batch_of(drawn, recipe(paired=0.0))
    assert "pair" not in batch


def test_validation_draws_the_windows_of_runs_without_pairs(drawn: DrawnMap) -> None:
    paired, plain = (batch_of(drawn, recipe(paired=share).judged()) for share in (1.0, 0.0))
    assert "pair" not in paired
    assert torch.equal(paired["coarse"]["x"], plain["coarse"]["x"])


def test_maps_without_fine_bins_are_not_paired(drawn: DrawnMap) -> None:
    coarse_only = replace(drawn, fine=empty_fine(drawn.coarse))
    assert "pair" not in batch_of(coarse_only, recipe())


def test_pairs_are_for_whole_batches(drawn: DrawnMap) -> None:
    batch = batch_of(drawn, recipe())
    assert torch.equal(cut(batch, 1)[0]["pair"]["at"], batch["pair"]["at"])
    assert not any("pair" in piece for piece in cut(batch, 2))


def test_every_term_is_there_and_reaches_what_it_teaches(drawn: DrawnMap) -> None:
    config = recipe(losses={"consistency": CONSISTENCY})
    torch.manual_seed(1)
    net = MultiTaskNet(config.model)
    batch = batch_of(drawn, config)
    assert set(batch_losses(net, batch, recipe()).extras) == {"boundary_prior"}
    batch["strip"]["unlabelled"] = torch.ones_like(batch["strip"]["unlabelled"])
    extras = batch_losses(net, batch, config).extras
    want = {"corner/loop", "corner/loop/fine", "symmetry/loop", "symmetry/loop/fine", "pair/loop", "anchors/tad"}
    assert want <= set(extras)
    assert all(torch.isfinite(value) for value in extras.values())
    weights = dict(net.named_parameters())
    gradients = torch.autograd.grad(extras["anchors/tad"], list(weights.values()), allow_unused=True)
    taught = {name for name, g in zip(weights, gradients, strict=True) if g is not None and g.abs().sum() > 0}
    assert any("tad" in name for name in taught)
    assert not any("loop" in name or "stripe" in name for name in taught)  # what teaches is detached


def test_labelled_boundaries_are_not_taught_by_anchors(drawn: DrawnMap) -> None:
    config = recipe(losses={"consistency": CONSISTENCY})
    batch = batch_of(drawn, config)
    assert batch["strip"]["unlabelled"].sum() == 0
    assert batch_losses(MultiTaskNet(config.model), batch, config).extras["anchors/tad"].item() == 0


def test_bins_without_labels_are_those_nobody_knows(drawn: DrawnMap) -> None:
    config, n = recipe(), drawn.coarse.n_bins
    labelled = drawn.coarse.valid & (np.arange(n) < n // 2)
    some = Scope(np.repeat(labelled, 2)[: drawn.fine.n_bins], labelled, frozenset({"boundary", "point"}))
    none = replace(some, heads=frozenset({"point"}))
    for scope in (some, none):
        strip = batch_of(replace(drawn, scope=scope), config)["strip"]
        both = strip["known"] * strip["unlabelled"]
        assert both.sum() == 0
        assert (strip["unlabelled"].sum() > 0).item()
    assert strip["known"].sum() == 0
    weak = replace(drawn, weak=weak_boundaries(drawn.coarse, config.weak))
    strip = batch_of(weak, recipe(weak={"enabled": True}))["strip"]
    assert torch.equal(strip["unlabelled"], strip["known"])
    assert strip["unlabelled"].sum() > 0


def test_evidence_of_anchors_equals_loops_over_pixels() -> None:
    n, generator = 24, torch.Generator().manual_seed(3)
    point, mask, along = (torch.rand(n, n, generator=generator) for _ in range(3))
    far = ((torch.arange(n)[:, None] - torch.arange(n)).abs() >= 4).float()
    got = anchor_evidence(point, far)
    for i in range(n):
        seen = [max(point[i, j].item(), point[j, i].item()) for j in range(n) if far[i, j]]
        assert got[i].item() == pytest.approx(max(seen))
    got = stripe_evidence(mask, along, far)
    for i in range(n):
        rows = sorted((mask[i, j] * along[i, j] * far[i, j]).item() for j in range(n))[-10:]
        cols = sorted((mask[j, i] * (1 - along[j, i]) * far[j, i]).item() for j in range(n))[-10:]
        assert got[i].item() == pytest.approx(max(np.mean(rows), np.mean(cols)), rel=1e-5)


def test_anchors_teach_unlabelled_bins_alone() -> None:
    boundary = torch.full((12,), 0.5, requires_grad=True)
    evidence = torch.zeros(12, requires_grad=True)
    with torch.no_grad():
        evidence[4] = 1.0
    unlabelled = torch.ones(12)
    unlabelled[8:] = 0
    loss = anchor_loss(boundary, evidence, unlabelled, margin=0.2)
    assert loss.item() == pytest.approx(0.2)
    loss.backward()
    assert evidence.grad is None
    assert boundary.grad is not None
    assert (boundary.grad[3:6] < 0).all()  # more is wanted at an anchor and a bin to either side
    assert (boundary.grad[[0, 1, 2, 6, 7]] > 0).all()
    assert (boundary.grad[8:] == 0).all()
    assert anchor_loss(boundary, evidence, torch.zeros(12)).item() == 0


def test_agreeing_windows_cost_nothing_and_others_do() -> None:
    fine = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(1))
    coarse = fine.view(1, 4, 2, 4, 2).amax((2, 4))
    known = torch.ones(1, 4, 4)
    assert pair_loss(fine, coarse, known).item() == 0
    assert pair_loss(fine, coarse * 0.5, known).item() > 0


def _only(name: str) -> list[Any]:
    return [task for task in BASE["model"]["tasks"] if task["name"] == name]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"paired": 0.0, "losses": {"consistency": {"pair": 0.1}}}, "set paired"),
        ({"coarse_size": 40}, "too small to hold a fine window"),
        ({"model": {"tasks": _only("tad")}, "losses": {"consistency": {"anchors": 0.1}}}, "the model lacks a task"),
        ({"model": {"tasks": _only("stripe")}, "losses": {"consistency": {"pair": 0.1}}}, "has no such task"),
    ],
)
def test_recipes_that_do_not_fit_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        recipe(**changes)


def test_off_is_the_default() -> None:
    options = ConsistencyConfig()
    assert (options.pair, options.anchors, options.fine) == (0, 0, False)
