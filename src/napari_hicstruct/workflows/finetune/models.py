"""The two models of a fine-tuning, loaded: the one that is trained on, and the one in use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.workflows.finetune.job import FinetuneJob

if TYPE_CHECKING:
    from napari_hicstruct.workflows.models import ModelInfo


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """Networks and their folders.

    Attributes
    ----------
    device : torch.device
    start, parent : ModelInfo
        Whose weights are trained on, and what the new model is compared with.
    net : MultiTaskNet
        Of ``start``.
    parent_net : MultiTaskNet or None
        Of ``parent``; None where that is ``start``.
    """

    device: Any
    start: ModelInfo
    parent: ModelInfo
    net: Any
    parent_net: Any


def load_models(job: FinetuneJob) -> LoadedModels:
    """Load both: a damaged one is better known before than after an hour.

    Raises
    ------
    ModelError
    """
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.models import describe_model

    device = choose_device(job.device)
    start, parent = describe_model(Path(job.start)), describe_model(Path(job.parent))
    net, _ = load_model(start.path, device=device)
    other = load_model(parent.path, device=device)[0] if parent.sha256 != start.sha256 else None
    return LoadedModels(device, start, parent, net, other)
