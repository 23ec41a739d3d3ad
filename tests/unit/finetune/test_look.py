"""What a network sees at given places: linear in what its last layers read, and the same whoever stands beside."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_hicstruct.annotations import Annotation, Direction, Kind
from napari_hicstruct.errors import Cancelled, ModelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.inference.look import Looker
from napari_hicstruct.inference.sight import Sight, dropped_votes, last_layer
from napari_hicstruct.jobs import CancelToken, Clock, drain
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import load_model
from napari_hicstruct.workflows import models
from napari_hicstruct.workflows.finetune.score import iter_read_bands
from napari_hicstruct.workflows.look import iter_seen, propose
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from tests.unit.finetune.kit import CHROM, LENGTH, boundary, judged, loop, source, stripe, tad

RECORDS = [*judged(12), boundary(1_000_000), boundary(2_000_000), stripe(3_000_000, 900_000), loop(3_900_000, 90_000)]


@pytest.fixture(scope="module")
def net() -> MultiTaskNet:
    return load_model(find_model("tiny").path)[0]


@pytest.fixture(scope="module")
def looker(net: MultiTaskNet) -> Looker:
    bands = drain(iter_read_bands(source(), [CHROM], net.config, token=CancelToken(), clock=Clock()))
    return Looker(net, torch.device("cpu"), *bands[CHROM])


@pytest.fixture(scope="module")
def together(looker: Looker) -> list[Sight]:
    return looker.sights(RECORDS)


def weights(net: MultiTaskNet, layer: str) -> tuple[np.ndarray, float]:
    """Of the first output of a head's last layer."""
    out = last_layer(net, layer).state_dict()
    return out["weight"][0].numpy().reshape(-1), float(out["bias"][0])


def test_one_place_each_two_of_a_tad(together: list[Sight]) -> None:
    owners = [sight.owner for sight in together]
    assert {owners.count(k) for k, r in enumerate(RECORDS) if r.kind is Kind.TAD} == {2}
    assert {owners.count(k) for k, r in enumerate(RECORDS) if r.kind is not Kind.TAD} == {1}
    assert {sight.layer for sight in together} == {"fine_heads.loop", "heads.stripe", "heads.tad"}


def test_log_odds_are_linear_in_the_features(net: MultiTaskNet, together: list[Sight]) -> None:
    for sight in together:
        weight, bias = weights(net, sight.layer)
        assert sight.features.shape == weight.shape
        assert sight.logit == pytest.approx(float(sight.features @ weight) + bias, abs=2e-3)


def test_the_same_alone_and_together(looker: Looker, together: list[Sight]) -> None:
    for owner in (0, 5, 12, 18, 24, 27):
        alone = looker.sights([RECORDS[owner]])
        beside = [sight for sight in together if sight.owner == owner]
        for one, other in zip(alone, beside, strict=True):
            assert one.layer == other.layer
            assert one.logit == pytest.approx(other.logit, abs=1e-3)
            assert np.allclose(one.features, other.features, atol=1e-3)


def test_without_fine_bins_the_coarse_head_speaks_of_loops(net: MultiTaskNet, looker: Looker) -> None:
    coarse = Looker(net, torch.device("cpu"), None, looker.coarse).sights([loop(10**6)])
    assert [sight.layer for sight in coarse] == ["heads.loop"]
    weight, bias = weights(net, "heads.loop")
    assert coarse[0].logit == pytest.approx(float(coarse[0].features @ weight) + bias, abs=1e-3)


@pytest.mark.parametrize(("kind", "task", "near"), [(Kind.STRIPE, "stripe", 1.0), (Kind.BOUNDARY, "tad", 0.1)])
def test_odds_are_those_by_which_decoding_lists(looker: Looker, kind: Kind, task: str, near: float) -> None:
    region = Interval(CHROM, 0, LENGTH)
    request = PredictRequest(regions=(region,), tasks=(task,), model="tiny", least={task: 1e-3})
    calls = [r for r in predict(source(), request).annotations if r.kind is kind]
    assert len(calls) > 8
    score = np.array([r.score for r in calls]).clip(1e-4, 1 - 1e-4)
    listed = np.log(score / (1 - score))
    sights = {sight.owner: sight for sight in looker.sights(calls)}
    odds = np.array([sights[k].odds for k in range(len(calls))])
    assert np.median(np.abs(odds - listed)) < near  # a stripe is lengthened after it was scored
    assert np.corrcoef(odds, listed)[0, 1] > 0.75
    raw = np.array([sights[k].logit for k in range(len(calls))])
    assert np.median(np.abs(raw - listed)) > 2 * np.median(np.abs(odds - listed))


def test_odds_of_a_stripe_without_direction_and_of_a_very_short_one(looker: Looker) -> None:
    down = stripe(1_500_000, 400_000)
    up = down.with_(anchor1=Interval(CHROM, 1_880_000, 1_900_000), direction=Direction.UP)
    for one in (down, up):
        said, silent = (looker.sights([r])[0] for r in (one, one.with_(direction=Direction.NONE)))
        assert silent.odds == pytest.approx(said.odds)
    short = looker.sights([stripe(1_500_000, 30_000)])[0]  # shorter than what decoding begins with
    assert abs(short.offset) < 4.5


def test_no_records_and_no_good_bins(net: MultiTaskNet, looker: Looker) -> None:
    from dataclasses import replace

    assert looker.sights([]) == []
    empty = replace(looker.coarse, weights=np.full(looker.coarse.n_bins, np.nan, np.float32))
    assert Looker(net, torch.device("cpu"), None, empty).sights([boundary(10**6)]) == []


def test_dropped_votes_scatter_around_the_probability(net: MultiTaskNet, together: list[Sight]) -> None:
    votes = dropped_votes(together, net, 2_000, drop=0.1)
    p = np.array([1 / (1 + np.exp(-sight.odds)) for sight in together])
    assert votes.shape == (len(together), 2_000)
    mean_logit = np.log(votes / (1 - votes)).mean(axis=1)
    assert np.allclose(mean_logit, [sight.odds for sight in together], atol=0.25)
    assert (votes.std(axis=1) > 0).all()
    assert np.abs(dropped_votes(together, net, 16).mean(axis=1) - p).mean() < 0.1
    assert np.array_equal(dropped_votes(together, net, 4), dropped_votes(together, net, 4))


def test_seen_by_uid_a_tad_as_its_lesser_border(together: list[Sight]) -> None:
    other = loop(10**6)
    elsewhere = other.with_(
        anchor1=other.anchor1.__class__("chrX", 0, 10), anchor2=other.anchor2.__class__("chrX", 9, 19)
    )
    seen = drain(iter_seen(source(), [*RECORDS, elsewhere], model="tiny", device="cpu"))
    assert seen.keys() == {record.uid for record in RECORDS}
    for k, record in enumerate(RECORDS):
        own = [1 / (1 + np.exp(-sight.odds)) for sight in together if sight.owner == k]
        assert seen[record.uid].probability == pytest.approx(min(own), abs=1e-4)
        assert seen[record.uid].features.dtype == np.float32
        assert len(seen[record.uid].votes) == 16


def test_a_look_can_be_cancelled() -> None:
    token = CancelToken()
    job = iter_seen(source(), RECORDS, model="tiny", device="cpu", token=token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        drain(job)


def test_a_model_that_reads_tracks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    info = replace(find_model("tiny"), tracks=("ctcf",))
    monkeypatch.setattr(models, "find_model", lambda _: info)
    with pytest.raises(ModelError, match=r"tracks.*Choose another model"):
        drain(iter_seen(source(), RECORDS, model="tiny", device="cpu"))


def test_proposals_are_what_nobody_called() -> None:
    known = [loop(10**6), tad(2 * 10**6, 25 * 10**5), stripe(10**6)]
    calls: list[Annotation] = [
        loop(1_015_000), loop(1_030_000), tad(2_010_000, 2_490_000), tad(2_000_000, 2_600_000),
        stripe(1_010_000, 900_000), boundary(10**6),
    ]  # fmt: skip
    assert propose(calls, known) == [calls[1], calls[3], calls[5]]
    assert propose(calls, []) == calls
