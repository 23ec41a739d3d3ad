"""Names of two maps in a narrow column: what tells them apart is left."""

from __future__ import annotations

import pytest

from napari_hicstruct.wording import distinct_names


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("WT", "KO", ("WT", "KO")),
        ("mouse_limb_Epha4_WT_chr1_10kb", "mouse_limb_Epha4_DelB_chr1_10kb", ("…WT…", "…DelB…")),
        ("GM12878_replicate_one_of_four", "GM12878_replicate_one_of_four_b", ("…four", "…four_b")),
        ("a" * 30 + "1", "a" * 30 + "2", ("a" * 9 + "…" + "a" * 9 + "1", "a" * 9 + "…" + "a" * 9 + "2")),
    ],
)
def test_what_differs_is_left(first: str, second: str, said: tuple[str, str]) -> None:
    assert distinct_names(first, second, 20) == said
    assert distinct_names(second, first, 20) == said[::-1]
