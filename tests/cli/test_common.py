"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import typer

from napari_hicstruct.cli import common
from napari_hicstruct.cli.common import base_pairs, bins
from napari_hicstruct.jobs import Progress


@pytest.mark.parametrize(("text", "bp"), [("25000", 25_000), ("25k", 25_000), ("1.5Mb", 1_500_000), ("0", 0)])
def test_an_option_in_bp_takes_units(text: str, bp: int) -> None:
    assert base_pairs(text) == bp


@pytest.mark.parametrize("text", ["tall", "-5", "1.5", "1,5k", ""])
def test_what_is_no_length_is_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a length in bp"):
        base_pairs(text)


def test_bins_have_a_size() -> None:
    assert bins("10k") == 10_000
    with pytest.raises(typer.BadParameter, match="0 bp"):
        bins("0")


def test_where_there_is_no_terminal_a_line_says_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(common.time, "monotonic", lambda: now[0])

    def job() -> Generator[Progress, None, str]:
        for done in range(1, 5):
            now[0] += 40
            yield Progress(stage="train", done=done, total=4, message="epoch", left=40.0 * (4 - done))
        return "result"

    assert common.show_progress(job()) == "result"
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2, said  # after 80 and 160 s, not at each of the four steps
    assert said[0].endswith(" train · epoch · 50% · 1:20 left")
    assert common.show_progress(job(), quiet=True) == "result"
    assert capsys.readouterr().err == ""
