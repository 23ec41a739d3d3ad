"""Settings of a fusion as a person edits them: a preset or a network of one's own, and what else a run depends on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from napari_hicstruct.config.base import FrozenConfig
from napari_hicstruct.errors import ConfigError, ModelError

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICE_HELP = "where the network runs; auto takes the fastest device there is"

PICTURE_PRESETS = {
    "lytro": "lytro: one picture is sharp here, the other there; the sharper one is taken.",
    "microscopy": "microscopy: as lytro, but noise is no detail; the mask is smoother and rarely takes one side alone.",
}
MAP_PRESETS = {"hic": "hic: contacts of both maps, by depth, by detail of observed over expected, and without faults."}


class FusePicturesSettings(FrozenConfig):
    """Of a fusion of two pictures."""

    device: Device = Field("auto", description=DEVICE_HELP)


class FuseMapsSettings(FrozenConfig):
    """Of a fusion of two maps."""

    whole_numbers: bool = Field(False, description="write whole numbers, for programs that take no others")
    device: Device = Field("auto", description=DEVICE_HELP)


class FusionSettings:
    """Everything that a fusion depends on besides what is fused.

    Attributes
    ----------
    presets : dict of str to str
        By kind (``maps``, ``pictures``): the name of the preset, or the folder of a network of one's own.
    forms : dict of str to FrozenConfig
        By kind: what else can be set.
    """

    def __init__(self) -> None:
        self.presets = {"maps": "hic", "pictures": "lytro"}
        self.forms: dict[str, FrozenConfig] = {"maps": FuseMapsSettings(), "pictures": FusePicturesSettings()}

    def change(self, kind: str, values: Mapping[str, Any]) -> None:
        """Take other values.

        Raises
        ------
        ConfigError
            If they do not go together.
        """
        form = self.forms[kind]
        try:
            self.forms[kind] = type(form).model_validate({**form.model_dump(), **values})
        except ValidationError as error:
            raise ConfigError(f"{error.errors()[0]['msg']}.") from error

    def choose_preset(self, kind: str, preset: str | Path) -> None:
        """Fuse with a preset, or with the network in a folder.

        Raises
        ------
        ModelError
            If there is no network in that folder.
        """
        known = MAP_PRESETS if kind == "maps" else PICTURE_PRESETS
        if str(preset) not in known and not Path(preset, "model.json").is_file():
            raise ModelError(
                "is not a model folder.", where=preset, hint="Choose a folder that fuse-train has written."
            )
        self.presets[kind] = str(preset)

    def request(self, kind: str) -> dict[str, Any]:
        """The part of a request that this says."""
        preset, values = self.presets[kind], self.forms[kind].model_dump()
        if kind == "maps":
            values["counts"] = values.pop("whole_numbers")
            return values if preset in MAP_PRESETS else {**values, "model": Path(preset)}
        return {**values, "preset": preset} if preset in PICTURE_PRESETS else {**values, "model": Path(preset)}
