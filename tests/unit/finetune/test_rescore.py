"""What a network sees at given places: linear in what its last layers read, and the same whoever stands beside."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_hicstruct.annotations import Annotation, Direction, Kind
from napari_hicstruct.errors import Cancelled, ModelError
from napari_hicstruct.evaluation.calibrate import maps_of
from napari_hicstruct.genome import Interval
from napari_hicstruct.inference.candidate_scorer import CandidateScorer
from napari_hicstruct.inference.candidate_scores import HeadScore, last_layer, mc_dropout_votes
from napari_hicstruct.jobs import CancelToken, Clock, drain
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import load_model
from napari_hicstruct.workflows import models
from napari_hicstruct.workflows.finetune.score import iter_read_bands
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from napari_hicstruct.workflows.rescore import iter_rescore, propose
from tests.unit.finetune.kit import CHROM, LENGTH, boundary, judged, loop, source, stripe, tad

RECORDS = [*judged(12), boundary(1_000_000), boundary(2_000_000), stripe(3_000_000, 900_000), loop(3_900_000, 90_000)]


@pytest.fixture(scope="module")
def net() -> MultiTaskNet:
    return load_model(find_model("tiny").path)[0]


@pytest.fixture(scope="module")
def scorer(net: MultiTaskNet) -> CandidateScorer:
    bands = drain(iter_read_bands(source(), [CHROM], net.config, token=CancelToken(), clock=Clock()))
    return CandidateScorer(net, torch.device("cpu"), *bands[CHROM])


@pytest.fixture(scope="module")
def together(scorer: CandidateScorer) -> list[HeadScore]:
    return scorer.score(RECORDS)


def weights(net: MultiTaskNet, layer: str) -> tuple[np.ndarray, float]:
    """Of the first output of a head's last layer."""
    out = last_layer(net, layer).state_dict()
    return out["weight"][0].numpy().reshape(-1), float(out["bias"][0])


def test_one_place_each_two_of_a_tad(together: list[HeadScore]) -> None:
    owners = [score.owner for score in together]
    assert {owners.count(k) for k, r in enumerate(RECORDS) if r.kind is Kind.TAD} == {2}
    assert {owners.count(k) for k, r in enumerate(RECORDS) if r.kind is not Kind.TAD} == {1}
    assert {score.layer for score in together} == {"fine_heads.loop", "heads.stripe", "heads.tad"}


def test_log_odds_are_linear_in_the_features(net: MultiTaskNet, together: list[HeadScore]) -> None:
    for score in together:
        weight, bias = weights(net, score.layer)
        assert score.features.shape == weight.shape
        assert score.logit == pytest.approx(float(score.features @ weight) + bias, abs=2e-3)


def test_the_same_alone_and_together(scorer: CandidateScorer, together: list[HeadScore]) -> None:
    for owner in (0, 5, 12, 18, 24, 27):
        alone = scorer.score([RECORDS[owner]])
        beside = [score for score in together if score.owner == owner]
        for one, other in zip(alone, beside, strict=True):
            assert one.layer == other.layer
            assert one.logit == pytest.approx(other.logit, abs=1e-3)
            assert np.allclose(one.features, other.features, atol=1e-3)


def test_without_fine_bins_the_coarse_head_speaks_of_loops(net: MultiTaskNet, scorer: CandidateScorer) -> None:
    coarse = CandidateScorer(net, torch.device("cpu"), None, scorer.coarse).score([loop(10**6)])
    assert [score.layer for score in coarse] == ["heads.loop"]
    weight, bias = weights(net, "heads.loop")
    assert coarse[0].logit == pytest.approx(float(coarse[0].features @ weight) + bias, abs=1e-3)


@pytest.mark.parametrize(("kind", "task", "near"), [(Kind.STRIPE, "stripe", 1.0), (Kind.BOUNDARY, "tad", 0.1)])
def test_odds_are_those_by_which_decoding_lists(scorer: CandidateScorer, kind: Kind, task: str, near: float) -> None:
    region = Interval(CHROM, 0, LENGTH)
    request = PredictRequest(regions=(region,), tasks=(task,), model="tiny", min_probability={task: 1e-3})
    calls = [r for r in predict(source(), request).annotations if r.kind is kind]
    assert len(calls) > 8
    score = np.array([r.score for r in calls]).clip(1e-4, 1 - 1e-4)
    listed = np.log(score / (1 - score))
    scores = {score.owner: score for score in scorer.score(calls)}
    odds = np.array([scores[k].log_odds for k in range(len(calls))])
    assert np.median(np.abs(odds - listed)) < near  # a stripe is lengthened after it was scored
    assert np.corrcoef(odds, listed)[0, 1] > 0.7
    raw = np.array([scores[k].logit for k in range(len(calls))])
    assert np.median(np.abs(raw - listed)) > 2 * np.median(np.abs(odds - listed))


def test_odds_of_a_stripe_without_direction_and_of_a_very_short_one(scorer: CandidateScorer) -> None:
    down = stripe(1_500_000, 400_000)
    up = down.with_(anchor1=Interval(CHROM, 1_880_000, 1_900_000), direction=Direction.UP)
    for one in (down, up):
        said, silent = (scorer.score([r])[0] for r in (one, one.with_(direction=Direction.NONE)))
        assert silent.log_odds == pytest.approx(said.log_odds)
    short = scorer.score([stripe(1_500_000, 30_000)])[0]  # shorter than what decoding begins with
    assert abs(short.offset) < 4.5


def test_no_records_and_no_good_bins(net: MultiTaskNet, scorer: CandidateScorer) -> None:
    from dataclasses import replace

    assert scorer.score([]) == []
    empty = replace(scorer.coarse, weights=np.full(scorer.coarse.n_bins, np.nan, np.float32))
    assert CandidateScorer(net, torch.device("cpu"), None, empty).score([boundary(10**6)]) == []


def test_mc_dropout_votes_scatter_around_the_probability(net: MultiTaskNet, together: list[HeadScore]) -> None:
    votes = mc_dropout_votes(together, net, 2_000, drop=0.1)
    p = np.array([1 / (1 + np.exp(-score.log_odds)) for score in together])
    assert votes.shape == (len(together), 2_000)
    mean_logit = np.log(votes / (1 - votes)).mean(axis=1)
    assert np.allclose(mean_logit, [score.log_odds for score in together], atol=0.25)
    assert (votes.std(axis=1) > 0).all()
    assert np.abs(mc_dropout_votes(together, net, 16).mean(axis=1) - p).mean() < 0.1
    assert np.array_equal(mc_dropout_votes(together, net, 4), mc_dropout_votes(together, net, 4))


def test_seen_by_uid_a_tad_as_its_lesser_border(together: list[HeadScore]) -> None:
    other = loop(10**6)
    elsewhere = other.with_(
        anchor1=other.anchor1.__class__("chrX", 0, 10), anchor2=other.anchor2.__class__("chrX", 9, 19)
    )
    seen = drain(iter_rescore(source(), [*RECORDS, elsewhere], model="tiny", device="cpu"))
    assert seen.keys() == {record.uid for record in RECORDS}
    maps = maps_of(find_model("tiny").card)
    keys = {Kind.LOOP: "loop@5000", Kind.STRIPE: "stripe", Kind.TAD: "boundary", Kind.BOUNDARY: "boundary"}
    for k, record in enumerate(RECORDS):
        scores = [(1 / (1 + np.exp(-score.log_odds)), score.noise) for score in together if score.owner == k]
        assert all((noise > 0) == (record.kind in (Kind.TAD, Kind.BOUNDARY)) for _, noise in scores)
        own = [float(maps[keys[record.kind]].apply(*score)) for score in scores]  # as in the model's own lists
        assert seen[record.uid].probability == pytest.approx(min(own), abs=1e-4)
        assert seen[record.uid].features.dtype == np.float32
        assert len(seen[record.uid].votes) == 16


def test_a_look_can_be_cancelled() -> None:
    token = CancelToken()
    job = iter_rescore(source(), RECORDS, model="tiny", device="cpu", token=token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        drain(job)


def test_a_model_that_reads_tracks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    info = replace(find_model("tiny"), tracks=("ctcf",))
    monkeypatch.setattr(models, "find_model", lambda _: info)
    with pytest.raises(ModelError, match=r"tracks.*Choose another model"):
        drain(iter_rescore(source(), RECORDS, model="tiny", device="cpu"))


def test_proposals_are_what_nobody_called() -> None:
    known = [loop(10**6), tad(2 * 10**6, 25 * 10**5), stripe(10**6)]
    calls: list[Annotation] = [
        loop(1_015_000), loop(1_030_000), tad(2_010_000, 2_490_000), tad(2_000_000, 2_600_000),
        stripe(1_010_000, 900_000), boundary(10**6),
    ]  # fmt: skip
    assert propose(calls, known) == [calls[1], calls[3], calls[5]]
    assert propose(calls, []) == calls
