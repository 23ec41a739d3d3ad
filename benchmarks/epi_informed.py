"""What AUPR the simulated grammar of ``benchmarks.epi`` allows: readers that know what a network has to find out.

All know the motifs, their sharpness and which go together, and read each site by its log-odds.  They differ in
which motifs they hold open in a line: ``truth``; ``learnt``, by logistic regression of each motif's true state in the
lines of training on the numbers that describe lines (no network sees that); ``mean``, how often the lines of
training open a motif; ``all``.

    python -m benchmarks.epi_informed [--seeds 1 2 3]

Prints; records nothing.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from benchmarks._harness import rounded, say
from benchmarks.epi import Setup, grammar_folder
from napari_hicstruct.epi.data import EpiData, FeatureScale, load_data
from napari_hicstruct.epi.lines import read_lines
from napari_hicstruct.epi.split import make_split
from napari_hicstruct.epi.tables import read_pairs
from napari_hicstruct.epi.train import per_line
from napari_hicstruct.genome.fasta import Fasta
from napari_hicstruct.synth.motif_grammar import MotifGrammar, simulate_grammar

PARTS = ("validation", "seen", "unseen")
REGULARISATION = 0.3
"""C of the logistic regression; chosen on nothing."""


def presence(data: EpiData, made: MotifGrammar) -> NDArray[np.float64]:
    """Probability that each site holds each motif somewhere, on either strand, by its best place."""
    n, length = made.settings.motifs, made.settings.motif_length
    odds = np.log(made.motifs[:n] / 0.25)
    best = np.full((len(data.sites), n), -np.inf)
    for strand in (data.sites, 3 - data.sites[:, ::-1].astype(int)):
        for start in range(data.sites.shape[1] - length + 1):
            here = sum(odds[:, k, :].T[strand[:, start + k]] for k in range(length))
            best = np.maximum(best, here)
    places = 2 * (data.sites.shape[1] - length + 1)
    carried = made.settings.motifs / 3  # of half the motifs, 1.5 are in a site
    return np.asarray(1 / (1 + np.exp(-(best - np.log(places * carried)))))


def learnt_gates(data: EpiData, made: MotifGrammar, train: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of every line, from the true gates of some."""
    from sklearn.linear_model import LogisticRegression

    assert data.features is not None
    numbers = FeatureScale.of(data.features[train]).apply(data.features)
    found = np.zeros(made.is_open.shape)
    for motif, opens in enumerate(made.is_open.T):
        known = opens[train]
        found[:, motif] = known.mean()
        if 0 < known.mean() < 1:
            model = LogisticRegression(C=REGULARISATION).fit(numbers[train], known)
            found[:, motif] = model.predict_proba(numbers)[:, 1]
    return found


def informed(setup: Setup, seed: int) -> dict[str, dict[str, float]]:
    """AUPR of each reader on each part, mean over lines."""
    folder, made, config = (
        grammar_folder(setup, seed),
        simulate_grammar(setup.grammar(seed)),
        setup.config("gate", seed),
    )
    table, fasta = read_pairs(folder / "pairs.tsv"), Fasta(folder / "genome.fa")
    data = load_data(table, fasta, read_lines(folder / "features.tsv"), config)
    if data.lines != made.lines:
        raise ValueError("lines are not in the order of the simulation")
    split = make_split(data.table, config.split, seed=seed)
    train = np.unique(data.of_line[split.train])
    truth = made.is_open.astype(float)
    mean = np.tile(truth[train].mean(0), (len(truth), 1))
    gates = {"truth": truth, "learnt": learnt_gates(data, made, train), "mean": mean, "all": np.ones_like(truth)}
    there, half = presence(data, made), made.settings.motifs // 2
    found: dict[str, dict[str, float]] = {}
    for name, gate in gates.items():
        found[name] = {}
        for part in PARTS:
            rows = np.flatnonzero(getattr(split, part))
            open_now = gate[data.of_line[rows]]
            first = (there[data.enhancers[rows]] * open_now)[:, :half]
            second = (there[data.promoters[rows]] * open_now)[:, half:]
            none = (1 - first[:, :, None] * second[:, None] * made.compatible).reshape(len(rows), -1).prod(1)
            found[name][part] = per_line(data, rows, np.log(1e-9 + 1 - none))["all"]["aupr"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    args = parser.parse_args()
    for seed in args.seeds:
        say(f"seed {seed}: {json.dumps(rounded(informed(Setup(False, 0), seed)))}")


if __name__ == "__main__":
    main()
