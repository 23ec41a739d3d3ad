"""A training run between two steps: network, optimiser, average, counters; started, saved and taken up again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.balance import Balancer, make_balancer
from napari_hicstruct.training.checkpoint import load_checkpoint, save_checkpoint
from napari_hicstruct.training.log import cut_log
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.step import batch_losses

CHECKPOINT, BEST = "last.ckpt", "best.ckpt"


class LossModule(nn.Module):
    """The network with its losses as one forward pass, which is what several devices can share.

    Of maps; ``segmentation/step.py`` has the one of pictures.
    """

    def __init__(self, net: MultiTaskNet, config: Any) -> None:
        super().__init__()
        self.net, self.config = net, config

    def forward(self, batch: Batch) -> dict[str, dict[Any, Tensor]]:
        """``tasks``, ``extras`` and ``rows`` of :class:`~napari_hicstruct.training.step.Losses`."""
        losses = batch_losses(self.net, batch, self.config)
        return {"tasks": losses.tasks, "extras": losses.extras, "rows": losses.rows}

    def shared(self) -> list[nn.Parameter]:
        """Weights that every task reads: the encoder and its attention."""
        return [*self.net.encoder.parameters(), *self.net.attention.parameters()]

    def last_shared(self) -> list[nn.Parameter]:
        """The last convolution that every task reads, at f5: where GradNorm measures."""
        return [p for p in self.net.encoder.parameters() if p.ndim == 4][-1:]


@dataclass(slots=True)
class Run:
    """One run in memory.

    Attributes
    ----------
    module : the wrapped :class:`LossModule`
    net : MultiTaskNet
        The bare network inside it.
    step : int
        Steps done.
    parts : int
        Pieces a batch is cut into because the whole did not fit into memory.
    """

    fabric: Fabric
    module: Any
    net: MultiTaskNet
    optimizer: Any
    average: AveragedModel
    balancer: Balancer
    step: int = 0
    best: float = -math.inf
    since_best: int = 0
    parts: int = 1
    said: list[str] = field(default_factory=list)

    @property
    def leads(self) -> bool:
        """True in the one process that writes."""
        return bool(self.fabric.is_global_zero)


def open_fabric(device: str, devices: int = 1, nodes: int = 1) -> Fabric:
    """Devices to train on; with several, further processes of the same command are started (DDP).

    On several machines the command is started once on each, by SLURM (one task for each device) or by hand, and each
    reads from the environment which it is: ``NODE_RANK``, ``MASTER_ADDR``, ``MASTER_PORT``.
    """
    if devices * nodes == 1:
        return Fabric(accelerator=device, devices=1)
    fabric = Fabric(accelerator=device, devices=devices, num_nodes=nodes, strategy="ddp_find_unused_parameters_true")
    fabric.launch()
    return fabric


def parameter_groups(net: MultiTaskNet, balancer: Balancer) -> list[dict[str, Any]]:
    """Parameter groups: interactions may learn faster than the rest (cross-stitch, NDDR: × 100).

    Those that do are not decayed: decay goes with the learning rate, and × 100 would pull mixtures to 0 in a few
    hundred steps.
    """
    own = {id(p) for p in net.interaction.parameters()}
    groups = [{"params": [p for p in net.parameters() if id(p) not in own and p.requires_grad], "scale": 1.0}]
    for scale, weights in net.interaction.parameter_groups():
        weights = [p for p in weights if p.requires_grad]
        groups.append({"params": weights, "scale": scale} | ({"weight_decay": 0.0} if scale > 1 else {}))
    if balancer.own_parameters():
        groups.append({"params": balancer.own_parameters(), "scale": 1.0, "weight_decay": 0.0})
    return groups


def tasks_of(config: TrainConfig | SegmentationConfig) -> list[str]:
    """Names of what is balanced: the model's tasks, or the reconstruction alone."""
    return ["reconstruction"] if config.objective == "reconstruction" else [task.name for task in config.model.tasks]


def start_run(
    config: TrainConfig | SegmentationConfig,
    out: Path,
    fabric: Fabric,
    weights: dict[str, Tensor] | None = None,
    prepare: Callable[[MultiTaskNet], None] | None = None,
    module: type[LossModule] = LossModule,
) -> Run:
    """A new run (from ``weights`` where given), or the one that stopped in ``out``; ``prepare`` may freeze parts."""
    fabric.seed_everything(config.seed, verbose=False)
    net = MultiTaskNet(config.model).to(memory_format=torch.channels_last)
    if weights is not None:
        take_weights(net, weights)
    if prepare is not None:
        prepare(net)
    balancer = make_balancer(config.losses, tasks_of(config), config.task_weights)
    groups = parameter_groups(net, balancer)
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    run = Run(fabric, None, net, optimizer, weight_average(net, config.average), balancer)
    saved = load_checkpoint(out / CHECKPOINT) if (out / CHECKPOINT).exists() else None
    if saved is not None:
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        run.average.module.load_state_dict(saved["average"])
        run.average.n_averaged.fill_(1 + saved["step"])
        balancer.load_state_dict(saved["balancer"])
        run.step, run.best, run.since_best, run.parts = (saved[k] for k in ("step", "best", "since_best", "parts"))
    if run.leads:
        cut_log(out, run.step)
    run.module, run.optimizer = fabric.setup(module(net, config), optimizer)
    balancer.to(fabric.device)
    run.average.to(fabric.device)
    return run


def weight_average(net: nn.Module, decay: float) -> AveragedModel:
    """Exponential moving average of weights and statistics: steadier than the last step's, validated and shipped.

    ``decay``: share kept per step; ramps up from 0 so that the first steps are soon forgotten.
    """

    def mean(average: Tensor, value: Tensor, steps: Tensor | int) -> Tensor:
        if not value.is_floating_point():
            return value
        return average.lerp(value, 1 - min(decay, int(steps) / (9 + int(steps))))

    averaged = AveragedModel(net, avg_fn=mean, use_buffers=True)
    averaged.n_averaged.fill_(1)  # the network that a run starts from counts, too
    return averaged


def take_weights(net: MultiTaskNet, weights: dict[str, Tensor]) -> list[str]:
    """Start from another network's weights; gives the names that are new here and keep their first values.

    Raises
    ------
    ConfigError
        If the encoders do not fit: nothing useful would be taken over.
    """
    own = net.state_dict()
    fits = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    lost = sorted(name for name in own if name.startswith("encoder.") and name not in fits)
    if lost:
        raise ConfigError(
            f"the weights to start from have another encoder ('{lost[0]}' does not fit).",
            hint="Give the same encoder, channels and inputs in 'model', or start without.",
        )
    net.load_state_dict(own | fits)
    return sorted(set(own) - set(fits))


def save_run(run: Run, out: Path) -> None:
    """Write the checkpoint to go on from, unless the weights have left the numbers: the one before is kept then."""
    if not run.leads or not all(bool(torch.isfinite(p).all()) for p in run.net.parameters()):
        return
    state = {
        "net": run.net.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "average": run.average.module.state_dict(),
        "balancer": run.balancer.state_dict(),
        "step": run.step,
        "best": run.best,
        "since_best": run.since_best,
        "parts": run.parts,
    }
    save_checkpoint(out / CHECKPOINT, state)
