"""What is added to the tasks' losses: penalties of the network's parts, consistency between tasks, deep supervision."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.losses import ConsistencyConfig, LossConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.losses.auxiliary_maps import auxiliary_map_losses
from napari_hicstruct.losses.consistency import (
    MIN_DOMAIN_BP,
    Surroundings,
    anchor_evidence,
    anchor_loss,
    block_loss,
    pair_loss,
    stripe_evidence,
    window_consistency,
)
from napari_hicstruct.losses.gates import gate_consistency
from napari_hicstruct.losses.point import heatmap_focal
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.paired import block
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
        outputs = [{name: far.outputs[name] for name in names} for names in (points, masks)]
        extras |= window_consistency(outputs[0], outputs[1], _surroundings(far), options)
        if options.fine:
            own = {name: pair["fine"] for name, pair in near.pairs.items()}
            terms = window_consistency(own, {}, _surroundings(near), options)
            extras |= {f"{name}/fine": value for name, value in terms.items()}
    if options.block:
        for name, pair in near.pairs.items():
            fine, coarse = (torch.sigmoid(pair[k][:, 0].float()) for k in ("fine", "coarse"))
            value = block_loss(fine, coarse, near.sample["coarse_known"], teacher=options.block_teacher)
            extras[f"block/{name}"] = options.block * value
    return extras


def _surroundings(part: Pass) -> Surroundings:
    rows, cols = (None, None) if part.prior is None else part.context.boundaries(part.finest)
    return Surroundings(rows, cols, part.distance(part.finest), part.sample["known"])


def pair_losses(near: Pass, far: Pass, pairs: Tensor, options: ConsistencyConfig) -> dict[str, Tensor]:
    """Weighted losses of fine and coarse windows over one place, ``pair/<task>``; ``pairs``: see ``paired.around``."""
    extras: dict[str, Tensor] = {}
    for name, pair in near.pairs.items():
        fine = torch.sigmoid(pair["fine"][pairs[:, 0], 0].float())
        size = fine.shape[-1] // 2
        coarse = block(torch.sigmoid(far.outputs[name][:, 0].float()), pairs, size)
        known = near.sample["coarse_known"][pairs[:, 0]] * block(far.sample["known"], pairs, size)
        extras[f"pair/{name}"] = options.pair * pair_loss(fine, coarse, known)
    return extras


def anchor_losses(
    net: MultiTaskNet, far: Pass, strips: dict[str, Tensor], strip: dict[str, Tensor], options: ConsistencyConfig
) -> dict[str, Tensor]:
    """Weighted losses of boundaries at anchors, ``anchors/<task>``, in the tile of a strip that gets gradients."""
    margin, tile = net.config.windows.coarse_margin, far.sample["x"].shape[-1]
    inner = slice(margin, tile - margin)
    pixels = (far.distance("f2")[0, 0] >= MIN_DOMAIN_BP).float() * far.sample["known"][0]
    evidence = [
        anchor_evidence(torch.sigmoid(far.outputs[name][0, 0].float()), pixels) for name in net.tasks_of("point")
    ]
    for name in net.tasks_of("mask"):
        mask, along = torch.sigmoid(far.outputs[name][0, :2].float())
        evidence.append(stripe_evidence(mask, along, pixels))
    first = int(strip["chosen"][0]) * (tile - 2 * margin)
    bins = slice(first, first + tile - 2 * margin)
    found, unlabelled = torch.stack(evidence).amax(0)[inner], strip["unlabelled"][0, bins]
    return {
        f"anchors/{task}": options.anchors
        * anchor_loss(torch.sigmoid(logits[0, bins].float()), found, unlabelled, margin=options.margin)
        for task, logits in strips.items()
    }


def _gates(net: MultiTaskNet, near: Pass, far: Pass) -> Tensor:
    """Gate consistency of the coarse and, where all tasks ran there, of the fine windows."""
    points, masks = net.tasks_of("point"), net.tasks_of("mask")
    values = [
        gate_consistency(part.trace.live, part.context, points=points, masks=masks, boundary=boundary)
        for boundary in net.tasks_of("boundary")
        for part in (near, far)
    ]
    return torch.stack(values).mean() if values else far.sample["x"].new_zeros(())
