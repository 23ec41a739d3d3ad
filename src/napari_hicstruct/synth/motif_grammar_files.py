"""The simulated grammar as files: FASTA, pairs, lines with features and peaks, motifs, truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.synth.motif_grammar import BASES, MotifGrammar

WIDTH = 60
"""Bases of a FASTA line."""


def write_grammar(made: MotifGrammar, folder: Path) -> None:
    """Write ``genome.fa``, ``pairs.tsv``, ``lines.tsv``, ``peaks/*.bed``, ``motifs.jaspar`` and ``truth.tsv``.

    Raises
    ------
    OutputError
        If it cannot be written; what stood in the folder is untouched then.
    """
    texts = {
        "genome.fa": _fasta(made.sequences),
        "pairs.tsv": _pairs(made),
        "lines.tsv": _lines(made),
        "motifs.jaspar": jaspar_text(made.motifs, motif_names(made)),
        "truth.tsv": _truth(made),
    }
    window = made.settings.window
    for name, peaks in zip(made.lines, made.peaks, strict=True):
        texts[f"peaks/{name}.bed"] = "".join(f"{chrom}\t{start}\t{start + window}\n" for chrom, start in peaks)
    with writing(folder), in_place_of(folder) as part:
        (part / "peaks").mkdir(parents=True)
        for name, text in texts.items():
            (part / name).write_text(text, encoding="utf-8")


def motif_names(made: MotifGrammar) -> list[str]:
    """``enhancer1 … promoter1 … distractor1 …``."""
    half = made.settings.motifs // 2
    kinds = [("enhancer", half), ("promoter", half), ("distractor", made.settings.distractors)]
    return [f"{kind}{k + 1}" for kind, n in kinds for k in range(n)]


def jaspar_text(motifs: NDArray[np.float64], names: list[str], *, counts: int = 100) -> str:
    """Motifs in JASPAR's format, as counts of ``counts`` sites."""
    lines = []
    for name, motif in zip(names, motifs, strict=True):
        lines.append(f">{name}\t{name}\n")
        for base, row in zip(BASES, np.rint(motif.T * counts).astype(int), strict=True):
            lines.append(f"{base}  [ {' '.join(f'{value:4d}' for value in row)} ]\n")
    return "".join(lines)


def _fasta(sequences: dict[str, NDArray[np.uint8]]) -> str:
    letters = np.frombuffer(BASES.encode(), np.uint8)
    found = []
    for name, codes in sequences.items():
        text = letters[codes].tobytes().decode()
        found.append(f">{name}\n" + "".join(f"{text[at : at + WIDTH]}\n" for at in range(0, len(text), WIDTH)))
    return "".join(found)


def _pairs(made: MotifGrammar) -> str:
    window = made.settings.window
    rows = ["chrom\tenhancer\tpromoter\tline\tlabel\n"]
    rows += [
        f"{chrom}\t{a}-{a + window}\t{b}-{b + window}\t{made.lines[line]}\t{label}\n"
        for chrom, a, b, line, label in made.rows
    ]
    return "".join(rows)


def _lines(made: MotifGrammar) -> str:
    head = ["line", "peaks", *(f"feature{k + 1}" for k in range(made.features.shape[1]))]
    rows = ["\t".join(head) + "\n"]
    for name, values in zip(made.lines, made.features, strict=True):
        rows.append("\t".join([name, f"peaks/{name}.bed", *(f"{value:.5g}" for value in values)]) + "\n")
    return "".join(rows)


def _truth(made: MotifGrammar) -> str:
    rows = ["\t".join(["line", *motif_names(made)[: made.settings.motifs]]) + "\n"]
    rows += [
        "\t".join([name, *("1" if value else "0" for value in row)]) + "\n"
        for name, row in zip(made.lines, made.is_open, strict=True)
    ]
    return "".join(rows)
