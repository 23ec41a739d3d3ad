"""The simulated grammar: labels follow from motifs, gates and the grammar, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.epi.lines import read_lines, read_peaks
from napari_hicstruct.epi.motifs import read_jaspar
from napari_hicstruct.epi.tables import read_pairs
from napari_hicstruct.genome.fasta import Fasta
from napari_hicstruct.synth.motif_grammar import GrammarSettings, MotifGrammar, consensus, simulate_grammar
from napari_hicstruct.synth.motif_grammar_files import write_grammar

SETTINGS = GrammarSettings(lines=5, chroms=2, enhancers=30, promoters=12, purity=1.0, positives=4)


@pytest.fixture(scope="module")
def made() -> MotifGrammar:
    return simulate_grammar(SETTINGS)


def motifs_at(made: MotifGrammar, chrom: str, start: int) -> set[int]:
    """Motifs whose consensus stands in a site, on either strand: found anew from the sequence."""
    codes = made.sequences[chrom][start : start + made.settings.window]
    strands = ["".join("ACGT"[k] for k in strand) for strand in (codes, 3 - codes[::-1])]
    words = [consensus(motif) for motif in made.motifs]
    return {k for k, word in enumerate(words) if any(word in strand for strand in strands)}


def test_labels_follow_from_motifs_gates_and_grammar(made: MotifGrammar) -> None:
    half, right = made.settings.motifs // 2, []
    for chrom, a, b, line, label in made.rows:
        first = [m for m in motifs_at(made, chrom, a) if m < half and made.is_open[line, m]]
        second = [m - half for m in motifs_at(made, chrom, b) if half <= m < 2 * half and made.is_open[line, m]]
        right.append(label == int(any(made.compatible[x, y] for x in first for y in second)))
        assert right[-1] or not label
    assert np.mean(right) > 0.98  # a word of nine letters also stands somewhere by chance


def test_one_positive_comes_with_twenty_negatives_in_every_line(made: MotifGrammar) -> None:
    lines, labels = (np.array([row[k] for row in made.rows]) for k in (3, 4))
    for line in range(made.settings.lines):
        mine = labels[lines == line]
        assert mine.sum() > 0
        assert 0.03 < mine.mean() <= 1 / 21 + 1e-9


def test_lines_differ_and_one_pair_has_several_labels(made: MotifGrammar) -> None:
    assert len({tuple(row) for row in made.is_open.tolist()}) > 2
    by_place: dict[tuple[str, int, int], set[int]] = {}
    for chrom, a, b, _, label in made.rows:
        by_place.setdefault((chrom, a, b), set()).add(label)
    assert any(len(labels) == 2 for labels in by_place.values())


def test_a_seed_gives_the_same_and_another_one_does_not(made: MotifGrammar) -> None:
    again = simulate_grammar(SETTINGS)
    assert again.rows == made.rows
    assert np.array_equal(again.sequences["chr1"], made.sequences["chr1"])
    other = simulate_grammar(GrammarSettings(seed=2, lines=5, chroms=2, enhancers=30, promoters=12, positives=4))
    assert not np.array_equal(other.sequences["chr1"], made.sequences["chr1"])


def test_files_hold_what_was_made(made: MotifGrammar, tmp_path: Path) -> None:
    write_grammar(made, tmp_path / "example")
    folder = tmp_path / "example"
    fasta = Fasta(folder / "genome.fa")
    for chrom, codes in made.sequences.items():
        assert np.array_equal(fasta.fetch(chrom, 0, len(codes)), codes)
    assert len(read_pairs(folder / "pairs.tsv", labelled=True)) == len(made.rows)
    table = read_lines(folder / "lines.tsv")
    assert tuple(table.lines) == made.lines
    assert len(table.numbers) == made.settings.features
    peaks = table.lines["line01"].peaks
    assert peaks is not None
    assert len(read_peaks(peaks)[0]) == len(made.peaks[0])
    motifs = read_jaspar(folder / "motifs.jaspar")
    assert [motif.consensus for motif in motifs] == [consensus(motif) for motif in made.motifs]
