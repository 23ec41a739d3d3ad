"""The share of programs counts those that could have called: predictions of a region are silent in it alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs

PLACES = [500_000 * k + 100_000 for k in range(20)]
REGION = "chr1:4,000,000-8,000,000"


def loop(at: int, **more: Any) -> hs.Annotation:
    return hs.Annotation(
        kind="loop", anchor1=("chr1", at, at + 5_000), anchor2=("chr1", at + 90_000, at + 95_000), **more
    )


def shares(ours: Any) -> dict[int, float]:
    """Soft score by place, of two lists of the whole chromosome and ours; ours has the place of 4.6 Mb alone."""
    both = [loop(at) for at in PLACES]
    found = hs.consensus({"a": both, "b": both, "ours": ours}, method="count")
    return {one.anchor1.start: one.soft_score for one in found}


OURS = [loop(PLACES[9], model="our 1.0")]
INSIDE, OUTSIDE, HAS = PLACES[10], PLACES[2], PLACES[9]
TWO_OF_THREE = pytest.approx(2 / 3)


def test_calls_say_where_they_were_sought() -> None:
    unknown = shares(hs.Calls(OURS))
    assert (unknown[OUTSIDE], unknown[INSIDE], unknown[HAS]) == (TWO_OF_THREE, TWO_OF_THREE, 1)
    known = shares(hs.Calls(OURS, run={"parameters": {"regions": [REGION]}}))
    assert (known[OUTSIDE], known[INSIDE], known[HAS]) == (1, TWO_OF_THREE, 1)


def test_a_whole_chromosome_among_the_regions_is_known_too() -> None:
    """A bare name once made all regions unknown."""
    known = shares(hs.Calls(OURS, run={"parameters": {"regions": ["chr2", REGION]}}))
    assert (known[OUTSIDE], known[INSIDE]) == (1, TWO_OF_THREE)
    known = shares(hs.Calls(OURS, run={"parameters": {"regions": ["chr1"]}}))
    assert (known[OUTSIDE], known[INSIDE]) == (TWO_OF_THREE, TWO_OF_THREE)


def test_a_run_beside_the_file_says_it(tmp_path: Path) -> None:
    hs.write_labels(OURS, tmp_path / "loops.bedpe")
    (tmp_path / "run.json").write_text(json.dumps({"parameters": {"regions": [REGION, "chr2"]}}))
    known = shares(tmp_path / "loops.bedpe")
    assert (known[OUTSIDE], known[INSIDE]) == (1, TWO_OF_THREE)


@pytest.fixture
def project(sample: hs.ContactMap, tmp_path: Path) -> Any:
    model = {"name": "our", "version": "1.0"}
    run = {"model": model, "parameters": {"regions": [REGION], "tasks": ["loop"]}}
    with hs.open_project(tmp_path / "p.hicproj", sample) as p:
        p.add(hs.Calls(OURS, run=run))
        p.add([loop(PLACES[1])], set="by hand")
        yield p


def test_a_predicted_set_says_where_it_was_sought(project: Any) -> None:
    known = shares(project.annotations(set="our 1.0"))
    assert (known[OUTSIDE], known[INSIDE], known[HAS]) == (1, TWO_OF_THREE, 1)
    assert project.annotations(set="our 1.0", kind="loop").run["parameters"]["regions"] == [REGION]


def test_what_was_not_sought_everywhere_says_nothing(project: Any) -> None:
    for asked in ({}, {"set": "by hand"}, {"set": ["by hand", "our 1.0"]}, {"set": "our 1.0", "kind": "tad"}):
        assert "parameters" not in project.annotations(**asked).run


def test_a_region_of_a_predicted_set_is_the_part_that_both_are(project: Any) -> None:
    part = project.annotations(set="our 1.0", region="chr1:3M-5M")
    assert part.run["parameters"]["regions"] == ["chr1:4,000,000-5,000,000"]
