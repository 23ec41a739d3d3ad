"""Options that several commands share."""

from __future__ import annotations

import pytest
import typer

from napari_hicstruct.cli.common import base_pairs, bins


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
