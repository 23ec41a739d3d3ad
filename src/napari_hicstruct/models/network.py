"""The multitask network: encoder → attention → selector → decoders, exchanging at each scale → heads."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig, TaskConfig
from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.models import registry
from napari_hicstruct.models.blocks import Decoder
from napari_hicstruct.models.context import BoundaryPrior, Trace, WindowContext
from napari_hicstruct.models.gating.cell_gate import CellGateSelector
from napari_hicstruct.models.position import PositionEncoding
from napari_hicstruct.models.reconstruction import ReconstructionHead
from napari_hicstruct.models.strip import unfold_diagonal
from napari_hicstruct.models.tad_prior import TadPrior

SUPPORT_BATCH = 4
"""Windows that are read at once to describe a map."""


def _check_names(config: ModelConfig) -> None:
    if taken := [task.name for task in config.tasks if hasattr(nn.ModuleDict(), task.name)]:
        hint = "Give the task another name."
        raise ConfigError(f"key 'model.tasks': PyTorch keeps the name '{taken[0]}' for itself.", hint=hint)


class MultiTaskNet(nn.Module):
    """Everything between input channels and logits; tasks are configuration, none is hard-coded."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        _check_names(config)
        self.config = config
        find = registry.resolve
        self.encoder = find(registry.ENCODERS, config.encoder, "encoder")(config.in_channels, config.channels)
        self.position = PositionEncoding(config) if config.position else None
        self.attention = find(registry.ATTENTIONS, config.attention.kind, "attention")(config)
        self.selector = find(registry.SELECTORS, config.selector, "selector")(config)
        self.interaction = find(registry.INTERACTIONS, config.interaction, "interaction")(config)
        self.boundary_prior = find(registry.BOUNDARY_PRIORS, config.boundary_prior.kind, "boundary prior")(config)
        self.decoders = nn.ModuleDict(
            {task.name: Decoder(config.channels, task.widths, fine=task.fine) for task in config.tasks}
            if not self.selector.decodes
            else {}
        )
        self.heads = nn.ModuleDict({task.name: self._head(task, task.widths[2]) for task in config.tasks})
        fine = [task for task in config.tasks if task.fine]
        self.fine_heads = nn.ModuleDict({task.name: self._head(task, config.channels[0]) for task in fine})
        self.tad_prior = TadPrior(config) if config.tad_prior else None
        self.reconstruction = ReconstructionHead(config) if config.reconstruction else None

    def _head(self, task: TaskConfig, width: int) -> nn.Module:
        local = task.head == "boundary" and not self.config.band_branch
        kind = registry.resolve(registry.HEADS, "boundary_window" if local else task.head, "head")
        if task.head == "boundary":
            return kind(self.config.in_channels, width, self.config.strip_channels, self.config.windows.strip_diagonals)
        return kind(width, task.outputs) if task.head == "segmentation" else kind(width)

    def tasks_of(self, head: str) -> list[str]:
        """Names of the tasks whose head is ``head``."""
        return [task.name for task in self.config.tasks if task.head == head]

    def adapt(self, windows: Tensor | None) -> None:
        """Let unlabelled windows ``(k, C, S, S)`` of a map at coarse bins set the gate; None: back to none.

        They are read without gradient: what describes a map does not bend what reads it.

        Raises
        ------
        ModelError
            If the network has no gate of maps.
        """
        if not isinstance(self.selector, CellGateSelector):
            raise ModelError("cannot adapt to a map: it has no gate.", hint="Train one with model.selector: cell_gate.")
        if windows is None:
            self.selector.factors = {}
            return
        with torch.no_grad():  # a few at a time: features of all would take hundreds of MB
            parts = [self.selector.describe(self.encoder.coarse(x), x) for x in windows.split(SUPPORT_BATCH)]
        self.selector.open(torch.cat(parts))

    def fine(
        self, x: Tensor, tasks: Iterable[str], *, prior: BoundaryPrior | None = None, trace: Trace | None = None
    ) -> dict[str, dict[str, Tensor]]:
        """Fine window ``(B, C, H, H)`` → per task ``{"fine": logits at fine bins, "coarse": at 2×2 blocks}``."""
        context = WindowContext(x, "f1", prior, trace, self.config.inputs)
        decoded = self._decode(self.encoder.fine(x), [name for name in tasks if name in self.fine_heads], context)
        return {
            name: {
                "fine": self._dense(self.fine_heads[name], name, maps["f1"], "f1", context),
                "coarse": self._dense(self.heads[name], name, maps["f2"], "f2", context),
            }
            for name, maps in decoded.items()
        }

    def coarse(
        self, x: Tensor, tasks: Iterable[str], *, prior: BoundaryPrior | None = None, trace: Trace | None = None
    ) -> dict[str, Tensor]:
        """Coarse window ``(B, C, H, H)`` → per task its dense logits, or its features where the head reads strips."""
        context = WindowContext(x, "f2", prior, trace, self.config.inputs)
        decoded = self._decode(self.encoder.coarse(x), list(tasks), context)
        strips = self.tasks_of("boundary")
        return {
            name: maps["f2"] if name in strips else self._dense(self.heads[name], name, maps["f2"], "f2", context)
            for name, maps in decoded.items()
        }

    def prior_logits(self, strip: Tensor) -> Tensor:
        """Strip channels ``(B, C, D, L)`` → logits ``(B, L)`` of the boundary prior."""
        return self.boundary_prior(strip)

    def read_diagonal(self, features: Tensor, margin: int) -> Tensor:
        """Features of an on-diagonal coarse window as a strip ``(B, C, D, H - 2·margin)``."""
        return unfold_diagonal(features, self.config.windows.strip_diagonals, margin)

    def strip(self, x: Tensor, features: Tensor, task: str) -> Tensor:
        """Strip channels and diagonal features ``(B, ·, D, L)`` → logits ``(B, L)``."""
        return self.heads[task](x, features)

    def _dense(self, head: nn.Module, task: str, x: Tensor, scale: str, context: WindowContext) -> Tensor:
        out = head(x)
        return out if self.tad_prior is None else self.tad_prior(out, task, scale, context)

    def _decode(
        self, features: dict[str, Tensor], tasks: list[str], context: WindowContext
    ) -> dict[str, dict[str, Tensor]]:
        """Decoded features of ``tasks`` by scale: ``f2``, and ``f1`` of fine tasks in fine windows.

        Where tasks exchange features all decoders run, scale by scale, side by side.
        """
        if not tasks:
            return {}
        if self.position is not None:
            features = self.position(features)
        features = self.boundary_prior.inject(self.attention(features, context), context)
        running = [task.name for task in self.config.tasks] if self.interaction.exchanges else tasks
        read = {name: self.interaction.share(self.selector(features, name, context), name, context) for name in running}
        if self.selector.decodes:
            return {name: read[name] for name in tasks}
        state = {name: maps["f5"] for name, maps in read.items()}
        decoded: dict[str, dict[str, Tensor]] = {name: {} for name in running}
        for scale in ("f4", "f3", "f2", "f1"):
            here = [name for name in running if scale in read[name] and scale in self.decoders[name].scales]
            state |= {name: self.decoders[name].step(scale, state[name], read[name][scale]) for name in here}
            if self.interaction.exchanges and len(here) > 1:
                state |= self.interaction.exchange(scale, {name: state[name] for name in here}, context)
            for name in here:
                decoded[name][scale] = state[name]
        return {name: {s: decoded[name][s] for s in ("f2", "f1") if s in decoded[name]} for name in tasks}
