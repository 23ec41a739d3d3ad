"""Weak boundary labels: equal to the formulas written out, and right on a map of blocks; the loss that uses them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.decode.boundaries import boundary_peaks
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.labels.weak import bumps, directionality, turns, weak_boundaries
from napari_hicstruct.losses.weak import spacing_loss, structure_loss, sure_peaks, weak_loss

BORDERS = [40, 75, 110, 160]


@pytest.fixture(scope="module")
def blocks() -> Band:
    """Domains between BORDERS, three times as dense inside."""
    n, n_diagonals = 200, 64
    domain = np.searchsorted(BORDERS, np.arange(n), side="right")
    mean = np.zeros((n_diagonals, n), np.float32)
    for d in range(n_diagonals):
        same = domain[: n - d] == domain[d:]
        mean[d, : n - d] = 200 / (1 + d) * np.where(same, 3.0, 1.0)
    counts = np.random.default_rng(0).poisson(mean).astype(np.float32)
    return make_band("chr1", 10_000, counts, weights=np.ones(n))


def test_the_index_turns_downstream_at_the_borders(blocks: Band) -> None:
    index = directionality(blocks, 30)
    at, strength = turns(index, 2.0)
    for border in BORDERS:
        assert np.abs(at - border).min() <= 1
    assert (strength > 2.0).all()
    assert len(turns(index, 1e6)[0]) == 0


def test_bumps_are_highest_where_they_belong() -> None:
    out = bumps(20, np.array([5, 12]), np.array([0.4, 1.0]), 1.0)
    assert out.argmax() in (11, 12)
    assert out[4] == pytest.approx(0.4 * np.exp(-0.125), rel=1e-5)


def test_a_map_labels_itself(blocks: Band) -> None:
    weak = weak_boundaries(blocks, WeakConfig(enabled=True))
    assert weak.structure[BORDERS].max() < -0.3
    middle = [57, 92, 135]
    faintest = min(weak.insulation[border - 1 : border + 1].max() for border in BORDERS)
    assert faintest > 1.3 * weak.insulation[middle].max()
    assert weak.structure[middle].min() > weak.structure[BORDERS].max()


def test_the_structure_loss_equals_its_formula() -> None:
    generator = torch.Generator().manual_seed(0)
    p, s = torch.rand(1, 12, generator=generator), torch.randn(1, 12, generator=generator)
    known = torch.ones(1, 12)
    known[0, 3] = 0
    numbers = [(float(p[0, k]), float(s[0, k])) for k in range(12) if k != 3]
    expected = sum(q * max(0.0, v + 0.05) for q, v in numbers) / sum(q for q, _ in numbers)
    assert float(structure_loss(p, s, known)) == pytest.approx(expected, rel=1e-5)


def test_spacing_counts_peaks_that_crowd() -> None:
    apart, crowded = torch.zeros(1, 20), torch.zeros(1, 20)
    apart[0, [2, 12]] = 0.9
    crowded[0, [2, 4]] = 0.9
    known = torch.ones(1, 20)
    assert float(spacing_loss(apart, known)) == 0.0
    assert float(spacing_loss(crowded, known)) == pytest.approx(0.81 / 1.8)


def test_sure_peaks_teach_and_the_doubtful_do_not() -> None:
    p = torch.tensor([[0.02, 0.05, 0.9, 0.3, 0.4, 0.02, 0.6, 0.02]])
    target, trusted = sure_peaks(p, torch.ones_like(p), sure=(0.1, 0.7))
    assert target[0].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert trusted[0].tolist() == [1, 1, 1, 0, 0, 1, 0, 1]


def test_boundaries_are_learnt_from_a_map_without_labels(blocks: Band) -> None:
    config = WeakConfig(enabled=True)
    weak = weak_boundaries(blocks, config)
    strip = {f"weak_{name}": torch.from_numpy(getattr(weak, name))[None] for name in ("insulation", "direction")}
    strip["weak_structure"] = torch.from_numpy(weak.structure)[None]
    strip["known"] = torch.from_numpy(blocks.valid.astype(np.float32))[None]
    logit = torch.zeros(1, 200, requires_grad=True)
    optimizer = torch.optim.Adam([logit], lr=0.1)
    for step in range(150):
        strip["progress"] = torch.tensor([step / 150])
        loss = weak_loss(logit, strip, config)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    p = torch.sigmoid(logit.detach())[0]
    found = boundary_peaks(p.numpy(), threshold=0.5).tolist()
    assert [min(found, key=lambda x, b=border: abs(x - b)) for border in BORDERS] == pytest.approx(BORDERS, abs=1)
    assert len(found) <= len(BORDERS) + 2


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="ramp"):
        parse_config(WeakConfig, {"ramp": (0.8, 0.2)})
    with pytest.raises(ConfigError, match="windows"):
        parse_config(WeakConfig, {"windows": ()})
