"""A fine-tune that a test drives: scripted backend, a lineage in memory, results with figures."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from napari_hicstruct.annotations.lineage import ModelEntry
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.labels.corrections import Corrections
from napari_hicstruct.plugin.state.models.finetune_request import LearnRequest
from napari_hicstruct.workflows.finetune.job import Figure, FinetuneJob, FinetuneResult, Live

BASE, CHILD = "b" * 64, "c" * 64


def figures() -> tuple[Figure, ...]:
    return (
        Figure("loop", "ranking", "cross-validation", 41, 0.71, 0.84, 0.05, 0.2),
        Figure("loop", "log loss", "cross-validation", 41, 0.61, 0.48, -0.2, -0.06, better=-1),
        Figure("tad", "ranking", "cross-validation", 12, 0.80, 0.79, -0.06, 0.05),
        Figure("loop", "average precision", "replay", 312, 0.62, 0.58, -0.05, -0.02),
    )


REASONS = {
    Verdict.BETTER: "It got better.",
    Verdict.NO_DIFFERENT: "It is as good as before.",
    Verdict.TOO_FEW: "Too few corrections to say that it got better.",
    Verdict.WORSE: "It got worse.",
}


def result(verdict: Verdict = Verdict.BETTER, *, stopped: bool = False) -> FinetuneResult:
    return FinetuneResult(
        verdict=verdict,
        reason=REASONS[verdict],
        figures=figures(),
        model="models/ft1",
        sha256=CHILD,
        label="tiny 0.1 ft 1",
        parent=BASE,
        parent_label="tiny 0.1",
        corrections=41,
        steps=91,
        seconds=63.0,
        stopped=stopped,
        notes=("Validation regions hold 6 corrections.",),
        details="Ranking rose from 0.71 to 0.84.",
    )


@dataclass
class Script:
    """Yields a Live per permit of ``gate``; then fails with ``error`` or gives its result."""

    steps: int = 4
    error: Exception | None = None
    refused: Exception | None = None
    unrecorded: Exception | None = None
    verdict: Verdict = Verdict.BETTER
    total: int = 41
    new: int = 6
    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    requests: list[LearnRequest] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    concluded: list[FinetuneResult] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    on_conclude: Any = None
    stored: tuple[FinetuneResult, str] | None = None

    def backend(self) -> Any:
        return SimpleNamespace(
            count_corrections=lambda _: (self.total, self.new),
            prepare=self.prepare,
            run=self.run,
            record=self.conclude,
            last_result=lambda _: self.stored,
        )

    def prepare(self, project: Any, source: Any, request: LearnRequest) -> FinetuneJob:
        self.requests.append(request)
        if self.refused is not None:
            raise self.refused
        return FinetuneJob(
            map_uri="tiny", corrections=Corrections(()), parent="tiny", start="tiny", out="ft1",
            name="tiny", version="0.1 ft 1",
        )  # fmt: skip

    def run(
        self, job: FinetuneJob, where: str, *, token: CancelToken, stop: CancelToken
    ) -> Generator[Progress, None, FinetuneResult]:
        self.places.append(where)
        clock = Clock()
        try:
            for step in range(1, self.steps + 1):
                while not self.gate.acquire(timeout=0.02):
                    token.check()
                    if stop.cancelled:
                        return result(self.verdict, stopped=True)
                token.check()
                validation = {"loop": 1.0 / step, "tad": 0.8 / step} if step % 2 == 0 else {}
                live = Live(step, self.steps, "model", {"loop": 2.0 / step, "tad": 1.5 / step}, validation, 3.25)
                yield clock.step("learning", step, self.steps, payload=live)
            if self.error is not None:
                raise self.error
            return result(self.verdict)
        finally:
            self.ended.set()

    def conclude(self, project: Any, job: FinetuneJob, outcome: FinetuneResult) -> FinetuneResult:
        if self.unrecorded is not None:
            raise self.unrecorded
        self.concluded.append(outcome)
        if self.on_conclude is not None:
            self.on_conclude(outcome)
        return outcome


def model_folder(folder: Path, sha256: str, name: str, version: str) -> Path:
    """A folder that can be described, though not run."""
    import json

    folder.mkdir(parents=True)
    tasks = [{"name": name} for name in ("loop", "stripe", "tad")]
    card = {"name": name, "version": version, "data": "41 corrections", "parent": "tiny 0.1"}
    text = {"format": 1, "sha256": sha256, "config": {"tasks": tasks}, "card": card}
    (folder / "model.json").write_text(json.dumps(text), encoding="utf-8")
    return folder


def add_model(
    project: Project, sha256: str, version: str, folder: Path, parent: str | None = None, *, use: bool = True
) -> None:
    """A model of a project and the run that made it."""
    card = {
        "name": "tiny",
        "version": version,
        "finetuned": {"corrections": 41, "taken": use, "reason": "it ranks better"},
    }
    lineage = project.lineage
    lineage.add(ModelEntry(sha256, "tiny", version, folder, parent, card))
    if parent is not None:
        run, done = lineage.start_run(parent, {"start": "base", "trainable": "all"}, 0), result()
        sides = {"before": done.side("before"), "after": done.side("after")}
        lineage.finish_run(run, child=sha256, taken=use, reason=done.reason, **sides)
    if use:
        lineage.use(sha256, "taken")
