"""Motifs: JASPAR files, likeness of motifs, and openness of lines for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from napari_hicstruct.epi.explain import motif_openness
from napari_hicstruct.epi.motifs import Motif, best_match, filter_motifs, read_jaspar, similarity
from napari_hicstruct.errors import LabelError
from napari_hicstruct.models.epi.network import EpiNet
from napari_hicstruct.workflows.epi.explain import jaspar
from tests.epi_kit import tiny


def motif(text: str, name: str = "m") -> Motif:
    columns = np.where(np.eye(4)[["ACGT".index(base) for base in text]] > 0, 0.97, 0.01)
    return Motif(name, columns)


def test_jaspar_is_read_with_and_without_letters_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "m.jaspar"
    path.write_text(">MA0001.1 AAA\nA [ 9 0 1 ]\nC [ 0 9 1 ]\nG [ 0 0 1 ]\nT [ 1 1 1 ]\n>X\n5 5\n0 0\n0 0\n5 5\n")
    found = read_jaspar(path)
    assert [one.name for one in found] == ["AAA", "X"]
    assert found[0].columns.shape == (3, 4)
    assert found[0].columns[0, 0] == pytest.approx(0.9, abs=0.01)
    np.testing.assert_allclose(found[0].columns.sum(1), 1)
    path.write_text(jaspar(found))
    np.testing.assert_allclose(read_jaspar(path)[1].columns, found[1].columns, atol=0.01)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MEME version 4\n", "holds no motif"),
        (">a\nA 1 2\nC 1 2\nG 1 2\n", "a is no motif of four rows"),
        (">a\n1 2\n1 2\n1\n1 2\n", "a is no motif of four rows"),
        (">a\n1 0\n1 0\n1 0\n1 0\n", "has a column without counts"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "m.txt"
    path.write_text(text)
    with pytest.raises(LabelError, match=said):
        read_jaspar(path)


def test_motifs_are_alike_on_either_strand_at_any_shift_and_not_by_a_short_overlap() -> None:
    word = motif("ACGTTGCAAT")
    assert similarity(word.columns, word.columns) == pytest.approx(1)
    assert similarity(word.columns, motif("ATTGCAACGT").columns) == pytest.approx(1)
    assert similarity(motif("GGACGTTGCAATG").columns, word.columns) == pytest.approx(1)
    assert similarity(word.columns, motif("TGCAATCCCC").columns) < 0.9
    assert similarity(motif("AAAAAAAA").columns, motif("CCCCCCCC").columns) < 0.1
    assert best_match(word, [motif("AAAAAAAA", "a"), motif("CGTTGCAA", "b")])[0] == "b"
    assert best_match(word, []) == ("", 0.0)


def detector(words: list[str]) -> EpiNet:
    """A network whose k-th filter, and so its k-th feature, finds the k-th word."""
    torch.manual_seed(0)
    net = EpiNet(tiny(encoder={"filters": 8, "dims": 8, "dilations": [1]}), 3).eval()
    with torch.no_grad():
        net.encoder.stem.weight.zero_()
        net.encoder.stem.bias.fill_(-8.0)
        for k, word in enumerate(words):
            net.encoder.stem.weight[k] = torch.from_numpy(_hot(word))
        net.encoder.trunk = torch.nn.Identity()
        net.encoder.features.weight.copy_(torch.eye(8)[:, :, None])
        net.encoder.features.bias.zero_()
    return net


def _hot(word: str) -> NDArray[np.float32]:
    return np.eye(4, dtype=np.float32)[["ACGT".index(base) for base in word]].T


WORDS = ["ACGTACCAG", "TTGACCGAT", "GGCATTACG"]


def test_openness_finds_which_gate_opens_which_motif() -> None:
    gates = np.full((2, 8), 0.1, np.float32)
    gates[0, 0], gates[1, 1], gates[:, 2] = 3.0, 2.0, 1.0
    motifs = [motif(word, word) for word in WORDS]
    found = motif_openness(detector(WORDS), motifs, gates, ("a", "b"), window=64)
    np.testing.assert_allclose(found.openness, [[3, 0.1], [0.1, 2], [1, 1]], atol=0.05)


def test_filters_show_the_words_that_they_look_for() -> None:
    rng = np.random.default_rng(0)
    sites = rng.integers(0, 4, (120, 64)).astype(np.uint8)
    for row in sites:
        word = WORDS[rng.integers(0, 3)]
        row[20:29] = ["ACGT".index(base) for base in word]
    found = filter_motifs(detector(WORDS), sites)
    assert [one.consensus for one in found[:3] if one is not None] == WORDS
    assert found[3:] == [None] * 5
