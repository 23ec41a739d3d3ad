"""Pile-ups: windows that are known by hand, sets of a project, TADs stretched, bad input in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.textpath import TextPath

import napari_hicstruct as hs
from napari_hicstruct.annotations import Annotation, Kind, Status, read_labels
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import ConfigError, LabelError, MapError, OutputError
from napari_hicstruct.evaluation.pileup import (
    PileUp,
    Windows,
    inside_over_outside,
    line_over_sides,
    mean_window,
    rescaled_stripe_blocks,
    stretch,
)
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.workflows.evaluate.pile_up import fetch_bins
from napari_hicstruct.workflows.figure.request import Theme
from napari_hicstruct.workflows.figure.style import page_style
from napari_hicstruct.workflows.pileup import PileupRequest, iter_pileup, write
from napari_hicstruct.workflows.pileup.contacts import NearContacts
from napari_hicstruct.workflows.pileup.sets import GroupBy, PileSet, by_distance, grouped


@pytest.fixture(scope="module")
def uri(data_dir: Path) -> str:
    return str(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")


def _loop(distance: int, **more: object) -> Annotation:
    first, second = (Interval("21", x, x + 10_000) for x in (30_000_000, 30_000_000 + distance))
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, **more)  # type: ignore[arg-type]


def test_blocks_in_memory_are_those_of_the_file(uri: str) -> None:
    """Above, across and below the diagonal, NaN where the map has none."""
    source = open_map(uri)
    near = NearContacts(source, "21", resolution=10_000, norm="weight", max_distance=4_000_000, token=CancelToken())
    far = fetch_bins(source, "21", resolution=10_000, norm="weight")
    for place in (
        (3000, 3021, 3100, 3121),
        (3000, 3040, 3010, 3050),
        (3200, 3221, 3000, 3021),
        (3000, 3050, 3000, 3050),
    ):
        np.testing.assert_allclose(near(*place), far(*place), rtol=1e-5)


def test_stretching_keeps_the_mean_and_skips_what_is_not_known() -> None:
    block = np.arange(36, dtype=float).reshape(6, 6)
    np.testing.assert_allclose(stretch(block, 6), block)
    np.testing.assert_allclose(stretch(block, 3), block.reshape(3, 2, 3, 2).mean(axis=(1, 3)))
    assert stretch(block, 4).mean() == pytest.approx(block.mean())
    block[0, 0] = np.nan
    assert stretch(block, 3)[0, 0] == pytest.approx((1 + 6 + 7) / 3)
    block[:2, :2] = np.nan
    assert np.isnan(stretch(block, 3)[0, 0])
    square = np.ones((9, 9))
    square[3:6, 3:6] = 3.0
    assert inside_over_outside(PileUp(square, 1)) == pytest.approx(3.0)


def test_real_loops_stand_out_and_their_control_does_not(uri: str, data_dir: Path) -> None:
    labels = data_dir / "labels"
    found = hs.pileup(
        uri,
        {
            "HiCCUPS": labels / "GM12878_chr21.HiCCUPS.hg19.bedpe",
            "Arrowhead": labels / "GM12878_chr21.Arrowhead.hg19.bed",
        },
        distances=[300_000],
    )
    by_name = {one.name: one for one in found.piles}
    assert set(by_name) == {"HiCCUPS, below 300 kb", "HiCCUPS, 300 kb and more", "Arrowhead"}
    assert re.match(r"<Pile-ups: .*Arrowhead \(\d+ TADs\) 1\.\d+.*>$", repr(found)), (
        "without the windows, for a notebook"
    )
    for name, one in by_name.items():
        assert one.control is not None
        assert one.value > (1.8 if "HiCCUPS" in name else 1.2)
        assert one.control_value < 1.1
    far = by_name["HiCCUPS, 300 kb and more"].pile.window
    assert np.nanargmax(far) == far.size // 2, "the strongest pixel is the middle one"
    assert by_name["Arrowhead"].pile.window.shape == (90, 90)


def test_stripes_are_stretched_to_one_length() -> None:
    """Two stripes, 10 and 40 bins long: stretched, both end at the same pixel, and nothing shines behind it."""
    contacts = np.ones((200, 200))
    for x, far in ((40, 10), (100, 40)):
        contacts[x, x : x + far] = contacts[x : x + far, x] = 5.0
    windows, expected = Windows(10_000, 200, 4), np.ones(200)
    own = [(40, 1, 10), (100, 1, 40), (3, 1, 10), (60, 1, 3)]
    fetch = lambda r0, r1, c0, c1: contacts[r0:r1, c0:c1]  # noqa: E731
    blocks = list(rescaled_stripe_blocks(fetch, own, windows, expected=expected, size=60))
    assert [one.shape for one in blocks] == [(9, 60)] * 2, "not what reaches an end of the chromosome, or is too short"
    for one in blocks:
        assert np.nanmin(one[4, :39]) == pytest.approx(5)
        assert np.nanmax(one[4, 41:]) == pytest.approx(1)
    pile = mean_window(blocks, (9, 60), 0.1)
    assert line_over_sides(pile, line=1, beside=3, beyond=0.5) == pytest.approx(5, rel=0.03)
    assert line_over_sides(pile, line=1, beside=3) < 4.0, "what lies behind the end counts for nothing"


def test_groups_of_a_project() -> None:
    records = [
        ("a", _loop(300_000, source="X", status=Status.ACCEPTED)),
        ("a", _loop(400_000, source="Y", status=Status.EDITED)),
        ("b", _loop(500_000, source="Y", status=Status.REJECTED)),
        ("b", _loop(600_000, model="net")),
    ]

    def sizes(by: GroupBy) -> dict[str, int]:
        return {one.name: len(one.records) for one in grouped(records, by)}

    assert sizes(GroupBy.SET) == {"a": 2, "b": 1}
    assert sizes(GroupBy.STATUS) == {"accepted": 2, "rejected": 1, "not judged": 1}
    assert sizes(GroupBy.MODEL) == {"no model": 2, "net": 1}
    assert sizes(GroupBy.ALL) == {"all": 3}
    assert sizes(GroupBy.CALLER)["X"] == 1
    split = by_distance([PileSet("s", (_loop(100_000), _loop(300_000), _loop(900_000)))], [200_000, 500_000])
    assert [one.name for one in split] == ["s, below 200 kb", "s, 200 kb – 500 kb", "s, 500 kb and more"]
    with pytest.raises(ConfigError, match="must rise"):
        by_distance([], [5, 2])


def test_shell_writes_figure_table_and_arrays(
    uri: str, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loops = data_dir / "labels" / "GM12878_chr21.HiCCUPS.hg19.bedpe"
    records = read_labels(loops, chromsizes=open_map(uri).chromsizes).records
    with hs.open_project(tmp_path / "p.hicproj", uri) as project:
        project.add(records, set="mine")
        project.judge([one.uid for one in records[:50]], "accepted")
        project.judge([one.uid for one in records[50:]], "rejected")
    out = tmp_path / "piles"
    args = ["pileup", uri, "-p", str(tmp_path / "p.hicproj"), "--by", "status", "-o", str(out), "-q"]
    assert main(args) == 0
    table = pd.read_csv(out / "pileup.tsv", sep="\t")
    assert table["set"].tolist() == ["accepted", "rejected"]
    assert table["records"].tolist() == [50, 51]
    with np.load(out / "pileup.npz") as arrays:
        assert arrays["00_loop"].shape == (21, 21)
        assert set(arrays) == {"00_loop", "00_loop_control", "01_loop", "01_loop_control"}
    assert "accepted" in (out / "pileup.svg").read_text()
    stripe = _loop(600_000).with_(kind=Kind.STRIPE, anchor2=("21", 30_000_000, 30_600_000))
    found = hs.pileup(uri, [stripe], stretch_stripes=True, size=60)
    assert found.piles[0].pile.window.shape == (21, 60)
    assert found.parameters["stretch_stripes"]
    assert main(args) == 2
    assert "exists. Nothing was written." in capsys.readouterr().err


def test_names_do_not_run_into_each_other_and_windows_left_out_are_counted(uri: str, tmp_path: Path) -> None:
    """Loops nearer to the diagonal than the flank have no window."""
    near, far = _loop(60_000), _loop(400_000)
    names = [f"consensus of {n} callers (learnt reliability)" for n in (4, 5)]
    sets = tuple(PileSet(name, (near, far)) for name in names)
    found = drain(iter_pileup(open_map(uri), PileupRequest(sets=sets, control=False)))
    assert "mostly masked, are left out." in found.notes[-1]
    path = write.draw_pileup(found, tmp_path / "x.svg")
    text = path.read_text()
    assert text.count("1 of 2 loops") == 2
    with page_style(Theme.LIGHT):
        pt, room = write.SMALL_PT + 0.5, write.SIDE_MM + write.GAP_MM
        shown = [write._fitting(name, pt, write.SIDE_MM) for name in names]
        widths = [TextPath((0, 0), one, size=pt).get_extents().width * 25.4 / 72 for one in shown]
        assert write._fitting("short", pt, room) == "short"
    assert max(widths) < room
    assert all(one in text and "…" in one for one in shown)


def test_the_provenance_of_other_files_is_not_replaced(uri: str, tmp_path: Path) -> None:
    found = hs.pileup(uri, [_loop(400_000)], control=False)
    (tmp_path / "run.json").write_text('{"made_with": "an export"}')
    with pytest.raises(OutputError, match="files of something else"):
        write.write_pileup(found, tmp_path, {}, overwrite=True)
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]
    (tmp_path / "run.json").unlink()
    write.write_pileup(found, tmp_path, {"by": "set"})
    write.write_pileup(found, tmp_path, {"by": "all"}, overwrite=True)
    assert json.loads((tmp_path / "run.json").read_text())["by"] == "all"


def test_bad_input(uri: str) -> None:
    with pytest.raises(LabelError, match="nothing to pile up"):
        hs.pileup(uri, [_loop(300_000).with_(anchor1=("9", 0, 10), anchor2=("9", 90, 100))])
    with pytest.raises(LabelError, match="no record has room"):
        hs.pileup(uri, [_loop(50_000)])
    with pytest.raises(MapError, match="no bins of 3 kb"):
        hs.pileup(uri, [_loop(300_000)], resolution=3_000)
    with pytest.raises(MapError):
        hs.pileup(uri, [_loop(300_000)], norm="no such")
