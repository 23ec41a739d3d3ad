"""What a run may be asked for: balancing, conflicts, weak boundaries, reconstruction, other task sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.training import MaskingConfig, TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.labels.weak import weak_boundaries
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import load_model
from napari_hicstruct.training import checkpoint, engine, state
from napari_hicstruct.training.augment import reverse_band
from napari_hicstruct.training.dataset import Region, save_region
from napari_hicstruct.training.extras import extra_losses
from napari_hicstruct.training.maps import draw_map
from napari_hicstruct.training.pool import iter_make_pool
from napari_hicstruct.training.reconstruct import corrupt, hidden_pixels
from napari_hicstruct.training.samples import SampleStream, make_batch
from napari_hicstruct.training.step import batch_losses
from napari_hicstruct.training.windows import Pass
from napari_hicstruct.workflows.models import describe_model
from napari_hicstruct.workflows.train import iter_train_model, validation_batches
from tests.unit.model.model_kit import SMALL

BASE: dict[str, Any] = {
    "name": "objective",
    "model": SMALL.model_dump() | {"max_distance": 400_000},
    "train": {"extrusion": 1, "settings": {"length": 2_000_000, "max_distance": 500_000, "n_steps": 1000}},
    "validation": {
        "extrusion": 1,
        "first_seed": 900_000,
        "settings": {"length": 2_000_000, "max_distance": 500_000, "n_steps": 1000},
    },
    "steps": 4,
    "coarse_size": 72,
    "strip_tiles": 2,
    "steps_per_draw": 2,
    "maps_per_draw": 1,
    "warmup": 1,
    "depth": (100.0, 200.0),
    "validate_every": 4,
    "bf16": False,
}


def recipe(**changes: Any) -> TrainConfig:
    model = BASE["model"] | changes.pop("model", {})
    return parse_config(TrainConfig, BASE | changes | {"model": model})


@pytest.fixture(scope="module", autouse=True)
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        last = config.steps
        return iter(SampleStream(config, paths, first_step=first, last_step=last, seed=config.seed, part=part))

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("maps")
        patch.setenv("HICSTRUCT_POOL", str(folder))
        patch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)
        patch.setattr(engine, "_stream", stream)
        yield folder


def batch_of(config: TrainConfig, pool: Path) -> engine.Batch:
    paths = drain(iter_make_pool(config.train, pool, token=CancelToken()))
    return next(iter(SampleStream(config, paths, first_step=0, last_step=1, seed=1)))


def net_of(config: TrainConfig) -> MultiTaskNet:
    torch.manual_seed(0)
    return MultiTaskNet(config.model)


@pytest.mark.parametrize(
    "losses",
    [
        {"balancing": "uncertainty"},
        {"balancing": "gradnorm", "balance_window": 2},
        {"balancing": "dwa", "balance_window": 1},
        {"conflict": "pcgrad"},
        {"conflict": "upgrad", "conflict_buckets": True},
    ],
    ids=lambda losses: "-".join(str(value) for value in losses.values()),
)
def test_balanced_and_resolved_runs_train_log_and_resume(losses: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("torchjd")
    config = recipe(losses=losses, checkpoint_every=2)
    drain(iter_train_model(config, tmp_path / "whole", device="cpu"))
    half = config.model_copy(update={"steps": 4})
    steps = iter_train_model(half, tmp_path / "parts", device="cpu")
    for step in steps:
        if step.stage == "train" and step.done == 2:
            break
    steps.close()
    drain(iter_train_model(config, tmp_path / "parts", device="cpu"))
    whole, parts = (checkpoint.load_checkpoint(tmp_path / n / state.CHECKPOINT) for n in ("whole", "parts"))
    for name, value in whole["net"].items():
        torch.testing.assert_close(parts["net"][name], value, msg=name)
    assert whole["balancer"].keys() == parts["balancer"].keys()
    entry = json.loads((tmp_path / "whole" / engine.LOG).read_text().splitlines()[-1])
    if config.losses.balancing != "fixed":
        assert set(entry["weights"]) == {"loop", "stripe", "tad"}
    if config.losses.conflict != "none":
        assert "conflict_rate" in entry["train"]
    assert ("conflict_rate/<200kb" in entry["train"]) == config.losses.conflict_buckets


def test_consistency_adds_what_is_switched_on_and_nothing_else(pool: Path) -> None:
    plain = recipe(model={"boundary_prior": {"kind": "band"}})
    weights = {"corner": 0.05, "edge": 0.05, "symmetry": 0.02, "block": 0.1}
    full = recipe(model={"boundary_prior": {"kind": "band"}}, losses={"consistency": weights})
    net, batch = net_of(plain), batch_of(plain, pool)
    assert set(batch_losses(net, batch, plain).extras) == {"boundary_prior"}
    extras = batch_losses(net, batch, full).extras
    assert {"corner/loop", "edge/stripe", "symmetry/loop", "symmetry/stripe", "block/loop"} <= set(extras)
    assert all(torch.isfinite(value) for value in extras.values())


def test_deep_supervision_pools_the_targets_and_reaches_what_predicted(pool: Path) -> None:
    config = recipe()
    net, batch = net_of(config), batch_of(config, pool)
    batch["coarse"]["heat"][0, 21, 30] = batch["coarse"]["known"][0, 20:22, 30:32] = 1
    far, near = (Pass(batch[kind], finest, None, config.model) for kind, finest in (("coarse", "f2"), ("fine", "f1")))
    logits = torch.zeros(2, 3, 36, 36, requires_grad=True)
    far.trace.auxiliary["loop", "f3"] = logits
    far.trace.auxiliary["tad", "f3"] = torch.zeros(2, 1, 36, 36)  # boundaries have no dense target
    extras = extra_losses(net, near, far, config)
    assert set(extras) == {"deep/loop/f3/coarse"}
    extras["deep/loop/f3/coarse"].backward()
    assert logits.grad is not None
    heat, known = (batch["coarse"][k].unflatten(1, (36, 2)).unflatten(3, (36, 2)) for k in ("heat", "known"))
    centre = (heat.amax((2, 4)) >= 0.999) & (known.amin((2, 4)) > 0)
    assert centre[0, 10, 15]
    assert (logits.grad[:, 0][centre] < 0).all()  # more is wanted where a loop is
    assert (logits.grad[:, 0][known.amin((2, 4)) == 0] == 0).all()
    off = recipe(losses={"deep": 0.0})
    assert not extra_losses(net, near, far, off)


def test_bucket_rows_split_the_gradient_and_keep_the_value(pool: Path) -> None:
    config = recipe(losses={"conflict": "pcgrad", "conflict_buckets": True})
    net = net_of(config)
    losses = batch_losses(net, batch_of(config, pool), config)
    weights = list(net.encoder.parameters())
    for task in ("loop", "stripe"):
        rows = [loss for row, loss in losses.rows.items() if row[0] == task]
        assert len(rows) == 3
        whole = torch.autograd.grad(losses.tasks[task], weights, retain_graph=True, allow_unused=True)
        parts = [torch.autograd.grad(row, weights, retain_graph=True, allow_unused=True) for row in rows]
        for k, gradient in enumerate(whole):
            if gradient is not None:
                total = sum(part[k] for part in parts if part[k] is not None)
                torch.testing.assert_close(total, gradient, atol=1e-5, rtol=1e-3)
    assert ("tad", "") in losses.rows


def map_of(config: TrainConfig, pool: Path) -> Path:
    return drain(iter_make_pool(config.train, pool, token=CancelToken()))[0]


def test_weak_runs_never_see_a_boundary_label(pool: Path) -> None:
    """Not even by the first look: without the truth's boundaries, batches and all losses are the same."""
    config = recipe(weak={"enabled": True}, model={"boundary_prior": {"kind": "band"}})
    drawn = draw_map(map_of(config, pool), config, np.random.default_rng(1))
    assert len(drawn.coarse_truth.boundaries)
    blank = replace(drawn.coarse_truth, boundaries=drawn.coarse_truth.boundaries[:0])
    batches = [
        make_batch([each], config, np.random.default_rng(2)) for each in (drawn, replace(drawn, coarse_truth=blank))
    ]
    for part, values in batches[0].items():
        for name, value in values.items():
            assert torch.equal(value, batches[1][part][name]), f"{part}/{name}"
    for batch in batches:
        batch["strip"]["progress"] = torch.tensor([0.5])
    net = net_of(config)
    first, second = (batch_losses(net, batch, config) for batch in batches)
    assert {"tad", "boundary_prior"} <= set(first.all())
    assert all(torch.equal(value, second.all()[name]) for name, value in first.all().items())
    assert batches[0]["strip"]["weak_insulation"].max() > 0


def test_validation_of_weak_runs_is_by_labels(pool: Path) -> None:
    config = recipe(weak={"enabled": True})
    path = map_of(config, pool)
    drawn = validation_batches(config, [path])[0]["strip"]["target"]
    assert torch.equal(drawn, validation_batches(recipe(), [path])[0]["strip"]["target"])


def test_a_region_without_boundary_labels_labels_itself_by_all_its_contacts(pool: Path, tmp_path: Path) -> None:
    config = recipe(weak={"enabled": True})
    drawn = draw_map(map_of(config, pool), config.judged(), np.random.default_rng(1))
    known = [np.ones(band.n_bins, bool) for band in (drawn.fine, drawn.coarse)]
    region = Region(drawn.fine, drawn.coarse, drawn.fine_truth, drawn.coarse_truth, *known, frozenset({"point"}), {})
    save_region(region, tmp_path / "region")
    every = [weak_boundaries(band, config.weak) for band in (drawn.coarse, reverse_band(drawn.coarse))]
    for seed in range(4):
        thin = draw_map(tmp_path / "region", config, np.random.default_rng(seed))
        assert thin.coarse.counts.sum() < drawn.coarse.counts.sum()
        assert thin.weak is not None
        assert any(np.array_equal(thin.weak.insulation, weak.insulation) for weak in every)
        strip = make_batch([thin], config, np.random.default_rng(seed))["strip"]
        assert strip["known"].mean() > 0.5
        plain = make_batch([replace(thin, weak=None)], config, np.random.default_rng(seed))["strip"]
        assert plain["known"].max() == 0


def test_pretraining_runs_and_its_encoder_starts_the_next_stage(tmp_path: Path) -> None:
    mae = recipe(name="mae", objective="reconstruction", model={"reconstruction": True})
    folder = drain(iter_train_model(mae, tmp_path / "mae", device="cpu"))
    config = recipe(steps=1, learning_rate=1e-30)
    drain(iter_train_model(config, tmp_path / "next", device="cpu", parent=folder))
    before = checkpoint.load_checkpoint(tmp_path / "mae" / state.BEST)["net"]
    after = checkpoint.load_checkpoint(tmp_path / "next" / state.CHECKPOINT)["net"]
    for name in after:
        if name.startswith("encoder."):
            torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-20)
    assert not any(name.startswith("reconstruction.") for name in after)


def test_hiding_takes_whole_diagonals_and_leaves_what_is_known_of_the_pixel() -> None:
    options = MaskingConfig(patches=0)
    bins = torch.arange(64)
    distance = ((bins[:, None] - bins[None, :]).abs() * 10_000.0)[None, None].expand(2, 1, 64, 64)
    hidden = hidden_pixels(distance, options, torch.Generator().manual_seed(0))
    for d in range(64):
        assert hidden[0, 0].diagonal(d).unique().numel() == 1
    share = hidden[0, 0, 0].mean()
    assert options.share[0] <= share <= options.share[1] + options.run / 64
    x = torch.randn(2, 5, 64, 64)
    x[:, 4] = 1
    seen, back = corrupt(x, distance, options, SMALL.inputs, 3)
    gone = back[:, 0] > 0
    assert torch.equal(seen[:, 2], x[:, 2])
    assert torch.equal(seen[:, 0][~gone], x[:, 0][~gone])
    assert (seen[:, 0][gone] != x[:, 0][gone]).float().mean() > 0.99


@pytest.mark.parametrize("steps", [(1, 3), (0, 3)])
def test_a_blend_is_the_mean_of_the_steps_it_names(tmp_path: Path, steps: tuple[int, int]) -> None:
    """Step 0: the weights that the run starts from."""
    config = recipe(blend=steps)
    folder = drain(iter_train_model(config, tmp_path, device="cpu"))
    parts = [checkpoint.load_checkpoint(tmp_path / f"blend-{step}.ckpt")["net"] for step in steps]
    assert any((parts[0][name] != parts[1][name]).any() for name in parts[0])
    net, card = load_model(folder)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(value, (parts[0][name] + parts[1][name]) / 2, msg=name)
    assert card["recipe"]["blend"] == list(steps)
    with pytest.raises(ConfigError, match="blend"):
        recipe(blend=(5,))


def test_a_task_may_keep_its_head_in_a_blend(tmp_path: Path) -> None:
    folder = drain(iter_train_model(recipe(blend=(0, 3), blend_keeps=("stripe",)), tmp_path, device="cpu"))
    first, last = (checkpoint.load_checkpoint(tmp_path / f"blend-{step}.ckpt")["net"] for step in (0, 3))
    for name, value in load_model(folder)[0].state_dict().items():
        torch.testing.assert_close(
            value, first[name] if ".stripe." in name else (first[name] + last[name]) / 2, msg=name
        )
    with pytest.raises(ConfigError, match="blend_keeps"):
        recipe(blend_keeps=("arc",))


TASKS = {
    "two": [
        {"name": "dots", "head": "point", "fine": True, "widths": (8, 8, 8)},
        {"name": "borders", "head": "boundary", "widths": (8, 8, 8)},
    ],
    "four": [
        {"name": "loop", "head": "point", "fine": True, "widths": (8, 8, 8)},
        {"name": "stripe", "head": "mask", "widths": (8, 8, 8)},
        {"name": "tad", "head": "boundary", "widths": (8, 8, 8)},
        {"name": "corner", "head": "point", "widths": (8, 8, 8)},
    ],
}


@pytest.mark.parametrize("tasks", TASKS.values(), ids=TASKS)
def test_other_task_sets_train_without_touching_code(tasks: list[dict[str, Any]], tmp_path: Path) -> None:
    config = recipe(model={"tasks": tasks, "interaction": "none"}, steps=2, validate_every=2)
    info = describe_model(drain(iter_train_model(config, tmp_path, device="cpu")))
    assert info.tasks == tuple(task["name"] for task in tasks)
    entry = json.loads((tmp_path / engine.LOG).read_text())
    assert {task["name"] for task in tasks} <= set(entry["train"])


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"losses": {"consistency": {"corner": 0.05}}}, "corner"),
        ({"objective": "reconstruction"}, "model.reconstruction"),
        ({"losses": {"balancing": "gradnorm", "conflict_buckets": True}}, "conflict_buckets"),
        ({"losses": {"conflict": "magic"}}, "losses.conflict"),
        ({"model": {"interaction": "cross_stitch", "tasks": TASKS["two"][:1]}}, "at least two tasks"),
    ],
)
def test_impossible_combinations_name_their_key(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        recipe(**changes)
