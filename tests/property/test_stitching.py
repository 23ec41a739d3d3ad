"""Windows cover everything that is wanted, and stitching them gives back what they were cut from."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.inference.canvas import Canvas, blend_weight
from napari_hicstruct.inference.tiling import Tiling

SIZE, MARGIN = 32, 4


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 150), st.integers(2, 60), st.sampled_from([1, 2]), st.data())
def test_every_wanted_pixel_lies_in_a_centre_and_is_stitched_exactly(
    n_bins: int, reach: int, overlap: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, n_bins - 1))
    stop = data.draw(st.integers(start + 1, n_bins))
    n_diagonals = min(reach, n_bins)
    tiling = Tiling(n_bins, n_diagonals, SIZE, MARGIN, overlap, start, stop)
    truth = np.random.default_rng(n_bins).random((n_bins, n_bins), np.float32)
    truth = np.triu(truth) + np.triu(truth, 1).T
    padded = np.pad(truth, SIZE * 2)
    canvas = Canvas(1, n_bins, n_diagonals, blend_weight(SIZE, MARGIN))
    count = 0
    for row in tiling.row_tiles():
        for r, c in tiling.corners(row):
            window = padded[r + 2 * SIZE : r + 3 * SIZE, c + 2 * SIZE : c + 3 * SIZE]
            canvas.add(window[None], r, c)
            count += 1
    assert count == tiling.count()
    stitched = canvas.rows(0, n_bins)[0]
    for i in range(start, stop):
        for d in range(min(n_diagonals, stop - i)):
            assert abs(stitched[i, d] - truth[i, i + d]) < 1e-5, (i, d)


def test_offsets_change_places_below_the_diagonal() -> None:
    canvas = Canvas(3, 20, 10, np.ones((4, 4), np.float32), below="offsets")
    window = np.zeros((3, 4, 4), np.float32)
    window[1], window[2] = 0.1, 0.4
    canvas.add(window, 8, 4)  # rows 8–11, columns 4–7: all below the diagonal
    values = canvas.rows(4, 5)
    np.testing.assert_allclose(values[:, 0, 4], [0, 0.4, 0.1])


def test_along_the_row_becomes_down_above_the_diagonal_and_up_below_it() -> None:
    window = np.zeros((2, 4, 4), np.float32)
    window[1] = 0.9
    above, under = (Canvas(2, 20, 10, np.ones((4, 4), np.float32), below="direction") for _ in range(2))
    above.add(window, 4, 8)
    under.add(window, 8, 4)
    assert above.rows(4, 5)[1, 0, 4] == np.float32(0.9)
    np.testing.assert_allclose(under.rows(4, 5)[1, 0, 4], 0.1, atol=1e-6)
