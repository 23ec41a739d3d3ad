"""Balancing: how much each task's loss weighs, fixed or learned on the way.

A balancer is called on every piece of a batch and called when a step is complete; its state is part of the checkpoint,
so a resumed run weighs as one that never stopped.  Weights multiply the task weights of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from napari_hicstruct.config.losses import LossConfig
from napari_hicstruct.config.segmentation import SegmentationLossConfig
from napari_hicstruct.errors import ConfigError

Options = LossConfig | SegmentationLossConfig
"""Of maps, or of pictures."""

Reduce = Callable[[Tensor], Tensor]
"""Mean of a tensor over devices."""


def one_device(value: Tensor) -> Tensor:
    """The mean over one device."""
    return value


class Balancer(nn.Module):
    """Fixed weights; base of the learned ones.

    Parameters
    ----------
    tasks : sequence of str
    task_weights : mapping of str to float
        Factors of the recipe, 1 where not given.
    """

    def __init__(self, tasks: Sequence[str], task_weights: Mapping[str, float]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.fixed = {task: float(task_weights.get(task, 1.0)) for task in tasks}

    def weigh(self, losses: Mapping[str, Tensor], shared: Sequence[Tensor] = ()) -> dict[str, Tensor]:
        """Each loss of one piece of a batch times its weight now, which is a constant here.

        Parameters
        ----------
        losses : mapping of str to Tensor
            Scalars by task; a task may be missing.
        shared : sequence of Tensor
            Weights that all tasks share, where gradient norms are measured (GradNorm: the last shared layer's).
        """
        return {task: self.fixed[task] * loss for task, loss in losses.items()}

    def end_step(self, reduce: Reduce = one_device) -> None:
        """Learn from the step whose pieces were all weighed; on every device, before the optimiser's step."""

    def own_parameters(self) -> list[nn.Parameter]:
        """What the optimiser learns, without weight decay; :meth:`end_step` leaves the gradients there."""
        return list(self.parameters())

    def current(self) -> dict[str, float]:
        """Weights by task, for the log."""
        return dict(self.fixed)

    def _by_task(self, weights: Tensor) -> dict[str, float]:
        return {task: self.fixed[task] * float(w) for task, w in zip(self.tasks, weights.detach(), strict=True)}


class _Measured(Balancer):
    """Weights that follow what was measured of the tasks; sums over a step's pieces live here."""

    def __init__(self, tasks: Sequence[str], task_weights: Mapping[str, float], window: int) -> None:
        super().__init__(tasks, task_weights)
        self.window = window
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.register_buffer("sums", torch.zeros(3, len(self.tasks)))  # losses, gradient norms, how many of either

    def weigh(self, losses: Mapping[str, Tensor], shared: Sequence[Tensor] = ()) -> dict[str, Tensor]:
        for task, loss in losses.items():
            k = self.tasks.index(task)
            self.sums[:, k] += torch.stack([loss.detach(), self._norm(loss, k, shared), self.sums.new_ones(())])
        weight = self.weight
        return {t: weight[self.tasks.index(t)] * self.fixed[t] * loss for t, loss in losses.items()}

    def _norm(self, loss: Tensor, k: int, shared: Sequence[Tensor]) -> Tensor:
        return self.sums.new_zeros(())

    def _means(self, reduce: Reduce) -> tuple[Tensor, Tensor, Tensor]:
        """Mean loss and norm by task since last asked, and which tasks were seen."""
        sums = reduce(self.sums.clone())
        self.sums.zero_()
        count = sums[2].clamp_min(1e-6)
        return sums[0] / count, sums[1] / count, sums[2] > 0

    def current(self) -> dict[str, float]:
        return self._by_task(self.weight)


class Uncertainty(_Measured):
    """``Σ ½·exp(-s_i)·L_i + ½·s_i`` with a learned log-variance ``s_i`` per task, from 0.

    The weights are ``½·exp(-s_i)``; the optimiser gets ``½ - ½·exp(-s_i)·L_i``, the slope along ``s_i``, with the mean
    loss over the step and all devices.  That is joint descent on the paper's sum, however the network's own gradients
    are taken (whole, task by task, by distance).

    Source: Kendall et al. 2018, "Multi-task learning using uncertainty to weigh losses".
    """

    def __init__(self, tasks: Sequence[str], task_weights: Mapping[str, float]) -> None:
        super().__init__(tasks, task_weights, window=1)
        self.log_variance = nn.Parameter(torch.zeros(len(self.tasks)))

    @property
    def weight(self) -> Tensor:
        """``½·exp(-s)``."""
        return 0.5 * torch.exp(-self.log_variance.detach())

    def end_step(self, reduce: Reduce = one_device) -> None:
        loss, _, seen = self._means(reduce)
        fixed = loss.new_tensor([self.fixed[task] for task in self.tasks])
        self.log_variance.grad = torch.where(seen, 0.5 - self.weight * fixed * loss, 0.0)


class GradNorm(_Measured):
    """Weights that bring the tasks' gradient norms ``G_i = w_i·‖∇L_i‖`` to ``Ḡ·r_i^α`` on the last shared layer.

    ``r_i`` is the share of its first loss that task i still has, relative to the mean over tasks.  One step goes down
    ``Σ|G_i - Ḡ·r_i^α|`` (the target held fixed), by ``rate / Ḡ`` so that it does not depend on the losses' scale; then
    weights sum to the number of tasks again.  The first loss is the mean of the first ``window`` steps, in which
    weights stay 1: one batch without loops would else rule the run.

    Source: Chen et al. 2018, "GradNorm", eq. 1–2 and algorithm 1.
    """

    def __init__(self, tasks: Sequence[str], task_weights: Mapping[str, float], config: Options) -> None:
        super().__init__(tasks, task_weights, config.balance_window)
        self.alpha, self.rate = config.gradnorm_alpha, config.gradnorm_rate
        self.register_buffer("weight", torch.ones(len(self.tasks)))
        self.register_buffer("first", torch.zeros(2, len(self.tasks)))  # sums of losses, steps

    def _norm(self, loss: Tensor, k: int, shared: Sequence[Tensor]) -> Tensor:
        weighted = self.fixed[self.tasks[k]] * loss
        gradients = torch.autograd.grad(weighted, list(shared), retain_graph=True, allow_unused=True)
        squares = [g.detach().float().square().sum() for g in gradients if g is not None]
        if not squares:
            raise ConfigError(
                f"balancing 'gradnorm' needs weights that all tasks share, and '{self.tasks[k]}' does not reach them.",
                hint="Choose another balancing, or a selector that does not detach the encoder.",
            )
        return torch.stack(squares).sum().sqrt()

    def end_step(self, reduce: Reduce = one_device) -> None:
        loss, norm, seen = self._means(reduce)
        self.steps += 1
        if self.steps <= self.window:
            self.first += torch.stack([loss, seen.to(loss)])
            return
        if not seen.all() or not (self.first[1] > 0).all():
            return
        left = loss * self.first[1] / self.first[0].clamp_min(1e-12)
        scaled = self.weight * norm
        mean = scaled.mean().clamp_min(1e-12)
        slope = norm / mean * torch.sign(scaled - mean * (left / left.mean()) ** self.alpha)
        weight = (self.weight - self.rate * slope).clamp_min(1e-3)
        self.weight.copy_(len(self.tasks) * weight / weight.sum())


class DynamicAverage(_Measured):
    """``w_i = T·softmax(r_i / τ)`` with ``r_i`` the ratio of task i's mean loss in the last two windows of steps.

    Source: Liu et al. 2019, "End-to-end multi-task learning with attention", eq. 7; windows of steps are the epochs.
    """

    def __init__(self, tasks: Sequence[str], task_weights: Mapping[str, float], config: Options) -> None:
        super().__init__(tasks, task_weights, config.balance_window)
        self.temperature = config.dwa_temperature
        self.register_buffer("weight", torch.ones(len(self.tasks)))
        self.register_buffer("last", torch.full((len(self.tasks),), torch.nan))

    def end_step(self, reduce: Reduce = one_device) -> None:
        self.steps += 1
        if self.steps % self.window:
            return
        loss, _, seen = self._means(reduce)
        ratio = loss / self.last
        if seen.all() and torch.isfinite(ratio).all():
            self.weight.copy_(len(self.tasks) * torch.softmax(ratio / self.temperature, 0))
        self.last.copy_(torch.where(seen, loss, self.last))


def make_balancer(config: Options, tasks: Sequence[str], task_weights: Mapping[str, float]) -> Balancer:
    """The balancer that ``config.balancing`` names."""
    if config.balancing == "uncertainty":
        return Uncertainty(tasks, task_weights)
    if config.balancing == "gradnorm":
        return GradNorm(tasks, task_weights, config)
    if config.balancing == "dwa":
        return DynamicAverage(tasks, task_weights, config)
    return Balancer(tasks, task_weights)
