"""Loop extrusion against a naive reference, and its physics."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.synth.extrusion import Extrusion, extrude, loop_contacts
from napari_hicstruct.synth.simulate import spread


def _run(catch: np.ndarray, seed: int = 1, **changes: int) -> tuple[np.ndarray, np.ndarray]:
    settings = {"n_steps": 600, "n_snapshots": 20, "n_diagonals": 60, "seed": seed, **changes}
    return extrude(catch, Extrusion(n_lefs=12, lifetime=30, stabilisation=4, residence=100), **settings)


def test_legs_never_share_a_site_and_loops_never_cross() -> None:
    _, shots = _run(np.full((2, 300), 0.05, np.float32))
    for left, right in shots:
        sites = np.concatenate([left, right])
        assert len(np.unique(sites)) == len(sites)
        assert (left < right).all()
        for a, b in zip(left, right, strict=True):
            inside = (left > a) & (left < b)
            assert ((right[inside] > a) & (right[inside] < b)).all()


def test_same_seed_same_loops() -> None:
    catch = np.zeros((2, 300), np.float32)
    (first, shots), (second, again), (other, _) = _run(catch, 5), _run(catch, 5), _run(catch, 6)
    assert np.array_equal(first, second)
    assert np.array_equal(shots, again)
    assert not np.array_equal(first, other)


def test_convergent_barriers_bridge_and_divergent_ones_do_not() -> None:
    inward, outward = np.zeros((2, 300), np.float32), np.zeros((2, 300), np.float32)
    inward[0, 130] = inward[1, 160] = 1.0  # forward barrier left, reverse barrier right
    outward[1, 130] = outward[0, 160] = 1.0
    bridged = [float(_run(catch, n_steps=20_000)[0][30, 130]) for catch in (inward, outward)]
    assert bridged[0] > 0.05
    assert bridged[1] < bridged[0] / 20


def _resistance(left: np.ndarray, right: np.ndarray, n: int) -> np.ndarray:
    """Effective resistance between all sites of the chain with closed loops, by the graph's Laplacian."""
    laplacian = np.zeros((n, n))
    links = [(i, i + 1, 1.0) for i in range(n - 1)] + [(int(a), int(b), 1e7) for a, b in zip(left, right, strict=True)]
    for a, b, conductance in links:
        laplacian[a, a] += conductance
        laplacian[b, b] += conductance
        laplacian[a, b] -= conductance
        laplacian[b, a] -= conductance
    inverse = np.linalg.pinv(laplacian, hermitian=True)
    diagonal = np.diag(inverse)
    return diagonal[:, None] + diagonal[None, :] - 2 * inverse


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_effective_distance_is_the_resistance_of_the_looped_chain(seed: int) -> None:
    n, reach = 120, 100
    _, shots = extrude(
        np.full((2, n), 0.1, np.float32),
        Extrusion(n_lefs=14, lifetime=40, stabilisation=3, residence=50),
        n_steps=200,
        n_snapshots=3,
        n_diagonals=reach,
        seed=seed,
    )
    per = 64.0
    identity = (np.arange(int((reach + 2) * per)) / per).astype(np.float32)  # contact := effective distance
    for shot in shots:
        found = loop_contacts(shot[None], n, reach, identity, per)
        wanted = _resistance(shot[0], shot[1], n)
        for d in range(1, reach):
            i = np.arange(n - d)
            assert np.allclose(found[: n - d, d], wanted[i, i + d], atol=1 / per + 2e-3)


def test_spread_keeps_the_sum_and_blurs_both_axes_alike() -> None:
    band = np.zeros((60, 200), np.float32)
    band[30, 80] = 1
    blurred = spread(band, 1.2)
    assert blurred.sum() == pytest.approx(1, abs=1e-4)
    d, i = np.nonzero(blurred > 1e-6)
    weight = blurred[d, i]
    row, column = i - 80, i + d - 110
    variances = [(weight * axis**2).sum() for axis in (row, column)]
    assert variances == pytest.approx([1.44, 1.44], rel=0.03)
    assert (weight * row * column).sum() == pytest.approx(0, abs=1e-3)
