"""The reductions of docs/python.md over a chromosome that as a dense matrix would not fit into their bound."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import napari_hicstruct as hs
from tests.api.test_docs_python import blocks
from tests.contacts_kit import write_cool
from tests.meta.tracked import ROOT

N, BIN, SIDE = 6_000, 25_000, 500
CHUNK_BYTES = 4 * SIDE**2
MAX_CHUNKS = 30
"""Peak of a reduction in one thread, in chunks: the chunk, what it is computed with, what is kept for the next read."""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> hs.ContactMap:
    """One contact per pair of bins less than four apart, and 10 bins: 144 MB as a dense matrix."""
    path = tmp_path_factory.mktemp("maps") / "wide.mcool"
    for factor in (1, 4):
        near = sum(np.eye(N // factor, k=k, dtype=np.float32) for k in (0, 1, 2, 3, 10))
        uri = f"{path}::/resolutions/{BIN * factor}"
        write_cool(uri, {"chr1": N * BIN}, BIN * factor, near, weights={"weight": np.ones(N // factor)}, mode="a")
    return hs.open_map(path)


def peak_of(code: str, names: dict[str, Any]) -> int:
    """Bytes that numpy and Python held at most, beyond what they held before."""
    tracemalloc.start()
    try:
        exec(compile(code, "docs/python.md", "exec"), names)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_reductions_of_the_page_stay_within_some_chunks(wide: hs.ContactMap) -> None:
    import dask
    import dask.array

    decay, saddle = (text for text in blocks(ROOT / "docs" / "python.md") if "to_dask" in text)
    names: dict[str, Any] = {"m": wide}
    with dask.config.set(scheduler="synchronous"):
        code = decay.replace("side = 120", f"side = {SIDE}")
        peak = peak_of(code, names)
        assert N**2 * 4 > 4 * MAX_CHUNKS * CHUNK_BYTES
        assert peak < MAX_CHUNKS * CHUNK_BYTES
        np.testing.assert_array_equal(names["decay"][[0, 3, 4, 9, 10, 11]], [1, 1, 0, 0, 1, 0])
        track, rest = saddle.split("groups = 5")
        names["track"] = np.arange(N, dtype=float)
        assert "track =" in track
        assert peak_of("groups = 5" + rest, names) < MAX_CHUNKS * CHUNK_BYTES
    # observed is 1 where expected is 1, and pairs that are further apart have no expected
    np.testing.assert_allclose(np.diagonal(names["saddle"]), 1)
