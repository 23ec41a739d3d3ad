"""Model folders from Python: what their cards say, and the network itself."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.checked import checked
from napari_hicstruct.workflows.models import ModelInfo, find_model
from napari_hicstruct.workflows.models import list_models as listed

if TYPE_CHECKING:
    import torch

    from napari_hicstruct.config.model import ModelConfig


class Model:
    """One model: its card, its configuration and its network, which is loaded when it is first asked for.

    Parameters
    ----------
    info : ModelInfo
        What the folder's card says.

    See Also
    --------
    load_model : Get one by name or folder.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> model = hs.load_model()
    >>> model.tasks
    ('loop', 'stripe', 'tad')
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info

    def __repr__(self) -> str:
        """Name, version and tasks."""
        return f"<Model {self._info.label}: {', '.join(self.tasks)}>"

    @property
    def name(self) -> str:
        """Name under which it is installed or shipped."""
        return self._info.name

    @property
    def version(self) -> str:
        """Version as its card says; ``+ft1`` and so on for fine-tuned ones."""
        return self._info.version

    @property
    def path(self) -> Path:
        """Its folder, with ``model.json`` and ``weights.safetensors``."""
        return self._info.path

    @property
    def tasks(self) -> tuple[str, ...]:
        """What it predicts."""
        return self._info.tasks

    @property
    def tracks(self) -> tuple[str, ...]:
        """Names of the 1-D tracks that it reads; mostly none."""
        return self._info.tracks

    @property
    def sha256(self) -> str:
        """Checksum of its weights."""
        return self._info.sha256

    @property
    def shipped(self) -> bool:
        """True if it came with the package: it can neither be calibrated nor replaced."""
        return self._info.shipped

    @property
    def card(self) -> dict[str, Any]:
        """What it was trained on, its figures, its calibration, its lineage."""
        return self._info.card

    @cached_property
    def config(self) -> ModelConfig:
        """Settings of its network."""
        import json

        from napari_hicstruct.config import parse_config
        from napari_hicstruct.config.model import ModelConfig
        from napari_hicstruct.workflows.models import CARD

        file = self.path / CARD
        return parse_config(ModelConfig, json.loads(file.read_text(encoding="utf-8"))["config"], where=file)

    @cached_property
    def network(self) -> torch.nn.Module:
        """The network with its weights, on the processor and ready for inference; checked against the checksum."""
        from napari_hicstruct.models.store import load_model as load

        return load(self.path)[0]


ModelLike = str | Path | Model
"""What is taken for a model: one that is loaded, its name, or its folder."""


@checked
def load_model(name: ModelLike = "default") -> Model:
    """Find a model by name or folder and read its card; its network is loaded when asked for.

    Parameters
    ----------
    name : str or path
        Name of an installed or shipped model, ``default``, or a model folder.

    Returns
    -------
    Model
        Its card is read; nothing of its weights.

    Raises
    ------
    ModelError
        If there is none, or its card is damaged.
    ConfigError
        If `name` is no model, name or path.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> model = hs.load_model("default")
    >>> model.config.fine_resolution, model.config.coarse_resolution
    (5000, 10000)
    >>> sum(weights.numel() for weights in model.network.parameters()) > 100_000
    True
    """
    return name if isinstance(name, Model) else Model(find_model(os.fspath(name)))


def list_models() -> list[Model]:
    """List the models there are: shipped with the package, and installed by the user.

    Returns
    -------
    list of Model
        The one that is used when none is named comes first.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> hs.list_models()[0].shipped
    True
    """
    return [Model(info) for info in listed()]


def name_of(model: ModelLike) -> str:
    """What the workflows call a model: its folder, or the name that was given."""
    return str(model.path) if isinstance(model, Model) else os.fspath(model)
