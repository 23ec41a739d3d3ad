"""Settings of segmentation: what the labels mean, the network, losses, training; one YAML file holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig, load_preset, parse_config
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.training import Weight

PRESETS = ("generic", "nuclei", "domains")
"""Settings that ship with the package."""

SELECTORS = {
    "E0_Identity": "identity",
    "E1_TaskDW": "task_dw",
    "E2_LREFree": "low_rank_free",
    "E3_LREPrior": "low_rank_prior",
    "E4_HybridHigh": "hybrid_high",
    "E5_HybridMidHigh": "hybrid_mid_high",
    "E6_PatchGate": "patch_gate",
}
"""Names of the experiments, as in file names and tables, and the selectors that they try."""

MIN_TRAIN_PX = 32
"""Side of the smallest picture that can be learnt from."""


class TargetConfig(FrozenConfig):
    """What the network is to say of labels."""

    truncate: float = Field(8.0, gt=0, description="pixels; larger distances to a border are all alike")
    boundary_width: float = Field(1.0, gt=0, description="pixels; σ of the soft band around a border")


class SegmentationLossConfig(FrozenConfig):
    """Every weight and switch of the loss; balance and conflicts are those of maps (config/losses.py)."""

    cross_entropy: float = Field(1.0, ge=0, description="mask: λ of the cross-entropy")
    dice: float = Field(1.0, ge=0, description="mask: λ of 1 − soft Dice, mean over classes")
    distance: float = Field(1.0, ge=0, description="signed distance: λ of the L1")
    eikonal: float = Field(0.0, ge=0, description="signed distance: λ of | |∇φ| − 1 | near borders; off")
    edge: float = Field(1.0, ge=0, description="boundary: λ of the cross-entropy on the soft band")
    edge_weight: float = Field(4.0, ge=0, description="boundary: a pixel on a border weighs 1 + so much")
    edge_dice: float = Field(0.5, ge=0, description="boundary: λ of 1 − soft Dice")
    coarse: float = Field(0.3, ge=0, description="λ of the same losses at half the resolution")
    deep: float = Field(0.4, ge=0, description="λ of further predictions that interactions make at coarser scales")
    balancing: Literal["fixed", "uncertainty", "gradnorm", "dwa"] = "uncertainty"
    gradnorm_alpha: float = Field(1.5, ge=0, description="how strongly slow tasks are helped")
    gradnorm_rate: float = Field(0.025, gt=0, description="step of GradNorm's weights")
    dwa_temperature: float = Field(2.0, gt=0)
    balance_window: int = Field(50, ge=1, description="steps: DWA's epoch, and GradNorm's first loss")
    conflict: Literal["none", "pcgrad", "cagrad", "upgrad"] = "none"
    conflict_radius: float = Field(0.5, ge=0, lt=1, description="CAGrad's c")

    @property
    def conflict_buckets(self) -> bool:
        """Pictures have no distance buckets."""
        return False


class SegmentationConfig(FrozenConfig):
    """One training on pictures with labels."""

    name: str = Field("segmentation", min_length=1, description="of the model that is made")
    version: str = Field("0.1", description="of the model that is made")
    seed: int = Field(1, ge=0, lt=2**32, description="of crops, of the part that validates, and of new weights")
    labels: Literal["classes", "instances"] = Field(
        "classes", description="each value is a class; or each value is an object, all of one class"
    )
    classes: tuple[str, ...] = Field((), description="names, in the order of their values; empty: by the values found")
    activation: Literal["softmax", "sigmoid"] = Field(
        "softmax", description="of the mask: one class for each pixel, or each class by itself"
    )
    targets: TargetConfig = TargetConfig()
    model: ModelConfig = ModelConfig(task_set="segmentation")
    losses: SegmentationLossConfig = SegmentationLossConfig()
    task_weights: dict[str, Weight] = Field(default_factory=dict, description="task: weight of its loss; else 1")
    low: float = Field(1.0, ge=0, lt=50, description="percentile of a channel that becomes 0")
    high: float = Field(99.8, gt=50, le=100, description="percentile of a channel that becomes 1")
    crop: int = Field(128, ge=32, le=4096, multiple_of=16, description="pixels; side of what a step reads of a picture")
    batch: int = Field(4, ge=1, description="crops in a step")
    steps: int = Field(600, ge=1, description="of the whole run")
    held_out: float = Field(0.2, gt=0, lt=0.8, description="share of a picture's blocks that validate")
    block: int = Field(64, ge=16, description="pixels; side of the blocks that are held out as a whole")
    on_objects: float = Field(0.7, ge=0, le=1, description="share of crops around a pixel of an object")
    turns: bool = Field(True, description="crops are turned by right angles and mirrored")
    noise: float = Field(0.05, ge=0, description="of the intensities, and half of the change of contrast")
    learning_rate: float = Field(2e-3, gt=0, description="after the warm-up; it then falls as a cosine")
    weight_decay: float = Field(0.01, ge=0, description="of AdamW")
    warmup: int = Field(20, ge=0, description="steps")
    clip: float = Field(3.0, gt=0, description="longest gradient")
    average: float = Field(0.98, ge=0, lt=1, description="decay of the weights' moving average that is kept")
    validate_every: int = Field(50, ge=1, description="steps")
    checkpoint_every: int = Field(50, ge=1, description="steps; a run that is stopped goes on from there")
    patience: int = Field(0, ge=0, description="stop after so many validations without gain; 0: never")
    bf16: bool = Field(False, description="bfloat16 autocast")
    tile: int = Field(512, ge=64, multiple_of=16, description="pixels; what is read at once of a large picture")
    overlap: int = Field(96, ge=0, description="pixels that neighbouring tiles share")

    @property
    def objective(self) -> str:
        """Tasks with labels; band-MAE is of maps."""
        return "tasks"

    @property
    def outputs(self) -> int:
        """Channels of the mask's logits."""
        return max(1, len(self.classes)) + (self.activation == "softmax")

    @model_validator(mode="after")
    def _fits(self) -> SegmentationConfig:
        if self.model.task_set != "segmentation":
            raise ValueError("model.task_set must be 'segmentation'")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes must have different names")
        if self.labels == "instances" and len(self.classes) > 1:
            raise ValueError("labels 'instances' are objects of one class: name one class, or none")
        names = {task.name for task in self.model.tasks}
        if unknown := sorted(set(self.task_weights) - names):
            raise ValueError(f"task_weights names '{unknown[0]}', but the model has {', '.join(sorted(names))}")
        if "segmentation" not in {task.head for task in self.model.tasks}:
            raise ValueError("model.tasks must hold one with the head 'segmentation': it says what is where")
        if 2 * self.overlap >= self.tile:
            raise ValueError("overlap must be less than half of tile")
        return self

    def fitted(self, channels: int, classes: tuple[str, ...]) -> SegmentationConfig:
        """The settings for pictures of so many channels and these classes: inputs and outputs of the network follow."""
        named = self.model_copy(update={"classes": classes})
        data = self.model.model_dump(mode="json")
        data["inputs"] = (*(f"image_{k + 1}" for k in range(channels)), "valid") if channels > 1 else ("image", "valid")
        for task in data["tasks"]:
            task["outputs"] = named.outputs if task["head"] == "segmentation" else 1
        return named.model_copy(update={"model": ModelConfig.model_validate(data)})

    @property
    def channels(self) -> int:
        """Of a picture."""
        return len(self.model.inputs) - 1


def segmentation_config(preset_or_file: str | Path) -> SegmentationConfig:
    """Settings by the name of a preset (``generic``, ``nuclei``, ``domains``), or from a YAML file.

    Raises
    ------
    ConfigError
        If there is no such preset or file, or it has an unknown or impossible key.
    """
    return load_preset(SegmentationConfig, preset_or_file, PRESETS, "segmentation")


def with_selector(config: SegmentationConfig, name: str, **options: Any) -> SegmentationConfig:
    """The settings with another selector, by the name of its experiment (``E2_LREFree``) or its own, and its options.

    Raises
    ------
    ConfigError
        If there is no such selector.
    """
    model = config.model.model_dump(mode="json")
    model["selector"] = SELECTORS.get(name, name)
    model["selector_options"] |= options
    return changed(config, model=model)


def changed(config: SegmentationConfig, **changes: Any) -> SegmentationConfig:
    """The settings with some keys changed and checked again; None leaves a key as it is.

    Mappings change keys inside a part: ``model={"selector": "task_dw"}``.

    Raises
    ------
    ConfigError
    """
    data = config.model_dump(mode="json")
    for key, value in changes.items():
        if value is not None:
            inside = isinstance(value, Mapping) and isinstance(data.get(key), dict)
            data[key] = data[key] | dict(value) if inside else value
    return parse_config(SegmentationConfig, data)
