"""What goes wrong while training: memory, killed processes, impossible recipes; and many devices equal one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
import yaml

from napari_hicstruct.config import load_config
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.config.training import PoolConfig, TrainConfig
from napari_hicstruct.errors import ConfigError, JobError, ModelError
from napari_hicstruct.jobs import Progress, drain
from napari_hicstruct.training import checkpoint, engine, state
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.training.update import cut, out_of_memory
from napari_hicstruct.workflows.train import iter_train_model, iter_train_stages
from tests.unit.model.model_kit import SMALL

SETTINGS = SimulationConfig(length=2_000_000, max_distance=500_000, n_steps=1000, n_snapshots=8)
CONFIG = TrainConfig(
    name="faulty",
    model=SMALL.model_copy(update={"max_distance": 400_000}),
    train=PoolConfig(extrusion=1, settings=SETTINGS),
    validation=PoolConfig(extrusion=1, first_seed=900_000, settings=SETTINGS),
    steps=4,
    batches=2,
    coarse_size=72,
    strip_tiles=2,
    steps_per_draw=2,
    maps_per_draw=1,
    warmup=1,
    depth=(100.0, 200.0),
    validate_every=4,
    checkpoint_every=1,
    bf16=False,
)


@pytest.fixture(scope="module", autouse=True)
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("maps")
        patch.setenv("HICSTRUCT_POOL", str(folder))
        patch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)
        yield folder


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        last = config.steps
        return iter(SampleStream(config, paths, first_step=first, last_step=last, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)


def weights(out: Path) -> dict[str, torch.Tensor]:
    return dict(checkpoint.load_checkpoint(out / state.CHECKPOINT)["net"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, pool: Path) -> Path:
    """A run on one device that nothing disturbed, with its own worker process."""
    out = tmp_path_factory.mktemp("whole")
    drain(iter_train_model(CONFIG, out, device="cpu"))
    return out


def _write(config: TrainConfig, path: Path) -> Path:
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    return path


def _command(recipe: Path, out: Path, *words: str) -> list[str]:
    start = "from napari_hicstruct.cli.main import run; run()"
    return [sys.executable, "-c", start, "train", str(recipe), "-o", str(out), "--device", "cpu", "--quiet", *words]


def test_two_processes_give_what_one_gives(whole: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"  # further devices run the same script again
    script.write_text("from napari_hicstruct.cli.main import run\nif __name__ == '__main__':\n    run()\n")
    recipe, out = _write(CONFIG, tmp_path / "recipe.yaml"), tmp_path / "two"
    words = ["train", str(recipe), "-o", str(out), "--device", "cpu", "--quiet", "--devices", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), *words]
    done = subprocess.run(command, check=True, env=environment, timeout=240, capture_output=True, text=True)
    assert done.stdout.count("sha256") == 1
    assert "is not a model folder" not in done.stderr
    two = weights(out)
    for name, value in weights(whole).items():
        torch.testing.assert_close(two[name], value, atol=2e-4, rtol=1e-3, msg=lambda text, n=name: f"{n}: {text}")


def test_two_nodes_give_what_one_gives(whole: Path, tmp_path: Path) -> None:
    recipe, out = _write(CONFIG, tmp_path / "recipe.yaml"), tmp_path / "nodes"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = _command(recipe, out, "--nodes", "2")
    nodes = [
        subprocess.Popen(
            command, env=os.environ | own | {"NODE_RANK": str(k)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for k in range(2)
    ]
    said = [node.communicate(timeout=240) for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], said
    assert [b"sha256" in out for out, _ in said] == [True, False], "one of them prints for all"
    two = weights(out)
    for name, value in weights(whole).items():
        torch.testing.assert_close(two[name], value, atol=2e-4, rtol=1e-3, msg=lambda text, n=name: f"{n}: {text}")


def test_nodes_that_nobody_named_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NODE_RANK", raising=False)
    with pytest.raises(ConfigError, match=r"2 nodes does not know which of them this is.*srun"):
        drain(iter_train_model(CONFIG, tmp_path / "out", device="cpu", nodes=2))
    assert not (tmp_path / "out").exists()


def test_a_run_killed_outright_goes_on_to_the_same_weights(whole: Path, tmp_path: Path) -> None:
    recipe, out = _write(CONFIG, tmp_path / "recipe.yaml"), tmp_path / "killed"
    with subprocess.Popen(_command(recipe, out), start_new_session=True) as process:
        last = out / state.CHECKPOINT
        deadline = time.monotonic() + 120
        while not last.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    assert 1 <= checkpoint.load_checkpoint(last)["step"] <= CONFIG.steps
    drain(iter_train_model(CONFIG, out, device="cpu"))
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(out)[name], value, atol=1e-6, rtol=1e-5)


def test_a_killed_worker_is_started_again_and_nothing_is_lost(whole: Path, tmp_path: Path) -> None:
    said, killed = [], []

    def kill(step: Progress) -> None:
        said.append(step.message)
        if step.stage == "train" and step.done == 1 and not killed:
            killed.extend(child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline()))
            for child in killed:
                child.kill()

    long = CONFIG.model_copy(update={"steps": 40, "validate_every": 40})
    drain(iter_train_model(long, tmp_path / "long", device="cpu"), kill)
    assert killed
    assert any("was killed at step" in message for message in said)
    assert checkpoint.load_checkpoint(tmp_path / "long" / state.CHECKPOINT)["step"] == 40


@pytest.mark.usefixtures("in_process")
def test_a_worker_that_dies_again_and_again_ends_the_run_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> Iterator[engine.Batch]:
        raise RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly")
        yield

    monkeypatch.setattr(engine, "_stream", dies)
    with pytest.raises(JobError, match=r"killed 4 times.*Free memory"):
        drain(iter_train_model(CONFIG, tmp_path, device="cpu"))


def test_a_damaged_region_is_one_sentence_also_out_of_the_worker(pool: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged.zarr").mkdir()
    stream = engine._stream(CONFIG, [tmp_path / "damaged.zarr"], 0, slice(None))
    error = next(stream)
    assert isinstance(error, ModelError)
    assert "damaged.zarr" in str(error)
    assert "Traceback" not in str(error)


def test_a_worker_s_own_error_is_no_death() -> None:
    assert engine._worker_died(RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."))
    assert engine._worker_died(ConnectionResetError(104, "Connection reset by peer"))
    assert not engine._worker_died(FileNotFoundError("Caught FileNotFoundError in DataLoader worker process 0."))
    assert not engine._worker_died(RuntimeError("Caught RuntimeError in DataLoader worker process 0."))
    assert not engine._worker_died(PermissionError("no"))


@pytest.mark.usefixtures("in_process")
def test_out_of_memory_halves_the_batch_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sizes = state.batch_losses, []

    def hungry(net: object, batch: engine.Batch, config: object) -> object:
        sizes.append(len(batch["fine"]["x"]))
        if torch.is_grad_enabled() and sizes[-1] > 1:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return real(net, batch, config)  # type: ignore[arg-type]

    monkeypatch.setattr(state, "batch_losses", hungry)
    said = [p.message for p in iter_train_model(CONFIG, tmp_path, device="cpu") if "Out of memory" in p.message]
    assert said == ["Out of memory at step 0: batches are cut into 2 pieces from here on."]
    assert checkpoint.load_checkpoint(tmp_path / state.CHECKPOINT)["parts"] == 2


@pytest.mark.usefixtures("in_process")
def test_out_of_memory_with_the_smallest_pieces_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(net: object, batch: object, config: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(state, "batch_losses", starved)
    with pytest.raises(JobError, match=r"out of memory at step 0, even with batches in 2 pieces.*Give smaller windows"):
        drain(iter_train_model(CONFIG, tmp_path, device="cpu"))


def test_only_errors_of_memory_are_taken_for_such() -> None:
    assert out_of_memory(torch.OutOfMemoryError("x"))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_pieces_of_a_batch_hold_every_window_once(pool: Path) -> None:
    paths = sorted(pool.glob("extrusion-1-*.npz"))
    batch = next(iter(SampleStream(CONFIG, paths, first_step=0, last_step=1, seed=1)))
    pieces = cut(batch, 2)
    for kind in ("fine", "coarse"):
        assert torch.equal(torch.cat([piece[kind]["x"] for piece in pieces]), batch[kind]["x"])
    assert ["strip" in piece for piece in pieces] == [True, False]


@pytest.mark.usefixtures("in_process")
def test_batches_of_unlike_numbers_are_cut_as_far_as_both_kinds_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, real, tried = CONFIG.model_copy(update={"fine_batch": 5, "off_diagonal_batch": 2}), state.batch_losses, []

    def hungry(net: object, batch: engine.Batch, config: object) -> object:
        tried.append((len(batch["fine"]["x"]), len(batch["coarse"]["x"])))
        if torch.is_grad_enabled() and tried[-1][0] > 2:
            raise torch.OutOfMemoryError("out of memory")
        return real(net, batch, config)  # type: ignore[arg-type]

    monkeypatch.setattr(state, "batch_losses", hungry)
    drain(iter_train_model(config, tmp_path, device="cpu"))
    assert tried[:5] == [(5, 3), (3, 2), (2, 1), (2, 1), (1, 1)]
    assert checkpoint.load_checkpoint(tmp_path / state.CHECKPOINT)["parts"] == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepz": 3}, "unknown key 'stepz'"),
        ({"model": {"encoder": "vit"}}, "encoder 'vit'"),
        ({"model": {"interaction": "band_exchange"}}, "boundary_prior.kind"),
        ({"task_weights": {"loops": 1.0}}, "task_weights names 'loops'"),
        ({"coarse_size": 100}, "coarse_size"),
        ({"start_from": "no-such-model"}, "no-such-model"),
        ({"task_from": {"loop": "no-such-model"}}, "no-such-model"),
        ({"task_from": {"loops": "default"}}, "task_from names 'loops'"),
        ({"train": {"extrusion": 0}}, "train.extrusion"),
    ],
)
def test_an_impossible_recipe_is_refused_before_anything_starts(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(changes), encoding="utf-8")
    with pytest.raises(Exception, match=message):
        drain(iter_train_model(load_config(TrainConfig, path), tmp_path / "out", device="cpu"))
    assert not (tmp_path / "out").exists()


def test_batches_that_devices_cannot_share_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'batches': 2 cannot be shared by 3 devices"):
        drain(iter_train_model(CONFIG, tmp_path / "out", device="cpu", devices=3))


@pytest.mark.usefixtures("in_process")
def test_stages_follow_each_other_and_the_card_tells_the_lineage(tmp_path: Path) -> None:
    import json

    first = CONFIG.model_copy(update={"name": "first"})
    wider = SMALL.model_copy(
        update={"boundary_prior": SMALL.boundary_prior.model_copy(update={"kind": "band"}), "max_distance": 400_000}
    )
    second = CONFIG.model_copy(update={"name": "second", "model": wider, "steps": 1, "learning_rate": 0.0})
    folder = drain(iter_train_stages([first, second], tmp_path, device="cpu"))
    before = weights(tmp_path / "0-first")
    after, average = weights(folder.parent), checkpoint.load_checkpoint(tmp_path / "0-first" / state.BEST)["net"]
    assert any(name.startswith("boundary_prior.") for name in after)
    for name in before:
        assert torch.equal(after[name], average[name]), name
    card = json.loads((folder / "model.json").read_text())["card"]
    assert card["parent"]["name"] == "first"
    assert card["lineage"][0].startswith("first 0.1 (")
