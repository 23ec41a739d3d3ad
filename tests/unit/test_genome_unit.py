"""The scale bar's unit: lengths as geneticists write them, and pint's own units as they were."""

from __future__ import annotations

import pint
import pytest

from napari_hicstruct.plugin.layers.units import basepair


@pytest.mark.parametrize(("bp", "text"), [(2_000_000, "2 Mb"), (500_000, "500 kb"), (20, "20 b")])
def test_lengths_read_as_megabases(bp: int, text: str) -> None:
    assert f"{(bp * basepair()).to_compact():g~P}".replace("\u2060", "") == text


def test_barns_stay_barns() -> None:
    basepair()
    assert pint.get_application_registry()("3 b").units == pint.get_application_registry().barn
