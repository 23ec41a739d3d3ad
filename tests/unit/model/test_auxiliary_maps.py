"""Targets of padnet: four maps against their definition, pixel by pixel, and on maps where the answer is known."""

from __future__ import annotations

import pytest
import torch

from napari_hicstruct.losses.auxiliary_maps import NAMES, auxiliary_maps

INPUTS = ("valid", "oe")


def windows(oe: torch.Tensor, valid: torch.Tensor | None = None) -> torch.Tensor:
    valid = torch.ones_like(oe) if valid is None else valid
    return torch.stack([valid, oe * valid])[None]


def by_hand(x: torch.Tensor, y: int, z: int) -> dict[str, float]:
    valid, oe = x[0]

    def mean(rows: tuple[int, int], cols: tuple[int, int]) -> float:
        seen = [
            float(oe[i, j])
            for i in range(y + rows[0], y + rows[1] + 1)
            for j in range(z + cols[0], z + cols[1] + 1)
            if 0 <= i < oe.shape[0] and 0 <= j < oe.shape[1] and valid[i, j]
        ]
        return sum(seen) / len(seen) if seen else 0.0

    up, down = (-4, -1), (1, 4)
    ul, ur, dl, dr = mean(up, up), mean(up, down), mean(down, up), mean(down, down)
    row = mean((0, 0), (-4, 4)) - (mean((-2, -2), (-4, 4)) + mean((2, 2), (-4, 4))) / 2
    column = mean((-4, 4), (0, 0)) - (mean((-4, 4), (-2, -2)) + mean((-4, 4), (2, 2))) / 2
    return {
        "insulation": (ul + dr - ur - dl) / 2,
        "directionality": mean((0, 0), down) - mean((0, 0), up),
        "cornerness": max(dl, ur) - (ul + dr + min(dl, ur)) / 3,
        "stripeness": max(row, column),
    }


@pytest.mark.parametrize("at", [(0, 0), (10, 7), (3, 15), (15, 2)])
def test_they_equal_their_definition(at: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    valid = (torch.rand(16, 16, generator=generator) > 0.2).float()
    valid[2:4] = 0
    x = windows(torch.randn(16, 16, generator=generator), valid)
    got = auxiliary_maps(x, INPUTS, 1)
    assert tuple(got) == NAMES
    for name, value in by_hand(x, *at).items():
        assert float(got[name][0, 0, at[0], at[1]]) == pytest.approx(value, abs=1e-5), name


def test_two_domains_are_insulated_where_they_meet_and_a_corner_is_where_one_ends() -> None:
    oe = torch.zeros(40, 40)
    oe[5:20, 5:20] = oe[20:35, 20:35] = 1
    got = {name: value[0, 0] for name, value in auxiliary_maps(windows(oe), INPUTS, 1).items()}
    assert int(got["insulation"].diagonal()[8:32].argmax()) + 8 in (19, 20)
    assert got["directionality"][20, 20] > 0.9  # downstream of the boundary, contacts go downstream
    assert got["directionality"][19, 19] < -0.9
    assert float(got["cornerness"][5, 19]) > 0.7  # the far corner: first row, last column
    assert float(got["cornerness"][10, 14]) < 0.1
    torch.testing.assert_close(got["cornerness"], got["cornerness"].T)


def test_a_stripe_is_one_either_way() -> None:
    oe = torch.zeros(32, 32)
    oe[12] = 1
    got = auxiliary_maps(windows(oe), INPUTS, 1)["stripeness"][0, 0]
    assert int(got[:, 16].argmax()) == 12
    turned = auxiliary_maps(windows(oe.T.contiguous()), INPUTS, 1)["stripeness"][0, 0]
    torch.testing.assert_close(turned, got.T)


def test_coarser_maps_are_means_over_valid_pixels() -> None:
    generator = torch.Generator().manual_seed(0)
    small = torch.randn(16, 16, generator=generator)
    big = small.repeat_interleave(2, 0).repeat_interleave(2, 1)
    valid = torch.ones(32, 32)
    valid[::2, 1::2] = 0  # one of four pixels of each bin
    plain, pooled = auxiliary_maps(windows(small), INPUTS, 1), auxiliary_maps(windows(big, valid), INPUTS, 2)
    for name in NAMES:
        torch.testing.assert_close(pooled[name], plain[name], atol=1e-5, rtol=1e-4)
