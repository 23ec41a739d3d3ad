"""Gradient steps through more of the network, on windows around corrections and on replayed simulated maps: minutes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.config.leftovers import process_mark, remove_leftovers
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.finetune.examples import Example
from napari_hicstruct.workflows.finetune.job import Live
from napari_hicstruct.workflows.finetune.learners import Trained, in_fold, in_validation, may_teach, n_folds
from napari_hicstruct.workflows.finetune.score import ScoredExamples, Scorer

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.labels.corrections import Corrections

N_FOLDS = 2
WORK = "hicstruct-finetune."
"""How the names of folders begin in which windows and weights lie while they are learnt."""

N_REPLAY_MAPS = 3
"""Held-out simulated maps on which networks are compared; each takes a network several seconds."""

MIN_VALIDATION_CORRECTIONS = 40
"""With fewer in the validation regions the folds count, too; every fold is a training of its own."""


@dataclass(frozen=True, slots=True)
class GradientLearner:
    """Trains decoders, everything, or adapters.

    Parameters
    ----------
    net : MultiTaskNet
        Whose scores the examples have.
    scorer : Scorer
        Scores trained networks on the same bands.
    source : ContactSource
    corrections : Corrections
        What the examples come from; windows take labels from them (:mod:`.correction_regions`), and from the
        examples which of them may be learnt from.
    config : FinetuneConfig
    stop : CancelToken
        Ends the training early; the best so far is the result.
    """

    net: Any
    scorer: Scorer
    source: ContactSource
    corrections: Corrections
    config: FinetuneConfig
    stop: CancelToken

    def fit(self, examples: ScoredExamples) -> Generator[Progress, None, Trained]:
        """Train on all corrections; then on half the tiles at a time, for the comparison."""
        from napari_hicstruct.training.pool import iter_make_pool
        from napari_hicstruct.workflows.finetune.replay import POOL, pool_folder

        pool = yield from iter_make_pool(POOL, pool_folder(), token=self.scorer.token)
        folds = n_folds(examples, N_FOLDS, MIN_VALIDATION_CORRECTIONS)
        notes: tuple[str, ...] = ()
        remove_leftovers(Path(tempfile.gettempdir()), WORK)
        work = Path(tempfile.mkdtemp(prefix=f"{WORK}{process_mark()}-"))
        try:
            regions = yield from self._iter_save_regions(examples, may_teach, work / "model")
            state, steps = yield from self._iter_train(regions, pool, "model", self.stop)
            after = yield from self._iter_after(examples, state, examples.unseen(in_validation))
            if steps and folds:
                held_out, notes = yield from self._iter_folds(examples, pool, steps, work)
                after |= held_out
        finally:
            shutil.rmtree(work, ignore_errors=True)
        pair = yield from self._iter_replay_precision(state)
        return Trained(state, after, pair, steps, folds, notes=notes)

    def _iter_folds(
        self, examples: ScoredExamples, pool: list[Path], steps: int, work: Path
    ) -> Generator[Progress, None, tuple[dict[int, float], tuple[str, ...]]]:
        """Log-odds of corrections by networks that did not learn from their tiles, and what a person should know.

        If the model was stopped, the folds take the steps that it took; if they are stopped, what there is counts.
        """
        early = self.stop.cancelled
        max_steps, stop = (steps, CancelToken()) if early else (None, self.stop)
        found: dict[int, float] = {}
        for fold in range(N_FOLDS):
            keep = in_fold(fold, N_FOLDS, held_out=False)
            regions = yield from self._iter_save_regions(examples, keep, work / f"fold{fold}")
            name = f"fold {fold + 1} of {N_FOLDS}"
            state, reached = yield from self._iter_train(regions, pool, name, stop, max_steps)
            if reached:
                held_out = examples.unseen(in_fold(fold, N_FOLDS, held_out=True))
                found |= yield from self._iter_after(examples, state, held_out)
            if stop.cancelled:
                return found, ("Stopped during cross-validation: only what was compared by then counts.",)
        return found, ()

    def _iter_save_regions(
        self, examples: ScoredExamples, keep: Callable[[Example], bool], work: Path
    ) -> Generator[Progress, None, Regions]:
        """Write regions around the corrections that pass to ``work``."""
        from napari_hicstruct.training.dataset import save_region
        from napari_hicstruct.workflows.finetune.learners.correction_regions import iter_regions

        people = [one for one in examples.examples if one.corrected]
        kept = {one.record.uid for one in people} - {one.record.uid for one in people if not keep(one)}
        bands, token, weight = self.scorer.bands, self.scorer.token, self.config.rejected_weight
        mine = self.corrections.only(kept)
        regions = yield from iter_regions(self.source, mine, bands, token=token, rejected_weight=weight)
        paths = [work / f"region{k}.zarr" for k in range(len(regions))]
        for region, path in zip(regions, paths, strict=True):
            save_region(region, path)
        return Regions(work, paths, len(kept))

    def _iter_train(
        self, regions: Regions, pool: list[Path], name: str, stop: CancelToken, max_steps: int | None = None
    ) -> Generator[Progress, None, tuple[dict[str, Any], int]]:
        """Weights after learning from regions and replayed maps, in ``max_steps`` if given, and the steps they took."""
        from napari_hicstruct.training.gradient_tuning import Speed, iter_tune, train_config
        from napari_hicstruct.workflows.finetune.replay import FIRST_HELD_OUT_MAP, POOL

        config = self.config.model_copy(update={"steps": max_steps}) if max_steps else self.config
        recipe = train_config(self.net.config, config, POOL, regions.corrections)
        weights = {key: value.cpu() for key, value in self.net.state_dict().items()}
        speed, first = Speed(), FIRST_HELD_OUT_MAP
        learn = iter_tune(
            recipe, config, weights, (pool[:first] + regions.paths, pool[first:]), regions.folder / "run",
            device=self.scorer.device.type, token=self.scorer.token, stop=stop,
        )  # fmt: skip
        while True:
            try:
                step = next(learn)
            except StopIteration as ended:
                return ended.value
            yield _live(step, recipe.steps, name, speed)

    def _network(self, state: dict[str, Any]) -> Any:
        """The network with other weights, ready to score."""
        from napari_hicstruct.models.network import MultiTaskNet

        net = MultiTaskNet(self.net.config).to(self.scorer.device)
        net.load_state_dict(state)
        return net.eval()

    def _iter_after(
        self, examples: ScoredExamples, state: dict[str, Any], places: Sequence[int]
    ) -> Generator[Progress, None, dict[int, float]]:
        """Log-odds by which places are listed with other weights."""
        if not places:
            return {}
        records = [examples.at(k).record for k in places]
        scores = yield from self.scorer.iter_score(self._network(state), records)
        return {places[score.owner]: score.log_odds for score in scores}

    def _iter_replay_precision(self, state: dict[str, Any]) -> Generator[Progress, None, tuple[Any, Any]]:
        """Average precision on held-out simulated maps before and after."""
        from napari_hicstruct.workflows.finetune.replay import iter_precision

        device, token, clock = self.scorer.device, self.scorer.token, self.scorer.clock
        before = yield from iter_precision(self.net, device, N_REPLAY_MAPS, token=token, clock=clock)
        after = yield from iter_precision(self._network(state), device, N_REPLAY_MAPS, token=token, clock=clock)
        return before, after


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions around corrections, in files: their folder, where the training may work too, and from how many."""

    folder: Path
    paths: list[Path]
    corrections: int


def _live(step: Progress, steps: int, name: str, speed: Any) -> Progress:
    """A step of the engine as the Learn section reads it."""
    payload = step.payload or {}
    scores = payload.get("validation", {}) if "validation" in payload else {}
    losses = {} if scores else payload
    rate = speed.step() if losses else 0.0
    live = Live(int(step.done), steps, name, losses, scores.get("losses", {}), rate)
    return replace(step, stage=f"train {name}", payload=live)
