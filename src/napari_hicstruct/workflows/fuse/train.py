"""Training of a fusion network: pairs from sharp pictures, or from maps; a model folder comes of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.files import try_folder, writing
from napari_hicstruct.errors import ConfigError, OutputError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.fuse.requests import TrainFusionRequest

if TYPE_CHECKING:
    from napari_hicstruct.fusion.training import PairSource, Terms

RUN, LOG = "training", "log.jsonl"
"""Folder inside the model's, with checkpoint and log."""


@dataclass(frozen=True)
class TrainedFusion:
    """A trained network.

    Attributes
    ----------
    model : Path
        Its folder.
    figures : dict
        Losses on pairs that training did not see.
    notes : tuple of str
    """

    model: Path
    figures: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def iter_train_fusion_model(
    request: TrainFusionRequest, token: CancelToken | None = None, stop: CancelToken | None = None
) -> Generator[Progress, None, TrainedFusion]:
    """Train and write the model folder; a generator of Progress with each step's losses as payload.

    Raises
    ------
    ConfigError, MapError
        If a picture or the device cannot be used.
    ModelError
        If ``start`` or the checkpoint does not fit the settings.
    OutputError
        If ``out`` cannot be written, or holds a model already.
    """
    from napari_hicstruct.fusion.training import FusionTrainOptions, iter_train_fusion
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.models.fusion.store import save_fusion

    token = token or CancelToken()
    _check_out(request)
    source, terms, about = _source(request)
    options = FusionTrainOptions(
        request.out / RUN, request.resume, choose_device(request.device), token, stop, _start(request)
    )
    with torch_threads(request.threads or 0):
        net, figures = yield from iter_train_fusion(request.config, source, terms, options)
    stopped = stop is not None and stop.cancelled
    save_fusion(request.out, request.config, net.state_dict(), _card(request, about, figures))
    notes = ("stopped before the last step: the network is what was learnt so far",) if stopped else ()
    return TrainedFusion(request.out, figures, notes)


def _check_out(request: TrainFusionRequest) -> None:
    if request.start is not None and request.resume:
        raise ConfigError("a run that goes on has its weights.", where="--start", hint="Leave out --start or --resume.")
    try_folder(request.out / RUN)
    if (request.out / "model.json").exists() and not (request.overwrite or request.resume):
        hint = "Choose another folder, or replace it with --overwrite."
        raise OutputError("holds a model already.", where=request.out, hint=hint)
    with writing(request.out):
        (request.out / RUN).mkdir(parents=True, exist_ok=True)
        if not request.resume:
            (request.out / RUN / LOG).unlink(missing_ok=True)


def _start(request: TrainFusionRequest) -> Any:
    from napari_hicstruct.errors import ModelError
    from napari_hicstruct.models.fusion.store import load_fusion

    if request.start is None:
        return None
    net, config, _ = load_fusion(request.start)
    if config.network != request.config.network:
        hint = "Give the same network in both settings."
        raise ModelError("is of another architecture than the settings.", where=request.start, hint=hint)
    return net.state_dict()


def _source(request: TrainFusionRequest) -> tuple[PairSource, Terms, dict[str, Any]]:
    """Pairs, loss and what the card says of them."""
    if request.config.preset == "hic":
        from napari_hicstruct.workflows.fuse.train_maps import map_source

        return map_source(request)
    from napari_hicstruct.fusion.pairs import PicturePairs
    from napari_hicstruct.losses.fusion.lytro import lytro_terms
    from napari_hicstruct.losses.fusion.microscopy import microscopy_terms
    from napari_hicstruct.workflows.fuse.pictures import packaged_pictures, read_pictures

    pictures = read_pictures(request.pictures) if request.pictures else packaged_pictures()
    terms = lytro_terms if request.config.preset == "lytro" else microscopy_terms
    losses = request.config.losses
    about = {
        "pictures": sorted(pictures),
        "truth_used": bool(losses.truth_mask or losses.truth_image or losses.truth_structure),
    }
    return PicturePairs(list(pictures.values()), request.config.train), terms, about


def _card(request: TrainFusionRequest, about: dict[str, Any], figures: dict[str, float]) -> dict[str, Any]:
    import napari_hicstruct

    return {
        "name": f"fusion {request.config.preset}",
        "version": napari_hicstruct.__version__,
        "trained_on": about,
        "start": None if request.start is None else request.start.name,
        "validation": {key: round(value, 5) for key, value in figures.items()},
    }
