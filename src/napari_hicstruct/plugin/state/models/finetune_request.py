"""The settings of a fine-tune that a person can change.

Annotations are not postponed here: magicgui makes the form from the types themselves.
"""

from dataclasses import dataclass, field
from typing import Literal

from napari_hicstruct.config.finetune import FinetuneConfig

Where = Literal["process", "thread"]


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """What a person asked for.

    Attributes
    ----------
    config : FinetuneConfig
    device : str
        ``auto`` or a torch device.
    where : str
        ``process`` (a process of its own: the window stays smoother) or ``thread``.
    """

    config: FinetuneConfig = field(default_factory=FinetuneConfig)
    device: str = "auto"
    where: Where = "process"


_DEFAULT = FinetuneConfig()


def finetune_request(
    *,
    start: Literal["base", "last"] = _DEFAULT.start,
    trainable: Literal["heads", "decoders", "all", "adapters"] = _DEFAULT.trainable,
    steps: int = _DEFAULT.steps,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    where: Where = "process",
) -> LearnRequest:
    """The settings that a person can change, as a request; forms are generated from this signature."""
    config = FinetuneConfig.model_validate({"start": start, "trainable": trainable, "steps": steps})
    return LearnRequest(config, device, where)
