"""Fine-tuning of last layers, from a project to a project."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import Project, Status
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.labels.corrections import read_corrections
from napari_hicstruct.models.store import load_model
from napari_hicstruct.training.replay import Replay, load_replay
from napari_hicstruct.workflows.finetune import (
    count_corrections,
    iter_finetune,
    last_result,
    model_in_use,
    record_result,
    replay,
)
from napari_hicstruct.workflows.finetune.examples import teaching_examples
from napari_hicstruct.workflows.finetune.job import FinetuneJob, FinetuneResult, Live
from napari_hicstruct.workflows.finetune.learners import in_validation, may_teach
from napari_hicstruct.workflows.finetune.learners.heads import HeadLearner
from napari_hicstruct.workflows.finetune.models import LoadedModels, load_models
from napari_hicstruct.workflows.finetune.record import as_recorded
from napari_hicstruct.workflows.finetune.replay import iter_replay
from napari_hicstruct.workflows.finetune.score import ScoredExamples, Scorer, iter_read_bands, iter_score_examples
from napari_hicstruct.workflows.models import ModelInfo
from tests.unit.finetune.kit import CHROM, HELD_OUT, judged, loop, new_project, prepared, source, stripe, verdict

SOFT = FinetuneConfig(ridge=3.0)
"""Learns visibly from few corrections."""


def tune(project: Project, config: FinetuneConfig = SOFT, **changes: object) -> tuple[FinetuneJob, FinetuneResult]:
    job = prepared(project, config, **changes)
    return job, drain(iter_finetune(job))


@dataclass(frozen=True)
class Opened:
    """A job that has read and scored its corrections."""

    models: LoadedModels
    scorer: Scorer
    examples: ScoredExamples
    learner: HeadLearner


def opened(job: FinetuneJob) -> Opened:
    token, clock, models = CancelToken(), Clock(), load_models(job)
    said = job.corrections
    teaching = teaching_examples(said, job.config)
    bands = drain(iter_read_bands(source(), [CHROM], models.net.config, token=token, clock=clock))
    scorer = Scorer(models.device, bands, token, clock)
    examples = drain(iter_score_examples(teaching, said, models.net, scorer, learnt=job.learnt))
    return Opened(models, scorer, examples, HeadLearner(models.net, models.start, job.config, token, clock))


@pytest.mark.parametrize("taken", [True, False])
def test_the_child_comes_into_use_if_it_is_taken_and_is_a_branch_if_not(
    project: Project, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    verdict(monkeypatch, taken)
    parent = model_in_use(project)
    assert count_corrections(project) == (52, 52)
    job, result = tune(project)
    assert result.taken is taken
    entry = record_result(project, job, result)
    current, lineage = project.lineage.current(), project.lineage
    assert current is not None
    assert current.sha256 == (result.sha256 if taken else parent.sha256)
    assert [m.sha256 for m in lineage.lineage_of(result.sha256)] == [parent.sha256, result.sha256]
    assert all(m.folder.parent == project.models_folder for m in lineage.models())
    assert (entry.folder, entry.version) == (project.models_folder / "tiny-0.3+ft1", "0.3+ft1")
    (run,) = lineage.runs()
    assert (run.parent, run.child, run.taken, run.reason) == (parent.sha256, result.sha256, taken, "the test says so")
    assert run.before == result.side("before")
    assert run.after == result.side("after")
    assert count_corrections(project) == (52, 0)
    load_model(model_in_use(project).path)
    card = json.loads((entry.folder / "model.json").read_text())["card"]
    assert card["finetuned"]["corrections"] == result.corrections
    assert card["finetuned"]["after"] == result.side("after")
    assert card["parent"]["sha256"] == parent.sha256


def test_figures_and_live_steps(project: Project) -> None:
    steps = []
    result = drain(iter_finetune(prepared(project, SOFT)), steps.append)
    measures = {(f.what, f.measure) for f in result.figures}
    assert {(task, m) for task in ("all", "loop", "stripe", "tad") for m in ("ranking", "log loss")} <= measures
    (forgotten,) = (f for f in result.figures if f.on == "replay")
    assert 0 < forgotten.before <= 1
    assert 0 < forgotten.after <= 1
    ranking = next(f for f in result.figures if (f.what, f.measure) == ("all", "ranking"))
    assert 0 <= ranking.before <= 1
    assert ranking.low <= ranking.high
    lives = [step.payload for step in steps if isinstance(step.payload, Live)]
    assert [live.training for live in lives] == [f"fold {k} of 5" for k in range(1, 6)] + ["model"]
    assert set(lives[-1].losses) == {"loop", "stripe", "tad"}
    assert any("compared in turns" in note for note in result.notes)
    assert result.corrections < 52  # those in the validation regions only judge


def test_the_changed_network_gives_what_the_fit_predicted(project: Project) -> None:
    run = opened(prepared(project, SOFT))
    trained = drain(run.learner.fit(run.examples))
    replay_set = drain(iter_replay(run.models.start, token=CancelToken()))
    changes = run.learner.fit_heads(run.examples, replay_set, may_teach)
    assert len(changes) == 3
    net, _ = load_model(run.models.start.path)
    net.load_state_dict(trained.state)
    seen = drain(run.scorer.iter_score(net.eval(), [one.record for one in run.examples.examples]))
    moved = 0
    for old, new in zip(run.examples.scores, seen, strict=True):
        change = changes[old.layer]
        assert (old.owner, old.layer) == (new.owner, new.layer)
        if np.allclose(old.features, new.features, atol=1e-6):  # the best pixel in reach is still the same
            expected = (1 + change.slope) * old.logit + old.features @ change.weight + change.bias
            assert new.logit == pytest.approx(expected, abs=2e-3)
            moved += abs(new.logit - old.logit) > 0.01
    assert moved >= 5


def test_what_lies_in_validation_regions_never_teaches(project: Project) -> None:
    job = prepared(project, SOFT)
    kept = drain(iter_replay(load_models(job).start, token=CancelToken()))
    said = job.corrections
    inside = [r for r in said.records if HELD_OUT[0].start < r.span.start]
    inside = [r for r in inside if r.span.end < HELD_OUT[0].end]
    assert inside
    flip = {Status.ACCEPTED: Status.REJECTED, Status.REJECTED: Status.ACCEPTED}
    turned = {r.uid: r.with_(status=flip[r.status]) for r in inside}
    fits = []
    other = read_corrections([turned.get(r.uid, r) for r in (*said.records, *said.open)], said.blocks)
    for corrections in (said, replace(other, validation_regions=HELD_OUT)):
        run = opened(replace(job, corrections=corrections))
        fits.append(run.learner.fit_heads(run.examples, kept, may_teach))
    assert fits[0].keys() == fits[1].keys()
    for layer, change in fits[0].items():
        assert (change.slope, change.bias) == (fits[1][layer].slope, fits[1][layer].bias)
        assert np.array_equal(change.weight, fits[1][layer].weight)


def test_the_second_starts_from_the_base_or_from_the_last(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, True)
    base = model_in_use(project)
    job, first = tune(project)
    record_result(project, job, first)
    mine = next(s for s in project.sets())
    more = [loop(1_200_000 + 60_000 * k, 150_000, status) for k, status in enumerate([Status.ACCEPTED] * 3)]
    project.add([r.with_(status=Status.PROPOSED) for r in more], set_id=mine.id, action="predict")
    project.set_status([r.uid for r in more], Status.ACCEPTED)
    assert count_corrections(project) == (55, 3)
    root = project.models_folder / "tiny-0.3"
    drain(iter_replay(base, token=CancelToken()))  # cached, if no test before made it

    def make(model: ModelInfo, *, token: CancelToken) -> Generator[Progress, None, Replay]:
        raise AssertionError("the child brings its own")

    monkeypatch.setattr(replay, "iter_make_replay", make)
    for number, (start, folder) in enumerate((("base", root), ("last", Path(first.model))), start=2):
        job, second = tune(project, SOFT.model_copy(update={"start": start}))
        assert Path(job.start) == folder
        assert Path(job.parent) == Path(first.model)
        learnt = {r.uid for r in project.query(statuses=[Status.ACCEPTED, Status.REJECTED])} - {r.uid for r in more}
        assert job.learnt == (learnt if start == "last" else set())
        assert job.version == f"0.3+ft{number}"  # the folder of a run that was not recorded is not taken again
        assert second.sha256 not in (first.sha256, base.sha256)
        assert second.parent == first.sha256
        if start == "base":
            continue
        record_result(project, job, second)
    assert [m.version for m in project.lineage.lineage_of(second.sha256)] == ["0.3", "0.3+ft1", "0.3+ft3"]


def test_a_child_of_heads_brings_replay_candidates_as_it_sees_them(project: Project) -> None:
    _, result = tune(project)
    child = load_replay(Path(result.model) / replay.FILE)
    assert child.sha256 == result.sha256
    state = load_model(Path(result.model))[0].state_dict()
    for layer, rows in child.rows.items():
        weight, bias = (state[f"{layer}.out.{part}"].numpy()[0].reshape(-1) for part in ("weight", "bias"))
        if layer.endswith(".loop"):  # boundaries also hear the TAD prior
            assert np.allclose(rows.features.astype(float) @ weight + bias, rows.logit, atol=0.05)
    old = drain(iter_replay(model_in_use(project), token=CancelToken()))
    assert not np.allclose(child.rows["fine_heads.loop"].logit, old.rows["fine_heads.loop"].logit, atol=0.05)


def test_what_the_start_has_learnt_proves_nothing(project: Project) -> None:
    job = prepared(project, SOFT)
    every = opened(job).examples
    unseen = set(every.unseen(lambda _: True))
    held_out = {k for k in unseen if in_validation(every.at(k))}
    assert held_out
    assert held_out < unseen
    judged_ones = frozenset(r.uid for r in job.corrections.records)
    knows = opened(replace(job, learnt=judged_ones)).examples
    assert set(knows.unseen(lambda _: True)) == held_out
    assert set(knows.corrected(lambda _: True)) == unseen  # they teach all the same


def test_going_on_from_a_model_that_has_learnt_all_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, True)
    job, first = tune(project)
    record_result(project, job, first)
    _, again = tune(project, SOFT.model_copy(update={"start": "last"}))
    assert "tiny 0.3+ft1 has learnt all of these corrections already." in again.notes
    assert not any("already" in note for note in first.notes)


def test_the_same_corrections_again_teach_nothing_new(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, True)
    base = model_in_use(project)
    job, first = tune(project)
    record_result(project, job, first)
    job, again = tune(project)
    assert not again.taken
    assert "Nothing new" in again.reason
    assert not Path(job.out).exists()
    assert record_result(project, job, again).folder == Path(first.model)
    assert project.lineage.current().sha256 == first.sha256  # type: ignore[union-attr]
    project.lineage.use(base.sha256, "rolled back")  # from there the same corrections lead to the same model
    job, third = tune(project)
    assert third.sha256 == first.sha256
    assert Path(job.out).exists()
    assert third.label == "tiny 0.3+ft3"
    entry = record_result(project, job, third)
    kept = as_recorded(third, entry)
    assert (kept.label, kept.model) == (first.label, first.model)
    assert "no tiny 0.3+ft3 was made" in kept.notes[-1]
    assert as_recorded(first, entry) == first
    assert entry.folder == Path(first.model)
    assert not Path(job.out).exists()
    assert sorted(p.name for p in project.models_folder.iterdir()) == ["tiny-0.3", "tiny-0.3+ft1"]
    assert len(project.lineage.runs()) == 3


@pytest.mark.parametrize("taken", [True, False])
def test_the_last_fine_tune_is_read_back_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    assert last_result(project) is None
    verdict(monkeypatch, taken)
    job, result = tune(project)
    record_result(project, job, result)
    found = last_result(project)
    assert found is not None
    again, when = found
    assert when == project.lineage.runs()[-1].finished
    assert again == replace(result, seconds=again.seconds)
    assert again.seconds == pytest.approx(result.seconds, abs=30)  # the card is written before the end
    if taken:
        job, same = tune(project)
        record_result(project, job, same)
        again, _ = last_result(project)  # type: ignore[misc]
        assert (again.is_new, again.reason) == (False, same.reason)


def test_a_run_that_came_back_to_the_base_has_taught_it_nothing(tmp_path: Path) -> None:
    words = [loop(400_000 + 150_000 * k, 150_000, Status.ACCEPTED) for k in range(8)]
    words += [stripe(700_000 + 400_000 * k, status=Status.REJECTED) for k in range(4)]
    with new_project(tmp_path, words) as project:
        job, result = tune(project)
        assert result.sha256 == result.parent  # nothing was both accepted and rejected
        record_result(project, job, result)
        assert prepared(project, SOFT).learnt == set()


def test_a_kind_of_one_word_stays_and_says_so(tmp_path: Path) -> None:
    records = [r if r.kind.value == "loop" else r.with_(status=Status.ACCEPTED) for r in judged()]
    with new_project(tmp_path, records) as project:
        job, result = tune(project)
    assert "stripes, TADs: only accepted ones outside the validation regions, so unchanged." in result.notes
    old, new = (load_model(Path(folder))[0].state_dict() for folder in (job.parent, result.model))
    changed = {name for name in old if not np.array_equal(old[name], new[name])}
    assert changed == {f"{head}.loop.out.{part}" for head in ("fine_heads",) for part in ("weight", "bias")}
