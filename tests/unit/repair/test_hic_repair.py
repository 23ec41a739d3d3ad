"""Votes of callers over a region, repaired for real: objects, what changed, files, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations import Annotation, Kind, LabelFile, read_labels
from napari_hicstruct.annotations.records import Direction, Status
from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.repair import RepairConfig, repair_config
from napari_hicstruct.errors import Cancelled, LabelError, OutputError, RegionError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.labels.votes import MaskKind
from napari_hicstruct.workflows.consensus import CallFile
from napari_hicstruct.workflows.repair.hic import (
    CHANGES_FILE,
    HicRepairRequest,
    HicRepairResult,
    domain_ends,
    hic_repair,
    iter_hic_repair,
    write_hic_repair,
)

BIN, N_BINS = 10_000, 90
REGION = Interval("chr1", 0, N_BINS * BIN)


def span(first: int, last: int) -> Interval:
    return Interval("chr1", first * BIN, last * BIN)


def calls(shift: int, *, island: bool = False) -> list[Annotation]:
    """Two domains, the loop at the corner of each, a stripe; ends differ by ``shift`` bins."""
    spans = [span(5, 40), span(40 + shift, 80)]
    found = [Annotation(kind=Kind.TAD, anchor1=one, anchor2=one, resolution=BIN) for one in spans]
    corners = [(6, 38), (41, 78 + shift)] + ([(15, 70)] if island else [])
    found += [Annotation(kind=Kind.LOOP, anchor1=span(a, a + 1), anchor2=span(b, b + 1)) for a, b in corners]
    stripe = Annotation(
        kind=Kind.STRIPE, anchor1=span(41, 44), anchor2=span(41, 78 + shift), direction=Direction.DOWN, resolution=BIN
    )
    return [*found, stripe]


def given(**lists: list[Annotation]) -> tuple[CallFile, ...]:
    return tuple(CallFile(Path(f"{name}.bedpe"), name, LabelFile(own, [], "", {})) for name, own in lists.items())


FILES = given(one=calls(0), two=calls(1, island=True), three=calls(0))


def quick() -> RepairConfig:
    shape = {"latent": 16, "epochs": 80, "train_size": 64, "size": 64, "points": 256, "validate_every": 40}
    return with_changes(repair_config("hic"), shape=shape, joint={"steps": 20})


def request(**changes: Any) -> HicRepairRequest:
    values: dict[str, Any] = {"files": FILES, "region": REGION, "bin_size": BIN, "config": quick(), "until": "fusion"}
    return HicRepairRequest(**(values | changes))


@pytest.fixture(scope="module")
def result() -> HicRepairResult:
    return hic_repair(request())


def places(result: HicRepairResult, kind: Kind) -> list[tuple[int, int]]:
    return [(one.anchor1.start // BIN, one.anchor2.end // BIN) for one in result.records if one.kind is kind]


def test_objects_that_callers_agree_on_stay(result: HicRepairResult) -> None:
    domains = places(result, Kind.TAD)
    assert len(domains) == 2
    assert np.abs(np.array(domains) - [(5, 40), (40, 80)]).max() <= 2
    loops = places(result, Kind.LOOP)
    assert len(loops) == 2, "what one of three callers has is below the threshold"
    assert np.abs(np.array(loops) - [(6, 39), (41, 79)]).max() <= 2
    (stripe,) = places(result, Kind.STRIPE)
    assert abs(stripe[0] - 41) <= 2
    assert {one.status for one in result.records} == {Status.PROPOSED}
    assert all(0 < one.score <= 1 for one in result.records)


def test_objects_say_who_has_them(result: HicRepairResult) -> None:
    for one in result.records:
        assert set(one.supporters) <= {"one", "two", "three"}
        assert one.n_tools == len(one.supporters) >= 2, one
        assert one.n_calls >= one.n_tools


def test_maps_are_shares_on_and_above_the_diagonal(result: HicRepairResult) -> None:
    for one in result.maps:
        assert one.share.shape == (N_BINS, N_BINS)
        assert 0 <= one.share.min() <= one.share.max() <= 1
        assert not np.tril(one.share, -1).any()
        inside = one.votes.share == 1
        assert one.share[inside].mean() > 0.8, f"{one.votes.kind} is not kept"


def test_what_changed_is_said(result: HicRepairResult) -> None:
    assert [one.kind for one in result.changes] == [Kind.TAD, Kind.STRIPE, Kind.LOOP]
    text = result.text()
    assert "TADs: 2 in the votes, 2 repaired; 2 stay" in text
    assert text.count("pixels changed") == 3


def test_files_are_written_and_read_back(result: HicRepairResult, tmp_path: Path) -> None:
    written = write_hic_repair(result, tmp_path / "out")
    assert {path.name for path in written} >= {"loops.bedpe", "stripes.bedpe", "tads.bed", "run.json", CHANGES_FILE}
    loops = read_labels(tmp_path / "out" / "loops.bedpe").records
    assert [one.anchor1 for one in loops] == [one.anchor1 for one in result.records if one.kind is Kind.LOOP]
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["parameters"]["callers"] == {"one": 5, "three": 5, "two": 6}
    assert run["parameters"]["regions"] == ["chr1:0-900000"]
    text = (tmp_path / "out" / CHANGES_FILE).read_text()
    assert text.startswith("TADs: ")
    places = [line for line in text.splitlines() if line.split("\t")[0] in ("moved", "new", "gone")]
    assert len(places) == sum(one.moved + one.new + one.gone for one in result.changes)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "loops.bedpe").write_text("somebody's\n")
    with pytest.raises(OutputError):
        write_hic_repair(result, tmp_path / "other")
    assert (tmp_path / "other" / "loops.bedpe").read_text() == "somebody's\n"


def test_the_one_function_runs_too() -> None:
    found = hic_repair(request(until="joint"))
    assert {one.votes.kind.value for one in found.maps} == {"domain", "stripe down", "loop"}
    assert found.run["until"] == "joint"


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"region": Interval("chr1", 0, 50_000)}, RegionError, "5 bins of 10 kb"),
        ({"region": Interval("chr1", 0, 10**9)}, RegionError, "bins of 10 kb"),
        ({"region": Interval("chr9", 0, 10**6), "chromsizes": {"chr1": 10**7}}, RegionError, "no chromosome chr9"),
        ({"region": Interval("chr1", 5_000_000, 6_000_000)}, LabelError, "no kind is called by two programs"),
        ({"bin_size": 0}, RegionError, "no bin size"),
        ({"files": FILES[:1]}, LabelError, "two programs"),
        ({"files": (*FILES[:1], CallFile(Path("none.bedpe"), "gone"))}, LabelError, "two programs"),
    ],
)
def test_bad_input_is_refused(changes: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        hic_repair(request(**changes))


def test_it_can_be_cancelled_and_stopped() -> None:
    token = CancelToken()
    job = iter_hic_repair(request(config=with_changes(quick(), shape={"epochs": 100_000})), token=token)
    while next(job).payload is None:
        pass
    token.cancel()
    with pytest.raises(Cancelled):
        drain(job)
    stop = CancelToken()
    job = iter_hic_repair(request(config=with_changes(quick(), shape={"epochs": 100_000})), stop=stop)
    while getattr(next(job).payload, "dice", None) is None:
        pass
    stop.cancel()
    found = drain(job)
    assert found.records
    assert any("stopped" in note for note in found.notes)


def test_domains_end_where_callers_agree_unless_the_settings_leave_it_to_pixels(result: HicRepairResult) -> None:
    parted = [one for one in calls(0) if one.kind is not Kind.TAD]
    parted += [Annotation(kind=Kind.TAD, anchor1=span(*at), anchor2=span(*at)) for at in [(5, 40), (40, 60), (60, 80)]]
    every = {"one": calls(0), "two": calls(0), "three": parted}
    (domains,) = [one.votes for one in result.maps if one.votes.kind is MaskKind.DOMAIN]
    held = domain_ends(domains, request(), every)
    assert held is not None
    assert held.tolist() == [0, 5, 40, 80, N_BINS], "60 is an end of one caller, and no loop has an anchor there"
    pixels = request(config=quick().model_copy(update={"ends": None}))
    assert domain_ends(domains, pixels, every) is None
    others = [one.votes for one in result.maps if one.votes is not domains]
    assert others
    assert all(domain_ends(one, request(), every) is None for one in others)


def test_repaired_domains_keep_to_the_ends_that_callers_share(result: HicRepairResult) -> None:
    (domains,) = [one.votes for one in result.maps if one.votes.kind is MaskKind.DOMAIN]
    every = {one.caller: one.found.records for one in FILES if one.found}
    shared = domain_ends(domains, request(), every)
    assert shared is not None
    assert {place for pair in places(result, Kind.TAD) for place in pair} <= set(shared.tolist())
