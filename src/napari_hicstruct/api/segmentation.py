"""Segmentation of pictures, from Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import is_path_like
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.pictures import array_of, is_layer, listed
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.config.segmentation import SegmentationConfig
    from napari_hicstruct.workflows.segment.apply import Segmented
    from napari_hicstruct.workflows.segment.train import ImageSample, TrainedSegmentation

Picture = Any
"""An array, a napari ``Image`` or ``Labels`` layer, or a path."""

Pictures = Any
"""One :data:`Picture`, or several."""


@checked
def train_segmentation(
    images: Pictures,
    labels: Pictures,
    out: str | Path,
    *,
    preset: str = "generic",
    selector: str | None = None,
    classes: Iterable[str] | None = None,
    settings: Mapping[str, Any] | str | Path | None = None,
    steps: int | None = None,
    parent: str | Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> TrainedSegmentation:
    """Train the multitask network on pictures and their labels, as ``hicstruct segment train`` does.

    Three tasks share an encoder: what is where (mask), how far its border is (signed distance), where borders run
    (boundary).  A fifth of each picture is held out: it chooses the best weights and gives the figures.

    Parameters
    ----------
    images : array, napari Image layer, path, or several
        ``(Y, X)``, ``(Y, X, C)`` with channels last, or ``(Z, Y, X)``, which is read slice by slice; any number type.
    labels : array, napari Labels layer, path, or several
        One for each picture, of its size without channels; whole numbers, 0 is background.
    out : path
        Folder of the model.
    preset : {"generic", "nuclei", "domains"}
        ``generic``: each value of the labels is a class.  ``nuclei``: each value is an object of one class.
    selector : str, optional
        ``E0_Identity`` … ``E6_PatchGate``: which features of the encoder each task reads.  Default: as the settings
        have it, E0.
    classes : iterable of str, optional
        Names of the classes in the order of their values.  Default: by the values found.
    settings : mapping or path, optional
        What replaces the preset's, as ``{"crop": 64}``; or a YAML file instead of a preset.
    steps : int, optional
        Steps of the training.
    parent : path, optional
        Model whose weights the training begins with.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    threads : int, optional
        Threads of the processor.  Default: as many as there are.
    overwrite : bool
        Replace a model that `out` holds.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    TrainedSegmentation
        ``model`` (its folder), ``figures`` (on what was held out: Dice, boundary F, 95 % Hausdorff distance and error
        of distances in pixels), ``classes``, ``notes``.

    Raises
    ------
    LabelError
        If a file cannot be read, sizes are unlike, labels are no labels, or there is nothing to learn.
    ConfigError
        If a setting or an argument is wrong.
    OutputError
        If `out` cannot be written, or holds a model.
    ModelError
        If `parent` cannot be read.

    Examples
    --------
    Bright discs on dark ground; settings of a few seconds:

    >>> import numpy as np
    >>> import tempfile
    >>> import napari_hicstruct as hs
    >>> y, x = np.mgrid[:96, :96]
    >>> discs = ((y % 32 - 16) ** 2 + (x % 32 - 16) ** 2 < 100).astype(np.uint8)
    >>> picture = 100 * discs + np.random.default_rng(1).normal(0, 5, discs.shape)
    >>> fast = {"crop": 32, "batch": 2, "model": {"channels": [8, 8, 8, 8, 8]}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = hs.train_segmentation(picture, discs, folder, settings=fast, steps=60)
    ...     found = hs.segment(picture, made.model)
    >>> bool((found.labels == discs).mean() > 0.9)
    True
    """
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.workflows.segment.train import TrainSegmentationRequest, iter_train_segmentation

    config = _config(preset, settings, selector, classes, steps)
    samples = _samples(images, labels)
    begin = None if parent is None else Path(parent)
    request = TrainSegmentationRequest(
        samples, Path(out), config, begin, device, threads or None, overwrite=overwrite
    )  # fmt: skip
    return run(iter_train_segmentation(request, CancelToken()), progress)


@checked
def segment(
    image: Picture,
    model: str | Path,
    *,
    instances: bool | None = None,
    min_size: int = 0,
    device: str = "auto",
    threads: int | None = None,
    progress: ProgressOption = None,
) -> Segmented:
    """Segment a picture by a trained model, as ``hicstruct segment predict`` does.

    Parameters
    ----------
    image : array, napari Image layer, or path
        Of the kind that the model was trained on: as many channels, any size; volumes slice by slice.
    model : path
        Folder that :func:`train_segmentation` made, or one file that ``hicstruct segment compare`` wrote.
    instances : bool, optional
        Give each object a label of its own; touching ones are split where distance and boundary say so.  Default: as
        the labels were that the model learnt from.
    min_size : int
        Pixels; smaller objects are left out.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    threads : int, optional
        Threads of the processor.  Default: as many as there are.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Segmented
        ``labels`` (int32, of the picture's size), ``probability`` (float32, a plane for each class), ``distance``
        (float32, pixels to the nearest border, above 0 inside objects), ``boundary`` (float32, probability),
        ``classes``, ``notes``.

    Raises
    ------
    LabelError
        If the picture cannot be read, or is of another kind than the model was trained on.
    ConfigError
        If an argument is wrong.
    ModelError
        If `model` holds no model of pictures, or a damaged one.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> hs.segment([[0, 1], [1, 0]], "nowhere")
    Traceback (most recent call last):
        ...
    napari_hicstruct.errors.ModelError: nowhere: is not a model folder. A model is a folder with model.json and \
weights.safetensors.
    """
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.workflows.segment.apply import SegmentRequest, iter_segment

    request = SegmentRequest(_picture(image, "image")[1], Path(model), device, threads or None, instances, min_size)
    return run(iter_segment(request, CancelToken()), progress)


def _config(
    preset: str,
    settings: Mapping[str, Any] | str | Path | None,
    selector: str | None,
    classes: Iterable[str] | None,
    steps: int | None,
) -> SegmentationConfig:
    from napari_hicstruct.config.segmentation import (
        PRESETS,
        SELECTORS,
        changed,
        segmentation_config,
        with_selector,
    )

    if preset not in PRESETS:
        raise ConfigError(f"there is no preset '{preset}'.", where="preset", hint=f"Choose from {', '.join(PRESETS)}.")
    if selector is not None and selector not in {*SELECTORS, *SELECTORS.values()}:
        hint = f"Choose from {', '.join(SELECTORS)}."
        raise ConfigError(f"there is no selector '{selector}'.", where="selector", hint=hint)
    named = None if classes is None else tuple(classes)
    if settings is None or isinstance(settings, Mapping):
        config = changed(segmentation_config(preset), **dict(settings or {}))
    else:
        config = segmentation_config(Path(settings))
    config = changed(config, classes=named, steps=steps)
    return config if selector is None else with_selector(config, selector)


def _samples(images: Any, labels: Any) -> tuple[ImageSample, ...]:
    from napari_hicstruct.workflows.segment.sample import ImageSample

    pictures, known = listed(images, "images", "picture"), listed(labels, "labels", "picture")
    if len(pictures) != len(known):
        text = f"images are {len(pictures)}, labels {len(known)}."
        raise ConfigError(text, hint="Give labels for each picture, in the same order.")
    found = []
    for k, (one, other) in enumerate(zip(pictures, known, strict=True)):
        place = "" if len(pictures) == 1 else f"[{k}]"
        name, image = _picture(one, f"images{place}")
        found.append(ImageSample(name, image, _picture(other, f"labels{place}")[1]))
    return tuple(found)


def _picture(given: Any, place: str) -> tuple[str, Any]:
    """Name and array of one picture, layer or file."""
    if is_path_like(given):
        from napari_hicstruct.workflows.segment.image_files import read_image

        file = read_image(Path(given))
        return str(file.path), file.image
    name = str(getattr(given, "name", place)) if is_layer(given) else place
    return name, array_of(given, place)
