"""What is added to the tasks' losses: penalties of the network's parts, consistency between tasks, deep supervision."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.losses import LossConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.losses.auxiliary_maps import auxiliary_map_losses
from napari_hicstruct.losses.consistency import Surroundings, block_loss, window_consistency
from napari_hicstruct.losses.gates import gate_consistency
from napari_hicstruct.losses.point import heatmap_focal
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.windows import Pass


def extra_losses(net: MultiTaskNet, near: Pass, far: Pass, config: TrainConfig) -> dict[str, Tensor]:
    """Weighted scalars by name; what is switched off is not there."""
    extras: dict[str, Tensor] = {}
    for part in (near, far):
        for name, value in part.trace.penalties.items():
            extras[name] = extras[name] + value if name in extras else value
    extras |= _consistency(net, near, far, config)
    extras |= _deep(net, near, far, config.losses)
    if weight := config.model.interaction_options.gate_consistency:
        extras["gates"] = weight * _gates(net, near, far)
    return extras


def _deep(net: MultiTaskNet, near: Pass, far: Pass, options: LossConfig) -> dict[str, Tensor]:
    """Deep supervision: what interactions predict at coarser scales, against the targets pooled to them.

    A coarser bin holds a loop, or a stripe, if any of its bins does; it counts where all of them are known.  Maps that
    follow from the input (padnet) are compared with it.
    """
    if not options.deep:
        return {}
    heads = {task.name: task.head for task in net.config.tasks}
    extras: dict[str, Tensor] = {}
    for part, end in ((near, "fine"), (far, "coarse")):
        for name, loss in auxiliary_map_losses(part.trace.live, part.context).items():
            extras[f"deep/{name}/{end}"] = options.deep * loss
        for (task, scale), output in part.trace.auxiliary.items():
            names = {"point": ("heat", "known"), "mask": ("mask", "mask_known")}.get(heads[task], ("", ""))
            if names[0] in part.sample:
                factor = part.context.factor(scale)
                target = functional.max_pool2d(part.sample[names[0]], factor)
                known = -functional.max_pool2d(-part.sample[names[1]], factor)
                compare = heatmap_focal if heads[task] == "point" else _mean_bce
                extras[f"deep/{task}/{scale}/{end}"] = options.deep * compare(output[:, 0], target, known)
    return extras


def _mean_bce(logit: Tensor, target: Tensor, known: Tensor) -> Tensor:
    loss = functional.binary_cross_entropy_with_logits(logit.float(), target, reduction="none") * known
    return loss.sum() / known.sum().clamp_min(1.0)


def _consistency(net: MultiTaskNet, near: Pass, far: Pass, config: TrainConfig) -> dict[str, Tensor]:
    options = config.losses.consistency
    points, masks = net.tasks_of("point"), net.tasks_of("mask")
    extras: dict[str, Tensor] = {}
    if options.corner or options.edge or options.symmetry:
        rows, cols = (None, None) if far.prior is None else far.context.boundaries("f2")
        around = Surroundings(rows, cols, far.distance("f2"), far.sample["known"])
        outputs = [{name: far.outputs[name] for name in names} for names in (points, masks)]
        extras |= window_consistency(outputs[0], outputs[1], around, options)
    if options.block:
        for name, pair in near.pairs.items():
            fine, coarse = (torch.sigmoid(pair[k][:, 0].float()) for k in ("fine", "coarse"))
            value = block_loss(fine, coarse, near.sample["coarse_known"], teacher=options.block_teacher)
            extras[f"block/{name}"] = options.block * value
    return extras


def _gates(net: MultiTaskNet, near: Pass, far: Pass) -> Tensor:
    """Gate consistency of the coarse and, where all tasks ran there, of the fine windows."""
    points, masks = net.tasks_of("point"), net.tasks_of("mask")
    values = [
        gate_consistency(part.trace.live, part.context, points=points, masks=masks, boundary=boundary)
        for boundary in net.tasks_of("boundary")
        for part in (near, far)
    ]
    return torch.stack(values).mean() if values else far.sample["x"].new_zeros(())
