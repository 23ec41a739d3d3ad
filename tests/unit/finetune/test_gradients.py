"""Gradient steps: a few on tiny windows, each way to learn; stop, cancel, early stop; an ordinary model comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from napari_hicstruct.annotations import Project
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.errors import Cancelled, ConfigError
from napari_hicstruct.jobs import CancelToken, Progress, drain
from napari_hicstruct.models.store import load_model
from napari_hicstruct.training import gradient_tuning
from napari_hicstruct.training.gradient_tuning import Speed, iter_tune, train_config
from napari_hicstruct.training.pool import iter_make_pool
from napari_hicstruct.workflows.finetune import iter_finetune
from napari_hicstruct.workflows.finetune.job import Live
from napari_hicstruct.workflows.finetune.learners import gradients
from napari_hicstruct.workflows.finetune.replay import pool_folder
from napari_hicstruct.workflows.models import find_model
from tests.unit.finetune.kit import GRADIENTS, POOL, left_behind, prepared


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Whatever is put into the temporary folder is gone at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(gradient_tuning, "_BATCHES", 1)
    yield folder
    assert not [p.name for p in folder.iterdir() if p.name.startswith("hicstruct-finetune-")]


def config(**changes: object) -> FinetuneConfig:
    return FinetuneConfig.model_validate(GRADIENTS.model_dump() | changes)


@pytest.mark.parametrize("trainable", ["decoders", "all", "adapters"])
def test_each_way_gives_an_ordinary_model(project: Project, monkeypatch: pytest.MonkeyPatch, trainable: str) -> None:
    folds = 2 if trainable == "adapters" else 0
    if not folds:
        monkeypatch.setattr(gradients, "MIN_VALIDATION_CORRECTIONS", 1)
    job = prepared(project, config(trainable=trainable, steps=2))
    steps: list[Progress] = []
    result = drain(iter_finetune(job), steps.append)
    net, _ = load_model(Path(result.model))
    old, new = load_model(Path(job.parent))[0].state_dict(), net.state_dict()
    assert old.keys() == new.keys()
    changed = {name.split(".")[0] for name in old if not torch.equal(old[name], new[name])}
    assert changed >= {"heads", "fine_heads"}
    assert ("encoder" in changed) is (trainable != "decoders")
    lives = [step.payload for step in steps if isinstance(step.payload, Live)]
    names = ["model", *(f"fold {k + 1} of 2" for k in range(folds))]
    assert list(dict.fromkeys(live.training for live in lives)) == names
    assert all(live.steps == 2 and 1 <= live.step <= 2 for live in lives)
    assert {"loop", "stripe", "tad"} <= {task for live in lives for task in live.losses}
    assert {"loop", "stripe", "tad"} <= {task for live in lives for task in live.validation}
    assert any(live.steps_per_second > 0 for live in lives)
    assert any(figure.on == "replay" for figure in result.figures)
    (ranking,) = (f for f in result.figures if (f.what, f.measure) == ("all", "ranking"))
    assert ranking.n > (40 if folds else 5)
    assert ("cross-validation" in ranking.on) is bool(folds)
    assert result.steps in (1, 2)


def run_until(job, where: str, act) -> tuple[object, list[Live]]:  # type: ignore[no-untyped-def]
    """Run; at the first step of a training whose name begins with ``where`` do ``act`` once."""
    lives: list[Live] = []

    def told(step: Progress) -> None:
        if isinstance(step.payload, Live):
            if step.payload.training.startswith(where) and not any(x.training.startswith(where) for x in lives):
                act()
            lives.append(step.payload)

    return drain(job, told), lives


def test_stop_keeps_the_best_and_compares_it_by_as_many_steps(project: Project) -> None:
    stop = CancelToken()
    job = prepared(project, config(steps=40))

    def told(step: Progress) -> None:
        if isinstance(step.payload, Live) and step.payload.validation:
            stop.cancel()  # after the first validation

    lives: list[Live] = []
    result = drain(
        iter_finetune(job, stop=stop),
        lambda s: (told(s), lives.append(s.payload) if isinstance(s.payload, Live) else None),
    )
    assert result.stopped
    assert result.steps == 10
    assert {live.steps for live in lives if live.training.startswith("fold")} == {10}
    assert max(live.step for live in lives if live.training == "model") == 10
    load_model(Path(result.model))


def test_stopped_before_anything_was_measured_nothing_is_learnt(project: Project) -> None:
    stop = CancelToken()
    result, lives = run_until(iter_finetune(prepared(project, config(steps=40)), stop=stop), "model", stop.cancel)
    assert (result.stopped, result.steps, result.taken) == (True, 0, False)  # type: ignore[attr-defined]
    assert "Nothing new" in result.reason  # type: ignore[attr-defined]
    assert {live.training for live in lives} == {"model"}
    assert left_behind(project.path.parent) == []


def test_cancelled_nothing_is_left_behind(project: Project) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        run_until(iter_finetune(prepared(project, config()), token=token), "fold 1", token.cancel)
    assert left_behind(project.path.parent) == []
    assert project.lineage.runs() == []


def test_closing_the_job_tidies_up(project: Project) -> None:
    job = iter_finetune(prepared(project, config()))
    while not isinstance(next(job).payload, Live):
        pass
    job.close()
    assert left_behind(project.path.parent) == []


# ---------------------------------------------------------------------- the training itself
def tune(tmp_path: Path, settings: FinetuneConfig, **more: object) -> tuple[dict[str, torch.Tensor], int, int]:
    """Best weights, their step, and the steps done."""
    net, _ = load_model(find_model("tiny").path)
    pool = drain(iter_make_pool(POOL, pool_folder(), token=CancelToken()))
    recipe, steps = train_config(net.config, settings, POOL, 50), []
    job = iter_tune(
        recipe, settings, net.state_dict(), (pool[:2], pool[2:]), tmp_path / "out",
        device="cpu", token=CancelToken(), **more,  # type: ignore[arg-type]
    )  # fmt: skip
    state, best = drain(job, steps.append)
    return state, best, max(int(step.done) for step in steps)


def test_it_stops_early_without_gain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_hicstruct.training import engine
    from napari_hicstruct.training.validate import Scores

    scores = iter([0.5, 0.4, 0.3, 0.9])
    monkeypatch.setattr(engine, "validate", lambda *_: Scores({"loop": 1.0}, {"loop": next(scores)}))
    _, best, done = tune(tmp_path, config(patience=2))
    assert (best, done) == (1, 3)
    scores = iter([0.5, 0.4, 0.3, 0.9])
    _, best, done = tune(tmp_path / "never", config(patience=0))
    assert (best, done) == (4, 4)


def test_batch_norm_stays_as_it_is() -> None:
    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.training.adapt import choose_trainable

    for what in ("all", "decoders", "adapters"):
        net = MultiTaskNet(ModelConfig(channels=(8,) * 5, interaction="xtam"))
        norms = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        assert norms
        choose_trainable(net, what)
        net.train()
        assert not any(norm.training for norm in norms)
        assert not any(p.requires_grad for norm in norms for p in norm.parameters())
        assert any(p.requires_grad for p in net.encoder.parameters()) is (what != "decoders")


def test_recipes_fit_the_model() -> None:
    model = load_model(find_model("tiny").path)[0].config
    recipe = train_config(model, FinetuneConfig(trainable="all"), POOL, 20)
    assert recipe.steps == 70
    assert recipe.learning_rate == pytest.approx(3e-4 * 0.2**0.5)
    assert recipe.model.windows.fine_size == 128
    assert train_config(model, FinetuneConfig(steps=3), POOL, 20).validate_every == 1
    wide = model.model_copy(update={"windows": model.windows.model_copy(update={"fine_margin": 40})})
    with pytest.raises(ConfigError, match="fine_size must be larger"):
        train_config(wide, FinetuneConfig(fine_size=64), POOL, 20)
    for bad in ({"fine_size": 100}, {"coarse_size": 90}, {"steps": -1}, {"trainable": "nothing"}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            FinetuneConfig.model_validate(bad)


def test_speed_counts_steps() -> None:
    speed = Speed()
    assert speed.step() > 0
