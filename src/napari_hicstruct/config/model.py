"""What a model is made of; stored in its ``model.json``, so that weights and architecture travel together."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field, model_validator

from napari_hicstruct.config.base import FrozenConfig
from napari_hicstruct.config.gating import CellGateConfig
from napari_hicstruct.config.plugs import (
    AttentionConfig,
    BoundaryPriorConfig,
    Channels,
    InteractionConfig,
    SelectorConfig,
)


class TaskConfig(FrozenConfig):
    """One task: its name, what kind of output it gives, and the width of its decoder."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="small letters, digits, underscores")
    head: Literal["point", "mask", "boundary", "segmentation", "signed_distance", "edge"]
    fine: bool = False
    """True if the decoder goes on to the fine bins and has a second head there."""
    widths: tuple[Channels, Channels, Channels] = (64, 32, 16)
    """Decoder channels at f4, f3, f2."""
    outputs: int = Field(1, ge=1, description="segmentation: channels of its logits, one for each class")


HIC_TASKS = (
    TaskConfig(name="loop", head="point", fine=True, widths=(96, 64, 32)),
    TaskConfig(name="stripe", head="mask"),
    TaskConfig(name="tad", head="boundary"),
)
"""The task set ``hic``: loops, stripes, TADs."""

SEGMENTATION_WIDTHS = (32, 24, 16)

SEGMENTATION_TASKS = (
    TaskConfig(name="mask", head="segmentation", fine=True, widths=SEGMENTATION_WIDTHS),
    TaskConfig(name="sdf", head="signed_distance", fine=True, widths=SEGMENTATION_WIDTHS),
    TaskConfig(name="boundary", head="edge", fine=True, widths=SEGMENTATION_WIDTHS),
)
"""The task set ``segmentation``: what is where in any picture, how far its border is, and where borders run."""

IMAGE_HEADS = ("segmentation", "signed_distance", "edge")
"""Heads of tasks on pictures; the others are of contact maps."""


class WindowConfig(FrozenConfig):
    """Sizes in bins of the windows that the network reads (docs/science/model.md)."""

    fine_size: int = Field(256, gt=0)
    fine_margin: int = Field(16, ge=0)
    coarse_size: int = Field(320, gt=0)
    coarse_margin: int = Field(32, ge=0)
    strip_length: int = Field(1024, gt=0)
    strip_margin: int = Field(32, ge=0)
    strip_diagonals: int = Field(64, ge=1)

    @model_validator(mode="after")
    def _leave_something(self) -> WindowConfig:
        if self.fine_size % 16 or self.coarse_size % 8:
            raise ValueError("fine_size must be a multiple of 16 and coarse_size of 8 (the encoder halves them)")
        for name in ("fine", "coarse"):
            if getattr(self, f"{name}_size") <= 2 * getattr(self, f"{name}_margin"):
                raise ValueError(f"{name}_size must be larger than twice {name}_margin: nothing would be left between")
        if self.strip_length <= 2 * self.strip_margin:
            raise ValueError("strip_length must be larger than twice strip_margin: nothing would be left between")
        if 2 * self.coarse_margin < self.strip_diagonals:
            raise ValueError("coarse_margin must be at least half of strip_diagonals, which are read around each bin")
        return self


EQUAL_WIDTHS = ("cross_stitch", "sluice", "mmoe")
"""Interactions that mix the tasks' features channel by channel."""

DECODING = ("patch_gate",)
"""Selectors that decode by themselves: there are no task decoders, so nothing between them."""


INPUTS = ("oe", "residual", "distance", "expected", "valid")
"""Input channels read by default; equals ``contacts.channels.CHANNELS`` (a test holds them together)."""

MORE_INPUTS = ("raw", "balanced", "coverage")
"""Further channels to choose from; equals ``contacts.channels.MORE_CHANNELS``."""


_DEFAULTS: dict[str, dict[str, Any]] = {
    "segmentation": {
        "inputs": ("image", "valid"),
        "tasks": SEGMENTATION_TASKS,
        "channels": (16, 24, 32, 48, 64),
        "band_branch": False,
    }
}
"""What a task set begins with, where that is not what maps begin with."""

OF_MAPS: dict[str, Any] = {"tracks": (), "position": False, "reconstruction": False, "tad_prior": False}
"""Keys that only maps have, and their values where they are off."""


class ModelConfig(FrozenConfig):
    """Architecture of one multitask network."""

    task_set: Literal["hic", "segmentation"] = Field("hic", description="maps of contacts, or any pictures")
    inputs: tuple[str, ...] = Field(INPUTS, description="channels of a window, in order (contacts/channels.py)")
    tracks: tuple[str, ...] = Field((), description="names of 1-D tracks, each read along rows and along columns")

    position: bool = Field(False, description="learnable row and column encodings at f2 (models/position.py)")

    encoder: str = "unet_small"
    attention: AttentionConfig = AttentionConfig()
    selector: str = "identity"
    selector_options: SelectorConfig = SelectorConfig()
    cell_gate: CellGateConfig = CellGateConfig()
    interaction: str = "none"
    interaction_options: InteractionConfig = InteractionConfig()
    boundary_prior: BoundaryPriorConfig = Field(
        BoundaryPriorConfig(),
        validation_alias=AliasChoices("boundary_prior", "hint"),  # recipes and cards till 0.1
    )
    reconstruction: bool = Field(False, description="a head that gives back hidden contacts (band-MAE)")
    tad_prior: bool = Field(False, description="boundary probability as learnable bias of point and mask logits")
    tasks: tuple[TaskConfig, ...] = HIC_TASKS
    fine_resolution: int = Field(5_000, gt=0, description="bp")
    coarse_resolution: int = Field(10_000, gt=0, description="bp")
    max_distance: int = Field(default=3_200_000, gt=0, description="bp; contacts beyond are not read")
    channels: tuple[Channels, Channels, Channels, Channels, Channels] = (16, 32, 64, 96, 128)
    """Encoder channels at f1 (fine bins), f2 (coarse bins), f3, f4, f5."""
    strip_channels: Channels = Field(64, multiple_of=4, description="four heads of linear attention share them")
    band_branch: bool = Field(True, description="boundaries are read along the diagonal; off: window by window")
    windows: WindowConfig = WindowConfig()

    @model_validator(mode="before")
    @classmethod
    def _of_its_set(cls, data: Any) -> Any:
        """What is not given is as the task set has it."""
        return _DEFAULTS.get(data.get("task_set", ""), {}) | data if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _fits(self) -> ModelConfig:
        if self.coarse_resolution != 2 * self.fine_resolution:
            raise ValueError("coarse_resolution must be twice fine_resolution: one coarse bin is a 2×2 block")
        if len({task.name for task in self.tasks}) != len(self.tasks) or not self.tasks:
            raise ValueError("tasks must have different names, and there must be at least one")
        if len(set(self.inputs)) < len(self.inputs) or len(set(self.tracks)) < len(self.tracks):
            raise ValueError("inputs and tracks must be named once each")
        if missing := [name for name in self._read_by_parts if name not in self.inputs]:
            raise ValueError(f"inputs must hold '{missing[0]}': the network's parts read it")
        foreign = [task.head for task in self.tasks if (task.head in IMAGE_HEADS) is (self.task_set == "hic")]
        if foreign:
            raise ValueError(f"head '{foreign[0]}' is of the other task set than '{self.task_set}'")
        return self

    @property
    def _read_by_parts(self) -> tuple[str, ...]:
        return ("distance", "valid") if self.task_set == "hic" else ("valid",)

    @model_validator(mode="after")
    def _inputs_fit(self) -> ModelConfig:
        """Channels of maps have names that are known; a picture's have any, and nothing of a map goes with them."""
        if self.task_set == "hic":
            if unknown := [name for name in self.inputs if name not in INPUTS + MORE_INPUTS]:
                have = ", ".join(INPUTS + MORE_INPUTS)
                raise ValueError(f"there is no input '{unknown[0]}': choose from {have}")
            return self
        if len(self.inputs) < 2 or self.inputs[-1] != "valid":
            raise ValueError("inputs of pictures are their channels, then 'valid'")
        if not all(task.fine for task in self.tasks):
            raise ValueError("tasks on pictures are fine: their heads read the picture's own pixels")
        given = {key: getattr(self, key) != off for key, off in OF_MAPS.items()}
        given |= {
            "boundary_prior": self.boundary_prior.kind != "none",
            "attention 'band'": self.attention.kind == "band",
            "selector 'cell_gate'": self.selector == "cell_gate",
        }
        given |= {"interaction 'band_exchange'": self.interaction == "band_exchange"}
        given |= {"attention.contact_bias": self.attention.contact_bias}
        if used := [key for key, is_used in given.items() if is_used]:
            raise ValueError(f"{used[0]} reads a contact map's diagonal or contacts, which a picture does not have")
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> ModelConfig:
        if self.boundary_prior.kind == "none" and (self.tad_prior or self.interaction == "band_exchange"):
            which = "tad_prior" if self.tad_prior else "interaction 'band_exchange'"
            raise ValueError(f"{which} needs boundaries: set boundary_prior.kind to 'band' or 'chromosome'")
        if self.interaction != "none" and len(self.tasks) < 2:
            raise ValueError(f"interaction '{self.interaction}' needs at least two tasks")
        if self.interaction != "none" and self.selector in DECODING:
            raise ValueError(
                f"selector '{self.selector}' decodes by itself, so interaction '{self.interaction}' has nothing to act "
                "on: set interaction to 'none' or choose another selector"
            )
        if self.interaction == "padnet" and self.task_set == "hic" and "oe" not in self.inputs:
            raise ValueError("interaction 'padnet' learns maps of the channel 'oe': add it to inputs")
        if self.interaction in EQUAL_WIDTHS and len({task.widths for task in self.tasks}) > 1:
            raise ValueError(f"interaction '{self.interaction}' mixes channels: give all tasks the same widths")
        return self

    def at(self, resolution: int) -> ModelConfig:
        """The same network reading bins of ``resolution`` bp as its coarse ones, and half of that as its fine ones."""
        return self.model_copy(update={"coarse_resolution": resolution, "fine_resolution": resolution // 2})

    @property
    def in_channels(self) -> int:
        """Channels of a window."""
        return len(self.inputs) + 2 * len(self.tracks)

    def width(self, task: TaskConfig, scale: str) -> int:
        """Channels of a task's decoder at a scale (f1 has the encoder's own width)."""
        return dict(zip(("f4", "f3", "f2"), task.widths, strict=True)).get(scale, self.channels[0])
