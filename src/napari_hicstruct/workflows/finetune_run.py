"""One fine-tuning from start to verdict: read, look, learn, compare, write."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.errors import OutputError, ProjectError
from napari_hicstruct.evaluation.gate import (
    Heard,
    decide,
    levels,
    map_change,
    ranking_change,
    surprise_change,
)
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune_evidence import Bands, Evidence, iter_calls_in_blocks, iter_look, iter_read
from napari_hicstruct.workflows.finetune_job import Figure, FinetuneJob, FinetuneResult
from napari_hicstruct.workflows.finetune_rows import Row, absent, anchors, rows_of

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.labels.corrections import Judgements
    from napari_hicstruct.training.replay import Replay
    from napari_hicstruct.workflows.models import ModelInfo

FROZEN_ENOUGH, FROZEN_ENOUGH_FOR_HEADS = 40, 150
"""With fewer corrections in the frozen part, cross-validation over tiles speaks beside it: few cannot tell a better
model from a worse one.  For heads it costs nothing; else every fold is a training of its own."""


@dataclass(slots=True)
class Trained:
    """What learning came to.

    Attributes
    ----------
    state : dict of str to Tensor
        Weights of the new network.
    after : dict of int to float
        Log-odds as listed of unseen places (place among the evidence's sights) after learning.
    replay : (float64, float64) or None
        Average precision on replay maps before and after.
    steps : int
    folds : int
        Of the cross-validation; at least 1.
    candidates : Replay or None
        Replay candidates as the new network sees them, where that is known without another look.
    """

    state: dict[str, Any]
    after: dict[int, float]
    replay: tuple[Any, Any] | None
    steps: int
    folds: int = 1
    candidates: Replay | None = None


@dataclass(slots=True)
class FinetuneRun:
    """State of one run; :meth:`run` is called once.

    Attributes
    ----------
    net, parent_net : MultiTaskNet
        What is learnt from, and the model in use where that is another (else None).
    start, parent : ModelInfo
        Their folders.
    evidence : Evidence
        As ``net`` sees it.
    """

    job: FinetuneJob
    token: CancelToken
    stop: CancelToken
    clock: Clock
    notes: list[str] = field(default_factory=list)
    device: Any = None
    net: Any = None
    parent_net: Any = None
    start: ModelInfo = field(init=False)
    parent: ModelInfo = field(init=False)
    judged: Judgements = field(init=False)
    source: ContactSource = field(init=False)
    bands: Bands = field(default_factory=dict)
    evidence: Evidence = field(default_factory=lambda: Evidence((), ()))

    def run(self) -> Generator[Progress, None, FinetuneResult]:
        """Everything, in order."""
        from napari_hicstruct.workflows.finetune_learn import iter_gradients, iter_heads

        yield from self._open()
        yield from self._read()
        learn = iter_heads if self.job.config.trainable == "heads" else iter_gradients
        trained = yield from learn(self)
        yield self.clock.step("compare", 0, 0)
        heard = yield from self._heard(trained)
        return self._save(trained, self._result(trained, heard))

    # ------------------------------------------------------------------ what is learnt from
    def _open(self) -> Generator[Progress, None, None]:
        from napari_hicstruct.contacts import open_map
        from napari_hicstruct.inference.device import choose_device
        from napari_hicstruct.labels.corrections import judgements
        from napari_hicstruct.models.store import load_model
        from napari_hicstruct.workflows.models import describe_model

        yield self.clock.step("load model", 0, 0)
        self.device = choose_device(self.job.device)
        self.start, self.parent = describe_model(Path(self.job.start)), describe_model(Path(self.job.parent))
        self.net, _ = load_model(self.start.path, device=self.device)
        if self.parent.sha256 != self.start.sha256:  # a damaged one is better known before than after an hour
            self.parent_net, _ = load_model(self.parent.path, device=self.device)
        self.source = open_map(self.job.map_uri)
        self.judged = judgements(self.job.records, self.job.blocks)

    def _read(self) -> Generator[Progress, None, None]:
        config = self.job.config
        rows = rows_of(self.judged, self.job.frozen, hard=config.hard, pseudo=config.pseudo)
        if not any(row.person and not row.frozen for row in rows):
            raise ProjectError(
                "all corrections lie in the part of the map that is kept for validation.",
                hint="Correct some candidates elsewhere; the Learn section draws that part on the map.",
            )
        if config.trainable == "heads":
            rows += anchors(self.judged, self.job.frozen, config.anchor)
        chroms = [row.record.chrom for row in rows] + [block.rows.chrom for block in self.judged.blocks]
        self.bands = yield from iter_read(self.source, chroms, self.net.config, token=self.token, clock=self.clock)
        calls = yield from iter_calls_in_blocks(
            self.net, self.device, self.bands, self.judged, token=self.token, clock=self.clock
        )
        rows += absent(calls, self.judged, self.job.frozen)
        sights = yield from self.look(self.net, rows)
        self.evidence = Evidence(tuple(rows), tuple(sights))

    def look(self, net: Any, rows: list[Row]) -> Generator[Progress, None, list[Any]]:
        """What a network sees of rows."""
        records = [row.record for row in rows]
        return (yield from iter_look(net, self.device, self.bands, records, token=self.token, clock=self.clock))

    @property
    def corrections(self) -> int:
        """Judgements that may be learnt from."""
        return len({row.record.uid for row in self.evidence.rows if row.person and not row.frozen})

    def places(self, keep: Callable[[Row], bool]) -> list[int]:
        """Places of the evidence's sights that people judged and that pass."""
        rows, excused = self.evidence.rows, self.evidence.excused
        judged = [(k, rows[sight.owner]) for k, sight in enumerate(self.evidence.sights) if k not in excused]
        return [k for k, row in judged if row.person and keep(row)]

    def unseen(self, keep: Callable[[Row], bool]) -> list[int]:
        """Those of :meth:`places` that the start has not learnt either."""
        return self.places(lambda row: keep(row) and (row.frozen or row.record.uid not in self.job.learnt))

    @property
    def cross_validates(self) -> bool:
        """True if the frozen part alone cannot tell."""
        enough = FROZEN_ENOUGH_FOR_HEADS if self.job.config.trainable == "heads" else FROZEN_ENOUGH
        return len(self.unseen(lambda row: row.frozen)) < enough

    # ------------------------------------------------------------------ what came of it
    def _heard(self, trained: Trained) -> Generator[Progress, None, Heard]:
        """Unseen corrections before and after.

        In the frozen part *before* is the model in use.  In cross-validation it is the model that learning starts from:
        the one in use has learnt the corrections that the folds hold out, and proves nothing by knowing them.
        """
        sights, rows = self.evidence.sights, self.evidence.rows
        before = {k: sight.log_odds for k, sight in enumerate(sights)}
        if self.parent_net is not None:
            frozen = [k for k in sorted(trained.after) if rows[sights[k].owner].frozen]
            seen = yield from self.look(self.parent_net, [rows[sights[k].owner] for k in frozen])
            told = {frozen[s.owner]: s for s in seen}
            if any(k not in told or told[k].layer != sights[k].layer for k in frozen):
                raise ProjectError("the model in use has other tasks than the base model.", hint="Start from 'last'.")
            before |= {k: told[k].log_odds for k in frozen}
        places = sorted(trained.after)
        layers = self.evidence.layers
        stratum = np.array([layers.index(sights[k].layer) for k in places], np.int64)
        fold = np.array([-1 if (row := rows[sights[k].owner]).frozen else row.tile % trained.folds for k in places])
        change = np.array([trained.after[k] - before[k] for k in places], np.float64)
        return Heard(
            stratum,
            np.array([rows[sights[k].owner].there > 0.5 for k in places], bool),
            np.array([before[k] for k in places], np.float64),
            np.array([trained.after[k] for k in places], np.float64),
            np.array([sights[k].evidence - sights[k].offset for k in places], np.float64),
            levels(stratum, fold.astype(np.int64), change),
        )

    def _save(self, trained: Trained, result: FinetuneResult) -> FinetuneResult:
        """Write the new model, whole or not at all; none where the weights are those of the model in use."""
        from napari_hicstruct.config.files import in_place_of, output_error
        from napari_hicstruct.models.store import load_model, read_card, save_model
        from napari_hicstruct.training.replay import save_replay
        from napari_hicstruct.workflows.replay import FILE

        out = Path(self.job.out)
        card = dict(read_card(self.start.path)["card"])
        lineage = [*card.get("lineage", ()), f"{self.start.label} ({self.start.sha256[:12]})"]
        parent = {"name": self.start.label, "sha256": self.start.sha256}
        card |= {"name": self.job.name, "version": self.job.version, "parent": parent, "lineage": lineage}
        card["data"] = f"{self.corrections} corrections on {self.source.name}, from {self.start.label}"
        try:
            with in_place_of(out) as folder:
                save_model(folder, self.net.config, trained.state, card | {"finetuned": result.told()})
                load_model(folder)  # what was written can be read: else the old model stays in use
                if trained.candidates is not None:  # or the next round that starts here would simulate them again
                    save_replay(replace(trained.candidates, sha256=str(read_card(folder)["sha256"])), folder / FILE)
            sha256 = str(read_card(out)["sha256"])
            if sha256 == self.parent.sha256:
                shutil.rmtree(out)
        except OSError as error:
            raise output_error(out, error, what="the model could not be written") from error
        except OutputError as error:
            raise OutputError(error.message, where=out, hint=error.hint) from error
        finally:
            with contextlib.suppress(OSError):
                out.parent.rmdir()  # made for nothing, if it is empty
        result = replace(result, sha256=sha256, seconds=self.clock.step("", 0, 0).elapsed)
        return result if sha256 != self.parent.sha256 else self._unchanged(result)

    def _unchanged(self, result: FinetuneResult) -> FinetuneResult:
        """The result of corrections that lead to the model in use again."""
        reason = "Nothing new was learnt: these corrections give the model that is in use already."
        place, label = str(self.parent.path), self.parent.label
        return replace(result, taken=False, reason=reason, model=place, sha256=self.parent.sha256, label=label)

    def _result(self, trained: Trained, heard: Heard) -> FinetuneResult:
        """Figures and verdict; which weights it is comes with writing them."""
        replay = None if trained.replay is None else map_change(*trained.replay, n=len(trained.replay[0]))
        verdict = decide(heard, replay)
        on = "frozen part"
        if self.cross_validates:
            on = "frozen part and cross-validation"
            count = len({row.record.uid for row in self.evidence.rows if row.person and row.frozen})
            self.notes.append(
                f"{count} corrections lie in the frozen part, too few alone: cross-validation by tile speaks, too."
            )
        if self.job.learnt and not self.unseen(lambda row: not row.frozen):
            self.notes.append(f"{self.start.label} has learnt all of these corrections already.")
        figures = self._figures(heard, on)
        if replay is not None:
            values = (replay.before, replay.after, replay.low, replay.high)
            figures.append(Figure("all", "average precision", "replay", replay.n, *values))
        return FinetuneResult(
            taken=verdict.taken,
            reason=verdict.reason,
            figures=tuple(figures),
            model=self.job.out,
            sha256="",
            label=f"{self.job.name} {self.job.version}",
            parent=self.parent.sha256,
            parent_label=self.parent.label,
            corrections=self.corrections,
            steps=trained.steps,
            seconds=self.clock.step("", 0, 0).elapsed,
            stopped=self.stop.cancelled,
            notes=tuple(self.notes),
        )

    def _figures(self, heard: Heard, on: str) -> list[Figure]:
        """The before/after table: ranking and log loss, of each task and of all."""
        found = []
        names = [layer.split(".")[1] for layer in self.evidence.layers]
        parts: list[tuple[str, Any]] = [("all", np.ones(len(heard), bool))]
        parts += [(names[k], heard.stratum == k) for k in np.unique(heard.stratum)]
        for name, part in parts:
            some = heard.take(part)
            for measure, change, better in (
                ("ranking", ranking_change(some), 1),
                ("log loss", surprise_change(some), -1),
            ):
                values = (change.before, change.after, change.low, change.high)
                found.append(Figure(name, measure, on, change.n, *values, better))
        return found
