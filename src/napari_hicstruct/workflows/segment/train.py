"""Train the multitask network on pictures with labels."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct import __version__
from napari_hicstruct.config.files import try_folder, write_text, writing
from napari_hicstruct.config.segmentation import SELECTORS, SegmentationConfig
from napari_hicstruct.errors import ConfigError, LabelError, OutputError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.models import CARD
from napari_hicstruct.workflows.segment.sample import ImageSample
from napari_hicstruct.workflows.segment.samples import (
    channels_last,
    check_learnable,
    class_values,
    objects_as_classes,
    planes_of,
    whole_labels,
)

if TYPE_CHECKING:
    import torch

    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.segmentation.planes import Plane

RUN, LOG = "run.json", "log.jsonl"
_CHECKPOINTS = ("last.ckpt", "best.ckpt")
_MAX_MEASURED_PLANES = 12


@dataclass(frozen=True, slots=True)
class TrainSegmentationRequest:
    """What to learn from, and how.

    Attributes
    ----------
    samples : tuple of ImageSample
        All of as many channels.  Blocks of each are held out: they choose the best weights and are never learnt from.
    out : Path
        Folder of the model: ``model.json``, ``weights.safetensors``, ``log.jsonl``, ``run.json``.
    config : SegmentationConfig
    parent : Path, optional
        Model whose weights the training begins with.
    device : str
    threads : int, optional
        Processor threads of torch; None: as it does.
    stop : CancelToken, optional
        Ends the training early; what was best so far is the result.
    overwrite : bool
        Replace a model that the folder holds.
    """

    samples: tuple[ImageSample, ...]
    out: Path
    config: SegmentationConfig = field(default_factory=SegmentationConfig)
    parent: Path | None = None
    device: str = "auto"
    threads: int | None = None
    stop: CancelToken | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class TrainedSegmentation:
    """A model that was trained.

    Attributes
    ----------
    model : Path
        Its folder.
    figures : dict of str to float
        On the blocks that were held out: ``dice/<class>``, ``dice``, ``boundary_f``, ``hd95_px``, ``sdf_error_px``;
        and ``parameters``, ``steps``, ``seconds``.
    notes : tuple of str
        What a person should know, one sentence each.
    classes : tuple of str
    """

    model: Path
    figures: dict[str, float]
    notes: tuple[str, ...]
    classes: tuple[str, ...]


def iter_train_segmentation(
    request: TrainSegmentationRequest, token: CancelToken
) -> Generator[Progress, None, TrainedSegmentation]:
    """Train.

    Yields
    ------
    Progress
        Stage ``train``; ``done`` steps of ``total``.  Payload of a step: ``{"loss": …, "tasks": {task: loss}}``; of a
        validation also ``"validation": {figure: value}`` (Dice by class, goodness by task) and ``"held_out": {task:
        loss}``.

    Raises
    ------
    LabelError
        If labels or pictures cannot be learnt from.
    ConfigError, OutputError, ModelError, JobError, Cancelled
    """
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.segmentation.crops import CropStream, validation_batches
    from napari_hicstruct.segmentation.train import CropRun, iter_train_crops
    from napari_hicstruct.training.state import open_fabric

    started = time.monotonic()
    config, values = fitted_to(request.samples, request.config)
    planes, notes = planes_of(request.samples, config, values)
    if note := objects_as_classes(request.samples, request.config):
        notes.append(note)
    _prepare_folder(request, config)
    device = choose_device(request.device)
    weights = None if request.parent is None else _parent_weights(request.parent, config)
    with torch_threads(request.threads or 0):
        what = CropRun(
            CropStream(planes, config),
            validation_batches(planes, config),
            request.out,
            token,
            request.stop,
            weights,
            open_fabric(device.type),
        )
        best = yield from iter_train_crops(config, what)
        trained = _Trained(config, values, planes, tuple(notes), device, started)
        return _finish(request, trained, best)


def iter_train_job(
    request: TrainSegmentationRequest, *, token: CancelToken, stop: CancelToken | None = None
) -> Generator[Progress, None, TrainedSegmentation]:
    """Train; tokens do not go from process to process, so ``stop`` is put into the request here."""
    return (yield from iter_train_segmentation(replace(request, stop=stop), token))


def fitted_to(samples: Sequence[ImageSample], config: SegmentationConfig) -> tuple[SegmentationConfig, tuple[int, ...]]:
    """Settings for these pictures, checked: their channels and classes; and the label of each class.

    Raises
    ------
    LabelError, ConfigError
    """
    if not samples:
        raise ConfigError("no picture is given.", hint="Give at least one picture and its labels.")
    channels: dict[int, str] = {}
    every: list[NDArray[Any]] = []
    for sample in samples:
        labels = whole_labels(sample.name, np.asarray(sample.labels))
        image = channels_last(sample.name, np.asarray(sample.image), labels)
        check_learnable(sample.name, labels, sample.weight)
        channels.setdefault(image.shape[-1], sample.name)
        every.append(labels)
    if len(channels) > 1:
        (a, first), (b, other) = list(channels.items())[:2]
        text = f"has {_channels(b)}, but {first} has {_channels(a)}."
        raise LabelError(text, where=other, hint="Train on grey pictures or on colour ones, not on both.")
    values, classes = class_values(every, config)
    return config.fitted(next(iter(channels)), classes), values


def _channels(n: int) -> str:
    return "one channel (grey)" if n == 1 else f"{n} channels (colours)"


def _prepare_folder(request: TrainSegmentationRequest, config: SegmentationConfig) -> None:
    """Make the folder ready: an earlier run of the same settings and pictures goes on, another one's rests go."""
    out = request.out
    if out.is_file():
        raise OutputError("is a file.", where=out, hint="Give a folder.")
    if (out / CARD).exists() and not request.overwrite:
        hint = "Choose another folder, or replace it with --overwrite."
        raise OutputError("holds a model. Nothing was written.", where=out, hint=hint)
    try_folder(out)
    parent = None if request.parent is None else str(request.parent)
    text = {"settings": config.model_dump(mode="json"), "samples": _fingerprint(request.samples), "parent": parent}
    now = json.dumps(text | {"made_with": f"napari-hicstruct {__version__}"}, indent=2)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        goes_on = (out / RUN).exists() and (out / RUN).read_text(encoding="utf-8") == now
        if not goes_on or (out / CARD).exists():
            for name in (*_CHECKPOINTS, LOG):
                (out / name).unlink(missing_ok=True)
    write_text(out / RUN, now)


def _fingerprint(samples: Sequence[ImageSample]) -> list[dict[str, Any]]:
    """What a run was made of: name, shape, and a checksum of picture, labels and weights."""
    found = []
    for sample in samples:
        made = hashlib.sha256()
        for array in (sample.image, sample.labels, sample.weight):
            if array is not None:
                made.update(np.ascontiguousarray(array).tobytes())
        found.append({"name": sample.name, "shape": list(np.shape(sample.image)), "sha256": made.hexdigest()})
    return found


def _parent_weights(parent: Path, config: SegmentationConfig) -> dict[str, Any]:
    from napari_hicstruct.segmentation.store import load_segmentation

    found = load_segmentation(parent)
    if found.config.channels != config.channels:
        text = f"reads {_channels(found.config.channels)}, the pictures have {_channels(config.channels)}."
        raise ConfigError(text, where=parent, hint="Begin with another model, or with none.")
    return found.net.state_dict()


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """What is known when the last step is done."""

    config: SegmentationConfig
    values: tuple[int, ...]
    planes: list[Plane]
    notes: tuple[str, ...]
    device: torch.device
    started: float


def _finish(request: TrainSegmentationRequest, trained: _Trained, best: Path) -> TrainedSegmentation:
    """Measure the best weights on what was held out, and write the model."""
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.segmentation.replay import save_replay
    from napari_hicstruct.segmentation.store import save_segmentation
    from napari_hicstruct.training.checkpoint import load_checkpoint

    config, saved = trained.config, load_checkpoint(best)
    net = MultiTaskNet(config.model)
    net.load_state_dict(saved["net"])
    figures = held_out_figures(net.to(trained.device).eval(), trained)
    figures["parameters"] = float(sum(p.numel() for p in net.parameters()))
    figures |= {"steps": float(saved["step"]), "seconds": time.monotonic() - trained.started}
    parent = request.parent
    card = {
        "name": config.name,
        "version": config.version,
        "tasks": [task.name for task in config.model.tasks],
        "classes": list(config.classes),
        "data": [sample.name for sample in request.samples],
        "metrics": {"held-out blocks of the training pictures": figures},
        "selector": next((name for name, own in SELECTORS.items() if own == config.model.selector), ""),
        "seed": config.seed,
        "step": saved["step"],
        "parent": None if parent is None else str(parent),
        "made_with": f"napari-hicstruct {__version__}",
    }
    save_replay(request.out, trained.planes, config)
    save_segmentation(request.out, config, saved["net"], trained.values, card)
    for name in _CHECKPOINTS:
        with suppress(OSError):
            (request.out / name).unlink(missing_ok=True)
    return TrainedSegmentation(request.out, figures, trained.notes, config.classes)


def held_out_figures(net: MultiTaskNet, trained: _Trained) -> dict[str, float]:
    """Figures on the blocks that were held out, mean over an even choice of planes."""
    from napari_hicstruct.segmentation.apply import iter_plane
    from napari_hicstruct.segmentation.figures import mean_figures, plane_figures

    planes, config = trained.planes, trained.config
    found = []
    for plane in planes[:: max(1, -(-len(planes) // _MAX_MEASURED_PLANES))]:
        steps = iter_plane(net, plane.x, config, trained.device)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                output = end.value
                break
        found.append(plane_figures(output, plane.labels, config, trained.values, plane.held_out > 0))
    return mean_figures(found)
