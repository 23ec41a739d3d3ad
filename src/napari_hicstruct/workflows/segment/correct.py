"""Learn from a person's corrections of a segmentation, and keep what was learnt only if it is no worse."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct import __version__
from napari_hicstruct.config.files import try_folder
from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.errors import LabelError
from napari_hicstruct.evaluation.acceptance import Decision, Verdict
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.segment.apply import slices_of
from napari_hicstruct.workflows.segment.samples import size_of, whole_labels

if TYPE_CHECKING:
    import torch

    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.segmentation.apply import PlaneOutput
    from napari_hicstruct.segmentation.corrections import Tile
    from napari_hicstruct.segmentation.planes import Plane
    from napari_hicstruct.segmentation.store import SegmentationModel

_RATE = 0.3
"""Share of the training's learning rate."""

_REPLAY_SHARE = 0.5
"""Of the crops: what the model was trained on."""


@dataclass(frozen=True, slots=True, eq=False)
class CorrectSegmentationRequest:
    """A picture, what the model said of it, and what a person made of that.

    Attributes
    ----------
    image : ndarray
        As in :class:`~napari_hicstruct.workflows.segment.apply.SegmentRequest`.
    before, after : ndarray
        Labels as segmented, and as painted; of one shape.
    reviewed : bool ndarray, optional
        Where a person has looked, corrected or not.  Default: what changed, and a margin around it.
    model : Path
        The model that segmented.
    store : Path
        Folder that gets the new model, as a folder of its own.
    steps : int
        Of the fine-tuning.
    device : str
    threads : int, optional
    """

    image: NDArray[Any]
    before: NDArray[Any]
    after: NDArray[Any]
    model: Path
    store: Path
    reviewed: NDArray[np.bool_] | None = None
    steps: int = 150
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class CorrectedSegmentation:
    """What came of it.

    Attributes
    ----------
    taken : bool
        Whether the new model comes into use.
    verdict : str
        ``better``, ``no different``, ``too few to say`` or ``worse``, by corrections that were not learnt from.
    reason : str
        The same as one sentence.
    details : str
        The numbers that it rests on.
    before, after : dict of str to float
        Figures of the parent and of the new model: ``dice`` and ``accuracy`` on held-out tiles of the corrections,
        ``replay_dice`` on the picture that the parent was trained on.
    model : Path
        The model in use from now on: the new one if it was taken, else the parent.
    parent : Path
        The model before; to roll back is to choose it.
    seconds : float
    """

    taken: bool
    verdict: str
    reason: str
    details: str
    before: dict[str, float]
    after: dict[str, float]
    model: Path
    parent: Path
    seconds: float
    notes: tuple[str, ...] = field(default=())


def iter_correct_segmentation(
    request: CorrectSegmentationRequest, token: CancelToken, stop: CancelToken | None = None
) -> Generator[Progress, None, CorrectedSegmentation]:
    """Fine-tune on the corrections, judge both models on tiles that were held out, take the new one or not.

    Yields
    ------
    Progress
        Stages ``learn`` and ``judge``; payload of a step as in
        :func:`~napari_hicstruct.workflows.segment.train.iter_train_segmentation`.

    Raises
    ------
    LabelError
        If nothing was corrected, or shapes do not agree.
    ModelError, OutputError, Cancelled
    """
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.segmentation.corrections import MIN_TILES, split_tiles
    from napari_hicstruct.segmentation.store import load_segmentation

    started = time.monotonic()
    device = choose_device(request.device)
    model = load_segmentation(request.model, device=device)
    given = _given(request, model)
    try_folder(request.store)
    learn, judge = split_tiles(given.tiles, model.config.seed)
    with torch_threads(request.threads or 0):
        if len(given.tiles) < MIN_TILES or not judge:
            return _too_few(request, given, started)
        one = _Correction(request, model, given, device)
        first = yield from one.fit(learn, token, stop)
        yield Clock().step("judge", 0, 1)
        decision, figures = one.judge(first, judge)
        if not decision.verdict.is_taken:
            return _result(request, decision, figures, None, started, given.notes)
        # what was judged had not seen a third of the corrections; what is kept learns from all of them
        last = yield from one.fit(given.tiles, token, stop)
        yield Clock().step("judge", 1, 1)
        chosen = last if one.remembers(last) else first
        folder = one.save(chosen, decision, figures)
        return _result(request, decision, figures, folder, started, given.notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Corrections as planes: inputs, labels as painted, where a person looked and what changed; tiles and notes."""

    inputs: list[NDArray[np.float32]]
    labels: list[NDArray[Any]]
    weights: list[NDArray[np.float32]]
    tiles: list[Tile]
    notes: tuple[str, ...]


def _given(request: CorrectSegmentationRequest, model: SegmentationModel) -> _Given:
    """Check what is given, and cut it into planes and tiles; slices where nobody looked are left out."""
    from napari_hicstruct.segmentation.corrections import CORRECTED_WEIGHT, reviewed_around, tiles_of
    from napari_hicstruct.segmentation.planes import channel_limits, scaled

    slices = slices_of(np.asarray(request.image), model.config.channels)
    before, after = (whole_labels("the segmentation", np.asarray(one)) for one in (request.before, request.after))
    arrays = {"before": before, "after": after}
    if request.reviewed is not None:
        arrays["reviewed"] = np.asarray(request.reviewed, bool)
    for name, one in arrays.items():
        if one.shape not in (slices.shape[:3], slices.shape[1:3]):
            text = f"'{name}' is {size_of(one.shape)}, the picture {size_of(slices.shape[:3])}."
            raise LabelError(text, where="the corrections", hint="Correct the labels of this picture.")
    before, after = (one.reshape(slices.shape[:3]) for one in (before, after))
    _check_values(after, model)
    changed = before != after
    seen = arrays.get("reviewed")
    reviewed = [reviewed_around(plane) for plane in changed] if seen is None else list(seen.reshape(changed.shape))
    if not any(plane.any() for plane in reviewed):
        raise LabelError("nothing was corrected.", hint="Paint on the labels, or mark what you have reviewed.")
    limits = channel_limits(slices, model.config.low, model.config.high)
    used = [z for z, plane in enumerate(reviewed) if plane.any()]
    weights = [np.where(changed[z], CORRECTED_WEIGHT, 1.0) * reviewed[z] for z in used]
    return _Given(
        [scaled(slices[z], limits) for z in used],
        [after[z] for z in used],
        [one.astype(np.float32) for one in weights],
        tiles_of([reviewed[z] for z in used], [changed[z] for z in used]),
        (),
    )


def _check_values(after: NDArray[Any], model: SegmentationModel) -> None:
    if model.values and (unknown := np.setdiff1d(after, [0, *model.values])).size:
        named = ", ".join(f"{v} ({n})" for v, n in zip(model.values, model.classes, strict=True))
        text = f"the corrections hold the label {unknown[0]}, which is no class of the model."
        raise LabelError(text, hint=f"Its classes are {named}; for new ones train on this picture.")


class _Correction:
    """One fine-tuning: planes of the corrections and of what the model was trained on, fits, judgments."""

    def __init__(
        self, request: CorrectSegmentationRequest, model: SegmentationModel, given: _Given, device: torch.device
    ) -> None:
        from napari_hicstruct.segmentation.replay import load_replay

        self.request, self.model, self.given, self.device = request, model, given, device
        self.config = _finetune_config(model.config, request.steps)
        self.replay = load_replay(model.path if model.path.is_dir() else Path(), model.config, model.values)

    def planes(self, tiles: Sequence[Tile]) -> list[Plane]:
        """Planes of the corrections of which only ``tiles`` are known; those that judge are held out."""
        from napari_hicstruct.segmentation.planes import make_plane

        found = []
        for k, x in enumerate(self.given.inputs):
            inside = np.zeros(x.shape[1:], bool)
            for tile in (tile for tile in tiles if tile.plane == k):
                inside[tile.at] = True
            found.append(
                make_plane(x, self.given.labels[k], self.given.weights[k], self.model.values, self.config, ~inside)
            )
        return found

    def fit(
        self, tiles: Sequence[Tile], token: CancelToken, stop: CancelToken | None
    ) -> Generator[Progress, None, MultiTaskNet]:
        """Fine-tune on these tiles and what the model was trained on.

        The best weights are chosen on what is learnt from and on the training's held-out part, never on what judges.
        """
        from napari_hicstruct.models.network import MultiTaskNet
        from napari_hicstruct.segmentation.crops import CropStream, validation_batches
        from napari_hicstruct.segmentation.planes import swapped
        from napari_hicstruct.segmentation.train import CropRun, iter_train_crops
        from napari_hicstruct.training.checkpoint import load_checkpoint
        from napari_hicstruct.training.state import open_fabric

        own = [plane for plane in self.planes(tiles) if (plane.known > 0).any()]
        learnt = [float((plane.known > 0).sum()) for plane in own]
        kept = [float((plane.known > 0).sum()) for plane in self.replay]
        shares = _shares(learnt, 1 - _REPLAY_SHARE if kept else 1.0) + _shares(kept, _REPLAY_SHARE)
        validation = validation_batches([swapped(plane) for plane in own], self.config)
        validation += validation_batches(self.replay, self.config)
        with tempfile.TemporaryDirectory() as folder:
            stream = CropStream([*own, *self.replay], self.config, shares)
            weights = self.model.net.state_dict()
            fabric = open_fabric(self.device.type)
            what = CropRun(stream, validation, Path(folder), token, stop, weights, fabric, "learn")
            best = yield from iter_train_crops(self.config, what)
            net = MultiTaskNet(self.config.model)
            net.load_state_dict(load_checkpoint(best)["net"])
        return net.to(self.device).eval()

    def judge(self, net: MultiTaskNet, tiles: Sequence[Tile]) -> tuple[Decision, _Figures]:
        """Both models on tiles that were not learnt from, and on what the parent was trained on."""
        from napari_hicstruct.evaluation.mask_acceptance import Agreement, judge_tiles, tile_change
        from napari_hicstruct.segmentation.corrections import MIN_TILES, relative_change, run_plane, tile_errors

        planes = self.planes(tiles)
        errors: dict[str, NDArray[np.float64]] = {}
        figures: _Figures = {}
        for name, one in (("before", self.model.net), ("after", net)):
            said = [run_plane(one, plane.x, self.config, self.device) for plane in planes]
            truncate = self.config.targets.truncate
            rows = [tile_errors(said[tile.plane], planes[tile.plane], tile, truncate) for tile in tiles]
            errors[name] = np.asarray(rows, np.float64)
            accuracy, figures[name] = _accuracy(said, planes, tiles, self.config)
            figures[name]["replay_dice"] = self._replay_dice(one)
        change = tile_change(relative_change(errors["before"], errors["after"]))
        replay = (figures["before"]["replay_dice"], figures["after"]["replay_dice"])
        agreement = Agreement(accuracy, _commonest(planes))
        kept = None if math.isnan(replay[0]) else replay
        return judge_tiles(change, kept, min_tiles=MIN_TILES // 3, agreement=agreement), figures

    def _replay_dice(self, net: MultiTaskNet) -> float:
        """Dice on held-out pixels of the training's crops; NaN without any."""
        from napari_hicstruct.segmentation.corrections import run_plane
        from napari_hicstruct.segmentation.figures import mean_figures, plane_figures

        found = []
        for plane in self.replay:
            if (plane.held_out > 0).any():
                said = run_plane(net, plane.x, self.config, self.device)
                known = plane.held_out > 0
                found.append(plane_figures(said, plane.labels, self.config, self.model.values, known))
        return mean_figures(found).get("dice", math.nan)

    def remembers(self, net: MultiTaskNet) -> bool:
        """Whether it still knows what the parent was trained on."""
        from napari_hicstruct.evaluation.acceptance import MIN_REPLAY_AP_RATIO

        before, after = self._replay_dice(self.model.net), self._replay_dice(net)
        return math.isnan(before) or after >= MIN_REPLAY_AP_RATIO * before

    def save(self, net: MultiTaskNet, decision: Decision, figures: _Figures) -> Path:
        """Write the new model beside its parents, with its own crops for the next corrections."""
        from napari_hicstruct.segmentation.replay import save_replay
        from napari_hicstruct.segmentation.store import save_segmentation

        card = self.model.card
        folder = _free(self.request.store, str(card.get("name") or "segmentation"))
        mine = {
            "parent": str(self.request.model),
            "verdict": decision.verdict.value,
            "metrics": {"corrections": figures},
            "corrections": len(self.given.tiles),
            "made_with": f"napari-hicstruct {__version__}",
        }
        save_replay(folder, [*self.planes(self.given.tiles), *self.replay], self.model.config)
        save_segmentation(folder, self.model.config, net.state_dict(), self.model.values, {**card, **mine})
        return folder


_Figures = dict[str, dict[str, float]]


def _finetune_config(config: SegmentationConfig, steps: int) -> SegmentationConfig:
    changes = {
        "steps": steps,
        "learning_rate": _RATE * config.learning_rate,
        "warmup": min(10, steps),
        "validate_every": max(10, steps // 5),
        "average": 0.9,
        "patience": 0,
    }
    return config.model_copy(update=changes)


def _shares(sizes: Sequence[float], total: float) -> list[float]:
    return [total * size / sum(sizes) for size in sizes]


def _accuracy(
    said: Sequence[PlaneOutput], planes: Sequence[Plane], tiles: Sequence[Tile], config: SegmentationConfig
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Share of right pixels by tile; and over all tiles, with the Dice of what is no background."""
    from napari_hicstruct.segmentation.objects import class_labels

    numbers = tuple(range(1, max(1, len(config.classes)) + 1))
    classes = [class_labels(one, numbers, softmax=config.activation == "softmax") for one in said]
    counts = []
    for tile in tiles:
        known = planes[tile.plane].known[tile.at] > 0
        found, mask = classes[tile.plane][tile.at], planes[tile.plane].mask[tile.at]
        right = known & (found == mask)
        both = 2 * (right & (found > 0)).sum()
        counts.append((right.sum(), known.sum(), both, (known & (found > 0)).sum() + (known & (mask > 0)).sum()))
    table = np.asarray(counts, np.float64)
    right, total, both, either = map(float, table.sum(0))
    figures = {"accuracy": right / total if total else math.nan, "dice": both / either if either else math.nan}
    return table[:, 0] / np.maximum(table[:, 1], 1), figures


def _commonest(planes: Sequence[Plane]) -> float:
    """Share of the commonest label among known pixels."""
    known = np.concatenate([plane.mask[plane.known > 0] for plane in planes])
    return float(np.bincount(known).max() / len(known))


def _free(store: Path, name: str) -> Path:
    k = 1
    while (store / f"{name}-corrected-{k}").exists():
        k += 1
    return store / f"{name}-corrected-{k}"


def _too_few(request: CorrectSegmentationRequest, given: _Given, started: float) -> CorrectedSegmentation:
    from napari_hicstruct.segmentation.corrections import MIN_TILES, TILE_PX

    reason = (
        f"Too few corrections to say whether it gets better: they lie in {how_many(len(given.tiles), 'tile')} of "
        f"{TILE_PX} × {TILE_PX} pixels, {MIN_TILES} are needed."
    )
    return _result(request, Decision(Verdict.TOO_FEW, reason), {}, None, started, given.notes)


def _result(
    request: CorrectSegmentationRequest,
    decision: Decision,
    figures: _Figures,
    folder: Path | None,
    started: float,
    notes: tuple[str, ...],
) -> CorrectedSegmentation:
    return CorrectedSegmentation(
        folder is not None,
        decision.verdict.value,
        decision.reason,
        decision.details,
        figures.get("before", {}),
        figures.get("after", {}),
        request.model if folder is None else folder,
        request.model,
        time.monotonic() - started,
        notes,
    )
