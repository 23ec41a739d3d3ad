"""The engine learns, resumes to the bit, stops cleanly and never loses what it had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_hicstruct.config.model import HIC_TASKS, ModelConfig, WindowConfig
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.config.training import PoolConfig, TrainConfig
from napari_hicstruct.errors import Cancelled, ConfigError, JobError, MapError, ModelError, OutputError
from napari_hicstruct.jobs import CancelToken, Progress, drain
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training import checkpoint, engine, state, update
from napari_hicstruct.training.pool import iter_make_pool, load_map, pool_members, save_map
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.training.validate import Scores, validate
from napari_hicstruct.workflows.models import describe_model
from napari_hicstruct.workflows.train import iter_train_model, validation_batches

MODEL = ModelConfig(
    channels=(8, 8, 8, 8, 8),
    tasks=tuple(task.model_copy(update={"widths": (8, 8, 8)}) for task in HIC_TASKS),
    strip_channels=8,
    max_distance=400_000,
    windows=WindowConfig(fine_size=64, coarse_size=64, coarse_margin=8, strip_length=128, strip_diagonals=16),
)
SETTINGS = SimulationConfig(length=3_000_000, max_distance=500_000, n_steps=2000, n_snapshots=16)
CONFIG = TrainConfig(
    name="tiny",
    model=MODEL,
    train=PoolConfig(extrusion=2, settings=SETTINGS),
    validation=PoolConfig(extrusion=1, first_seed=900_000, settings=SETTINGS),
    steps=6,
    coarse_size=64,
    strip_tiles=2,
    steps_per_draw=2,
    maps_per_draw=1,
    warmup=2,
    learning_rate=3e-3,
    depth=(50.0, 500.0),
    validate_every=3,
    checkpoint_every=2,
    bf16=False,
)


@pytest.fixture(scope="module", autouse=True)
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("maps")
        patch.setenv("HICSTRUCT_POOL", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw batches in this process: spawning a worker for six steps costs more than the steps."""

    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        last = config.steps
        return iter(SampleStream(config, paths, first_step=first, last_step=last, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)
    monkeypatch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 2)


def weights(out: Path) -> dict[str, torch.Tensor]:
    return dict(checkpoint.load_checkpoint(out / engine.CHECKPOINT)["net"])


def batches(config: TrainConfig, paths: list[Path]) -> list[engine.Batch]:
    return list(SampleStream(config, paths, first_step=0, last_step=3, seed=5))


def test_a_cancelled_run_goes_on_to_the_very_same_weights(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    folder = drain(iter_train_model(CONFIG, whole, device="cpu"))
    token = CancelToken()

    def cancel_at_three(step: Progress) -> None:
        if step.stage == "train" and step.done == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        drain(iter_train_model(CONFIG, parts, device="cpu", token=token), cancel_at_three)
    assert checkpoint.load_checkpoint(parts / engine.CHECKPOINT)["step"] == 3
    drain(iter_train_model(CONFIG, parts, device="cpu"))
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(parts)[name]), name
    info = describe_model(folder)
    assert info.tasks == ("loop", "stripe", "tad")
    assert info.card["recipe"]["steps"] == 6
    steps = [json.loads(line)["step"] for line in (whole / engine.LOG).read_text().splitlines()]
    assert steps == [3, 6]


def test_a_step_done_again_after_a_kill_stands_once_in_the_log(tmp_path: Path) -> None:
    def killed(step: Progress) -> None:
        if step.stage == "train" and isinstance(step.payload, dict) and "validation" in step.payload:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drain(iter_train_model(CONFIG, tmp_path, device="cpu"), killed)
    assert checkpoint.load_checkpoint(tmp_path / engine.CHECKPOINT)["step"] == 2
    log = tmp_path / engine.LOG
    first = log.read_text()
    assert json.loads(first)["step"] == 3
    log.write_text(first + first[: len(first) // 2])
    drain(iter_train_model(CONFIG, tmp_path, device="cpu"))
    lines = log.read_text().splitlines(keepends=True)
    assert [json.loads(line)["step"] for line in lines] == [3, 6]
    assert json.loads(lines[0])["validation"] == json.loads(first)["validation"]
    drain(iter_train_model(CONFIG, tmp_path, device="cpu"))
    assert log.read_text().splitlines(keepends=True) == lines


def test_what_no_validation_map_has_labels_for_has_no_average_precision(pool: Path, tmp_path: Path) -> None:
    paths = drain(iter_make_pool(CONFIG.validation, pool, token=CancelToken()))
    batches = validation_batches(CONFIG, paths)[:2]
    for batch in batches:
        batch["coarse"]["mask_known"].zero_()
    scores = validate(MultiTaskNet(MODEL), batches, CONFIG)
    assert sorted({name.partition("/")[0] for name in scores.precision}) == ["loop", "tad"]
    assert scores.total == pytest.approx(
        np.mean([np.mean([scores.precision["loop/coarse"], scores.precision["loop/fine"]]), scores.precision["tad"]])
    )


def test_the_loss_falls_when_the_same_batches_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def same(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        batch = next(iter(SampleStream(config, paths, first_step=0, last_step=1, seed=1)))
        return iter([batch] * config.steps)

    monkeypatch.setattr(engine, "_stream", same)
    config = CONFIG.model_copy(update={"steps": 30, "validate_every": 30})
    losses = [
        p.payload for p in iter_train_model(config, tmp_path, device="cpu") if p.stage == "train" and not p.message
    ]
    for task in ("loop", "stripe", "tad"):
        assert losses[-1][task] < 0.8 * losses[0][task], task


def test_nan_stops_with_its_task_and_step_and_keeps_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = state.batch_losses
    seen = []

    def poisoned(net: object, batch: object, config: object) -> dict[str, torch.Tensor]:
        losses = real(net, batch, config)  # type: ignore[arg-type]
        seen.append(1)
        if len(seen) == 5:
            losses.tasks["tad"] = losses.tasks["tad"] * float("nan")
        return losses

    monkeypatch.setattr(state, "batch_losses", poisoned)
    with pytest.raises(
        JobError, match=r"tad became NaN at step 4\. The best model before is in .* Lower learning_rate"
    ):
        drain(iter_train_model(CONFIG, tmp_path, device="cpu"))
    assert checkpoint.load_checkpoint(tmp_path / engine.BEST)["step"] == 3
    assert describe_model(tmp_path / "model").card["step"] == 3


def test_weights_that_have_left_the_numbers_are_neither_kept_nor_best(tmp_path: Path) -> None:
    run = state.start_run(CONFIG, tmp_path, state.open_fabric("cpu"))
    state.save_run(run, tmp_path)
    before = (tmp_path / state.CHECKPOINT).read_bytes()
    with torch.no_grad():
        next(run.net.parameters()).fill_(float("inf"))
    state.save_run(run, tmp_path)
    assert (tmp_path / state.CHECKPOINT).read_bytes() == before
    assert not Scores({"tad": float("nan")}, {"tad": 1.0}).finite
    assert Scores({"tad": 0.5}, {"tad": 1.0}).finite


def test_a_folder_belongs_to_one_recipe(tmp_path: Path) -> None:
    drain(iter_train_model(CONFIG.model_copy(update={"steps": 3}), tmp_path, device="cpu"))
    kept = (tmp_path / "recipe.json").read_text()
    for changes, key in (({"learning_rate": 0.1}, "learning_rate"), ({"steps": 2}, "steps"), ({"seed": 9}, "seed")):
        with pytest.raises(ConfigError, match=f"'{key}' is not that of the run"):
            drain(iter_train_model(CONFIG.model_copy(update={"steps": 3} | changes), tmp_path, device="cpu"))
    assert (tmp_path / "recipe.json").read_text() == kept
    model = drain(iter_train_model(CONFIG.model_copy(update={"steps": 4, "name": "longer"}), tmp_path, device="cpu"))
    assert describe_model(model).card["recipe"]["steps"] == 4
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        drain(iter_train_model(CONFIG, tmp_path / "file" / "run", device="cpu"))


def test_batches_depend_on_seed_and_step_alone(tmp_path: Path, pool: Path) -> None:
    paths = drain(iter_make_pool(CONFIG.train, pool, token=CancelToken()))
    whole = list(SampleStream(CONFIG, paths, first_step=0, last_step=5, seed=1))
    late = list(SampleStream(CONFIG, paths, first_step=3, last_step=5, seed=1))
    other = next(iter(SampleStream(CONFIG, paths, first_step=3, last_step=4, seed=2)))
    assert torch.equal(whole[3]["fine"]["x"], late[0]["fine"]["x"])
    assert torch.equal(whole[4]["strip"]["target"], late[1]["strip"]["target"])
    assert not torch.equal(other["fine"]["x"], late[0]["fine"]["x"])


def test_a_pooled_map_reads_back(pool: Path, tmp_path: Path) -> None:
    path = drain(iter_make_pool(CONFIG.train, pool, token=CancelToken()))[0]
    sim = load_map(path)
    save_map(sim, tmp_path / "again.npz")
    again = load_map(tmp_path / "again.npz")
    np.testing.assert_allclose(again.band, sim.band, rtol=2e-3, atol=1e-7)
    np.testing.assert_array_equal(again.truth.loops, sim.truth.loops)


def test_a_damaged_pooled_map_is_named_with_a_hint(pool: Path, tmp_path: Path) -> None:
    drain(iter_make_pool(CONFIG.validation, pool, token=CancelToken()))
    whole = next(pool.glob("*.npz")).read_bytes()
    for content in (b"", b"no zip", whole[: len(whole) // 2], whole[:2000] + bytes(2000) + whole[4000:]):
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(MapError, match=r"a\.npz: is no whole simulated map .*Delete it"):
            load_map(tmp_path / "a.npz")


def test_without_margins_the_whole_window_is_supervised(pool: Path) -> None:
    paths = drain(iter_make_pool(CONFIG.validation, pool, token=CancelToken()))
    windows = MODEL.windows.model_copy(update={"fine_margin": 0})
    config = CONFIG.model_copy(update={"model": MODEL.model_copy(update={"windows": windows})})
    for given, bare in zip(batches(CONFIG, paths), batches(config, paths), strict=True):
        for key in ("known", "coarse_known"):
            seen, most = given["fine"][key], bare["fine"][key]
            assert most.sum() > seen.sum() > 0
            assert torch.equal(most[seen > 0], seen[seen > 0])


def test_a_pool_mixes_its_styles_and_never_shares_a_seed() -> None:
    members = pool_members(PoolConfig(extrusion=6, painted=6, first_seed=10))
    assert sorted(seed for _, seed in members) == list(range(10, 22))
    assert {style for style, _ in members[:6]} == {"extrusion", "painted"}


def test_a_full_disk_leaves_the_old_checkpoint_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.ckpt"
    checkpoint.save_checkpoint(path, {"step": 1})

    def full(to: Path, data: bytes) -> None:
        with to.open("wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="the disk is full"):
        checkpoint.save_checkpoint(path, {"step": 2})
    assert checkpoint.load_checkpoint(path) == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_disk_that_fills_up_while_maps_are_simulated_is_one_sentence(
    tmp_path: Path, pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, **_: object) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    drain(iter_make_pool(CONFIG.validation, pool, token=CancelToken()))
    sim = load_map(next(pool.glob("*.npz")))
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match=r"a\.npz: the simulated map cannot be written \(the disk is full\).*again"):
        save_map(sim, tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match=r"last\.ckpt: is not a whole checkpoint"):
        checkpoint.load_checkpoint(path)


def test_the_learning_rate_warms_up_and_falls() -> None:
    config = CONFIG.model_copy(update={"steps": 100, "warmup": 10})
    rates = [update.learning_rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(config.learning_rate / 10)
    assert max(rates) == pytest.approx(config.learning_rate)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.02 * config.learning_rate


def test_the_average_is_the_moving_mean_that_checkpoints_of_before_hold() -> None:
    """Decay min(d, (1 + k) / (10 + k)) after step k; a plain state of it is taken up again."""
    from napari_hicstruct.training.state import weight_average

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    average = weight_average(net, 0.3)
    expected = {name: value.clone() for name, value in net.state_dict().items()}
    for step in range(8):
        with torch.no_grad():
            for value in (*net.parameters(), net[1].running_mean):
                value.add_(torch.randn_like(value))
            net[1].num_batches_tracked += 1
        average.update_parameters(net)
        for name, value in net.state_dict().items():
            kept = min(0.3, (1 + step) / (10 + step))
            expected[name] = expected[name].lerp(value, 1 - kept) if value.is_floating_point() else value.clone()
        if step == 3:  # as a run that is taken up again does
            state = {name: value.clone() for name, value in average.module.state_dict().items()}
            average = weight_average(net, 0.3)
            average.module.load_state_dict(state)
            average.n_averaged.fill_(step + 2)
    for name, value in average.module.state_dict().items():
        assert torch.equal(value, expected[name]), name
