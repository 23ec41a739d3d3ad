"""``hicstruct segment``: train the multitask network on pictures with labels, segment others, compare selectors."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import emit, json_option, preset_or_config, quiet_option, show_progress, to_stderr
from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.cli.maps_option import ManyValues
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.config.segmentation import SegmentationConfig
    from napari_hicstruct.workflows.segment.image_files import ImageFile
    from napari_hicstruct.workflows.segment.sample import ImageSample


_COUNTS = ("parameters", "steps")
"""Figures that are whole numbers."""


class SegmentPreset(StrEnum):
    """Settings that ship with the package."""

    GENERIC = "generic"
    NUCLEI = "nuclei"
    DOMAINS = "domains"


class Experiment(StrEnum):
    """Selectors by the names of their experiments."""

    E0 = "E0_Identity"
    E1 = "E1_TaskDW"
    E2 = "E2_LREFree"
    E3 = "E3_LREPrior"
    E4 = "E4_HybridHigh"
    E5 = "E5_HybridMidHigh"
    E6 = "E6_PatchGate"


class As(StrEnum):
    """What labels of a segmentation mean."""

    CLASSES = "classes"
    INSTANCES = "instances"


images_argument: list[Path] = typer.Argument(
    ..., metavar="IMAGES...", help="Pictures: .tif, .png, .jpg, .npy, .nii, .nii.gz, .zarr; volumes slice by slice."
)
labels_option: list[Path] = typer.Option(
    ..., "--labels", "-l", help="Labels of each picture, in the same order; several in a row. 0 is background."
)
preset_option: SegmentPreset | None = typer.Option(
    None,
    help="Settings that ship with the program: generic (each value a class), nuclei (each value an object), "
    "domains (objects are squares on the diagonal of a contact map). [generic]",
)
config_option: Path | None = typer.Option(None, help="YAML file of settings instead of a preset.")
device_option: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …")
threads_option: int = typer.Option(0, min=0, help="Threads of the processor; 0: as many as there are.")
overwrite_option: bool = typer.Option(False, "--overwrite", help="Replace what an earlier run left in the folder.")


class _ManyLabels(ManyValues):
    many = ("--labels", "-l", "--test", "--test-labels", "--selectors", "--seeds")


def register(app: typer.Typer) -> None:
    """Add the command and its sub-commands to ``app``."""
    segment = typer.Typer(help="Segment any pictures by the multitask network: train, predict, compare selectors.")
    segment.command("train", cls=_ManyLabels)(train)
    segment.command("predict")(predict)
    segment.command("compare", cls=_ManyLabels)(compare)
    app.add_typer(segment, name="segment", no_args_is_help=True)


def train(
    images: list[Path] = images_argument,
    labels: list[Path] = labels_option,
    out: Path = typer.Option(..., "--out", "-o", help="Folder of the model."),
    preset: SegmentPreset | None = preset_option,
    config: Path | None = config_option,
    selector: Experiment | None = typer.Option(None, help="Which features each task reads. [as the settings have it]"),
    classes: str = typer.Option("", help="Names of the classes, in the order of their values: tumour,stroma."),
    steps: int = typer.Option(0, min=0, help="Steps of the training; 0: as the settings have it."),
    seed: int = typer.Option(-1, min=-1, help="Seed; -1: as the settings have it."),
    parent: Path | None = typer.Option(None, help="Model whose weights the training begins with."),
    device: str = device_option,
    threads: int = threads_option,
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Train on pictures and their labels: what is where, how far its border is, where borders run.

    A fifth of each picture is held out: it chooses the best weights and gives the figures that are printed.
    A training that was interrupted goes on when the same command is given again.
    """
    from napari_hicstruct.workflows.segment.samples import objects_as_classes
    from napari_hicstruct.workflows.segment.train import TrainSegmentationRequest, iter_train_segmentation

    changes = {"steps": steps or None, "seed": None if seed < 0 else seed}
    settings = _settings(preset, config, selector, classes, changes)
    samples, token = _samples(images, labels), _token()
    said = [] if quiet else [objects_as_classes(samples, settings)]
    for note in filter(None, said):
        to_stderr(f"note: {note}")
    request = TrainSegmentationRequest(
        samples, out, settings, parent, device, threads or None, overwrite=overwrite
    )  # fmt: skip
    with terminated_as_interrupted():
        found = show_progress(iter_train_segmentation(request, token), quiet)
    for note in found.notes:
        if note not in said:
            to_stderr(f"note: {note}")
    data = {"model": found.model, "classes": found.classes, "figures": found.figures, "notes": found.notes}
    emit(data, json, human={"model": str(found.model), "classes": ", ".join(found.classes), **_plain(found.figures)})


def predict(
    images: list[Path] = images_argument,
    model: Path = typer.Option(..., "--model", "-m", help="Folder that segment train wrote, or one file of a model."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder for labels, by the names of the pictures."),
    labels_as: As | None = typer.Option(
        None, "--labels-as", help="classes, or instances: a number for each object. [as the model was trained]"
    ),
    min_size: int = typer.Option(0, min=0, help="Pixels; smaller objects are left out."),
    maps: bool = typer.Option(False, "--maps", help="Also write probability, distance and boundary as TIFF."),
    device: str = device_option,
    threads: int = threads_option,
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Segment pictures by a trained model, tile by tile: memory does not grow with a picture beyond the result."""
    import numpy as np

    from napari_hicstruct.config.files import try_folder
    from napari_hicstruct.workflows.segment.apply import SegmentRequest, iter_segment
    from napari_hicstruct.workflows.segment.image_files import check_targets, read_image, write_tiff_labels

    files = [read_image(path) for path in images]
    targets = check_targets(files, out, overwrite=overwrite)
    try_folder(out)
    rows: list[dict[str, Any]] = []
    instances = None if labels_as is None else labels_as is As.INSTANCES
    for file, target in zip(files, targets, strict=True):
        request = SegmentRequest(file.image, model, device, threads or None, instances, min_size, str(file.path))
        with terminated_as_interrupted():
            found = show_progress(iter_segment(request, _token()), quiet)
        out.mkdir(parents=True, exist_ok=True)
        file.write_labels(found.labels, target)
        if maps:
            for name in ("probability", "distance", "boundary"):
                if (values := getattr(found, name)) is not None:
                    write_tiff_labels(values.astype(np.float32), out / f"{file.name}-{name}.tif")
        for note in found.notes:
            to_stderr(f"note: {file.path}: {note}")
        present = np.unique(found.labels[found.labels > 0])
        rows.append({"file": str(target), "labels": len(present), "share": float((found.labels > 0).mean())})
    emit({"folder": out, "files": rows}, json, human=rows)


def compare(
    images: list[Path] = images_argument,
    labels: list[Path] = labels_option,
    out: Path = typer.Option(..., "--out", "-o", help="Folder for logs, models and the table."),
    test: list[Path] = typer.Option(
        [], help="Pictures to judge on; several in a row. [the right half of each picture]"
    ),
    test_labels: list[Path] = typer.Option([], "--test-labels", help="Their labels, in the same order."),
    preset: SegmentPreset | None = preset_option,
    config: Path | None = config_option,
    selectors: list[Experiment] = typer.Option(list(Experiment), help="Which ones; several in a row. [all]"),
    seeds: list[int] = typer.Option([1, 2, 3], min=0, help="Several in a row."),
    steps: int = typer.Option(0, min=0, help="Steps of each training; 0: as the settings have it."),
    device: str = device_option,
    threads: int = threads_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Train every selector, E0 to E6, with several seeds on the same pictures and judge all on others.

    Without --test the left half of each picture is learnt from and the right one judges.
    Given again, it goes on: runs that are in the folder are not made twice.
    """
    from napari_hicstruct.workflows.segment.compare import CompareRequest, halves, iter_compare

    settings = _settings(preset, config, None, "", {"steps": steps or None})
    given = _samples(images, labels)
    if test or test_labels:
        learn, judge = given, _samples(test, test_labels)
    else:
        parts = [halves(sample) for sample in given]
        learn, judge = tuple(left for left, _ in parts), tuple(right for _, right in parts)
    names = tuple(one.value for one in selectors)
    request = CompareRequest(learn, judge, out, settings, names, tuple(seeds), device, threads or None)
    with terminated_as_interrupted():
        found = show_progress(iter_compare(request, _token()), quiet)
    rows = [{"selector": name, **_cells(figures)} for name, figures in found.summary.items()]
    to_stderr(f"mean (lowest to highest of {how_many(len(seeds), 'seed')}); best mean Dice: {found.best}")
    emit({"rows": found.rows, "summary": found.summary, "best": found.best}, json, human=rows)


def _cells(figures: dict[str, tuple[float, float, float]]) -> dict[str, str]:
    """What people read of a selector's figures: no range where all seeds agree, as one seed does."""
    cells = {}
    for key, (mean, low, high) in figures.items():
        whole = f"{mean:,.0f}" if key == "parameters" else f"{mean:.3g}"
        cells[key] = whole if low == high else f"{whole} ({low:.3g} to {high:.3g})"
    return cells


def _plain(figures: dict[str, float]) -> dict[str, Any]:
    """Figures of a training for people: counts as counts, and Dice of a single class once."""
    of_classes = [key for key in figures if key.startswith("dice/")]
    shown = {key: value for key, value in figures.items() if len(of_classes) > 1 or key not in of_classes}
    return {key: int(value) if key in _COUNTS else value for key, value in shown.items()}


def _token() -> Any:
    from napari_hicstruct.jobs import CancelToken

    return CancelToken()


def _settings(
    preset: SegmentPreset | None,
    config: Path | None,
    selector: Experiment | None,
    classes: str,
    changes: dict[str, Any],
) -> SegmentationConfig:
    from napari_hicstruct.config.segmentation import changed, segmentation_config, with_selector

    found = segmentation_config(preset_or_config(preset, config, SegmentPreset.GENERIC))
    names = tuple(name.strip() for name in classes.split(",")) if classes else None
    found = changed(found, classes=names, **changes)
    return found if selector is None else with_selector(found, selector.value)


def _samples(images: list[Path], labels: list[Path]) -> tuple[ImageSample, ...]:
    from napari_hicstruct.workflows.segment.image_files import read_image, read_labels
    from napari_hicstruct.workflows.segment.sample import ImageSample

    if len(images) != len(labels):
        text = f"given are {how_many(len(images), 'picture')}, and labels in {how_many(len(labels), 'file')}."
        raise ConfigError(text, hint="Give labels for each picture, in the same order.")
    files: list[ImageFile] = [read_image(path) for path in images]
    return tuple(ImageSample(str(f.path), f.image, read_labels(path)) for f, path in zip(files, labels, strict=True))
