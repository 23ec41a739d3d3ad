"""Fitting a function: resumed to the step, best kept, NaN, stop, cancel, full disk."""

from __future__ import annotations

import errno
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from napari_hicstruct.errors import Cancelled, OutputError
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.label_repair.fitting import Batch, Schedule, iter_fit
from napari_hicstruct.training import checkpoint
from tests.unit.repair.repair_kit import context, finish

SCHEDULE = Schedule(steps=24, learning_rate=0.05, final_rate=0.1, validate_every=4, checkpoint_every=6)


class Line(nn.Module):
    """One slope, and its squared error as a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.slope * x - y).square().mean()


class LineProblem:
    """Fit y = 2 x; validation scores and a step of NaN can be given."""

    def __init__(self, scores: list[float] | None = None, nan_at: int | None = None) -> None:
        self.module = Line()
        self.scores, self.nan_at, self.drawn = scores, nan_at, []

    def batch(self, step: int) -> Batch:
        self.drawn.append(step)
        x = torch.randn(2, 8, generator=torch.Generator().manual_seed(step))
        return x, 2 * x * (math.nan if step == self.nan_at else 1)

    def validate(self, module: nn.Module, device: torch.device) -> float:
        if self.scores is not None:
            return self.scores.pop(0)
        return 1 - abs(float(self.module.slope.detach()) - 2) / 2


def slope(problem: LineProblem) -> float:
    return float(problem.module.slope.detach())


def test_the_rate_falls_from_the_first_to_the_last_step() -> None:
    rates = [SCHEDULE.rate(step) for step in range(24)]
    assert (rates[0], rates[-1]) == (pytest.approx(0.05), pytest.approx(0.005))
    assert rates == sorted(rates, reverse=True)


def test_every_step_is_reported_and_validation_when_it_is_due() -> None:
    problem = LineProblem()
    steps = list(iter_fit(problem, SCHEDULE, context()))
    assert [one.step for one in steps] == list(range(1, 25))
    assert [one.step for one in steps if one.dice is not None] == [4, 8, 12, 16, 20, 24]
    assert all(one.loss is not None for one in steps if one.dice is not None)


def test_a_run_cancelled_anywhere_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = LineProblem()
    fit = finish(iter_fit(whole, SCHEDULE, context()))
    token, path = CancelToken(), tmp_path / "fit.ckpt"
    steps = iter_fit(LineProblem(), SCHEDULE, context(token), path)
    for _ in range(11):
        next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        next(steps)
    resumed = LineProblem()
    again = finish(iter_fit(resumed, SCHEDULE, context(), path))
    assert resumed.drawn == list(range(11, 24)), "nothing is done twice, nothing left out"
    assert slope(resumed) == slope(whole)
    assert again.best_dice == fit.best_dice


def test_a_run_killed_outright_goes_on_at_its_last_checkpoint(tmp_path: Path) -> None:
    whole, path = LineProblem(), tmp_path / "fit.ckpt"
    finish(iter_fit(whole, SCHEDULE, context()))
    steps = iter_fit(LineProblem(), SCHEDULE, context(), path)
    for _ in range(16):
        next(steps)
    steps.close()
    resumed = LineProblem()
    finish(iter_fit(resumed, SCHEDULE, context(), path))
    assert resumed.drawn[0] == 12
    assert slope(resumed) == slope(whole)


def test_what_has_ended_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / "fit.ckpt"
    first = LineProblem()
    finish(iter_fit(first, SCHEDULE, context(), path))
    second = LineProblem()
    assert finish(iter_fit(second, SCHEDULE, context(), path)).step == 24
    assert second.drawn == []
    assert slope(second) == slope(first)


def test_the_best_validation_is_kept_not_the_last() -> None:
    problem = LineProblem(scores=[0.1, 0.9, 0.3, 0.9, 0.2, 0.4])
    steps = iter_fit(problem, SCHEDULE, context())
    for _ in range(8):
        next(steps)
    best = slope(problem)
    fit = finish(steps)
    assert (fit.best_dice, slope(problem)) == (0.9, best)


@pytest.mark.parametrize(("nan_at", "best"), [(13, True), (1, False)])
def test_nan_in_the_loss_ends_the_fit_and_keeps_the_best(nan_at: int, best: bool, tmp_path: Path) -> None:
    problem, path = LineProblem(nan_at=nan_at), tmp_path / "fit.ckpt"
    fit = finish(iter_fit(problem, SCHEDULE, context(), path))
    assert fit.ended == "nan"
    assert fit.step < 24
    assert math.isfinite(slope(problem))
    assert (fit.best_dice > 0) == best
    again = LineProblem(nan_at=nan_at)
    assert finish(iter_fit(again, SCHEDULE, context(), path)).ended == "nan"
    assert again.drawn == [], "the same points would give NaN once more"


def test_stop_ends_the_fit_with_the_best_and_it_can_go_on(tmp_path: Path) -> None:
    stop, path, problem = CancelToken(), tmp_path / "fit.ckpt", LineProblem()
    steps = iter_fit(problem, SCHEDULE, context(stop=stop), path)
    next(steps)
    stop.cancel()
    fit = finish(steps)
    assert (fit.ended, fit.step) == ("stopped", 2)
    assert fit.best_dice > 0
    resumed = LineProblem()
    assert finish(iter_fit(resumed, SCHEDULE, context(), path)).ended == ""
    assert resumed.drawn[0] == 2


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fit.ckpt"
    steps = iter_fit(LineProblem(), SCHEDULE, context(), path)
    for _ in range(7):
        next(steps)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", full)
    with pytest.raises(OutputError, match=r"checkpoint could not be written.*Free some disk.*The last one is whole"):
        finish(steps)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
