"""Log-odds and probabilities by scipy: as the formulas that models were trained and calibrated with."""

from __future__ import annotations

import re

import numpy as np
import pytest

from napari_hicstruct.decode.prominence import _added, loop_score
from napari_hicstruct.decode.row_stripes import _logit
from napari_hicstruct.decode.tads import _logit as tad_logit
from tests.meta.tracked import ROOT

P = np.concatenate([np.linspace(0, 1, 2_001), 10.0 ** -np.arange(1.0, 13)])


def by_hand(p: np.ndarray, clip: float) -> np.ndarray:
    within = np.clip(p, clip, 1 - clip)
    return np.log(within) - np.log1p(-within)


def test_log_odds_are_clipped_as_before() -> None:
    assert tad_logit(P) == pytest.approx(by_hand(P, 1e-3), abs=1e-12)
    assert [_logit(p) for p in P] == pytest.approx(by_hand(P, 1e-9), abs=1e-12)


@pytest.mark.parametrize("z", [-3.0, 0.0, 4.0])
def test_the_score_of_a_loop_is_its_formula(z: float) -> None:
    odds = by_hand(P, 1e-6) + _added(z, 100_000)
    assert [loop_score(p, z, 100_000) for p in P] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-12)


FLOAT32 = {"decode/insulation.py", "inference/candidate_scorer.py"}
"""Of float32, where scipy's last bit differs; what is compared with a threshold or a calibration must not move."""


def test_nobody_writes_a_sigmoid_by_hand() -> None:
    source = ROOT / "src" / "napari_hicstruct"
    own = re.compile(r"1(\.0)? ?/ ?\(1(\.0)? ?\+ ?(np|math)\.exp\(-|/ \(1 \+ np\.exp\(-|np\.log1p\(-")
    found = {str(f.relative_to(source)) for f in source.rglob("*.py") if own.search(f.read_text(encoding="utf-8"))}
    assert found == FLOAT32
