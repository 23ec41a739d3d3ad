"""Where motif filters start: words of training sequences, motifs of a file, or random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_hicstruct.epi.data import load_data
from napari_hicstruct.epi.lines import read_lines
from napari_hicstruct.epi.motifs import read_jaspar, similarity
from napari_hicstruct.epi.split import make_split
from napari_hicstruct.epi.start import fitted, start_at_motifs, training_sites
from napari_hicstruct.epi.tables import read_pairs
from napari_hicstruct.epi.words import frequent_motifs
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.genome.fasta import Fasta
from napari_hicstruct.jobs import drain
from napari_hicstruct.models.epi.encoder import SequenceEncoder
from napari_hicstruct.synth.motif_grammar import GrammarSettings, simulate_grammar
from napari_hicstruct.workflows.epi.train import TrainEpiRequest, iter_train_epi
from tests.epi_kit import grammar_folder, tiny

WIDTH, WINDOW = 11, 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grammar_folder(tmp_path_factory.mktemp("epi") / "example")


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray]:
    """Sites of a grammar, and its motifs, distractors included."""
    made = simulate_grammar(GrammarSettings(seed=21, lines=4, chroms=2, enhancers=400, promoters=200, window=WINDOW))
    step = WINDOW + made.settings.spacer
    starts = [np.arange(made.settings.spacer, len(one) - WINDOW + 1, step) for one in made.sequences.values()]
    pieces = [one[at[:, None] + np.arange(WINDOW)] for one, at in zip(made.sequences.values(), starts, strict=True)]
    return np.concatenate(pieces), made.motifs


def test_planted_motifs_are_found_without_a_label(planted: tuple[np.ndarray, np.ndarray]) -> None:
    sites, motifs = planted
    found = frequent_motifs(sites, 32, width=WIDTH)
    best = [max(similarity(one, motif) for one in found) for motif in motifs]
    assert min(best) > 0.9
    assert len(found) < 1.5 * len(motifs)  # each once, not every word of it
    assert all(one.shape == (WIDTH, 4) and np.allclose(one.sum(1), 1) for one in found)


def test_either_strand_and_unknown_bases_change_nothing(planted: tuple[np.ndarray, np.ndarray]) -> None:
    sites, motifs = planted
    turned = sites.copy()
    turned[::2] = 3 - turned[::2, ::-1]
    turned = np.concatenate([turned, np.full((50, WINDOW), 4, np.uint8)])
    found = frequent_motifs(turned, 32, width=WIDTH)
    assert min(max(similarity(one, motif) for one in found) for motif in motifs) > 0.9


def test_chance_repeats_and_nothing_give_no_motif() -> None:
    rng = np.random.default_rng(5)
    assert frequent_motifs(rng.integers(0, 4, (1_000, WINDOW)).astype(np.uint8), 8, width=WIDTH) == []
    # a chain that likes CG is expected by its own pairs of bases
    rich = np.where(rng.random((1_000, WINDOW)) < 0.8, rng.integers(1, 3, (1_000, WINDOW)), 0).astype(np.uint8)
    assert frequent_motifs(rich, 8, width=WIDTH) == []
    assert frequent_motifs(np.full((10, WINDOW), 4, np.uint8), 8, width=WIDTH) == []
    assert frequent_motifs(np.zeros((0, WINDOW), np.uint8), 8, width=WIDTH) == []


def test_a_filter_answers_to_its_motif_and_is_about_zero_below_seven_of_nine_bases() -> None:
    config = tiny(encoder={"filters": 4, "kernel": WIDTH, "dims": 8}).encoder
    encoder = SequenceEncoder(config)
    word = np.array([0, 1, 2, 3, 3, 2, 1, 0, 2], np.uint8)
    columns = np.where(np.eye(4)[word] > 0, 0.95, 0.05 / 3)
    assert start_at_motifs(encoder, [columns], window=WINDOW) == 1
    heights = []
    for mismatches in range(4):
        site = np.full((1, WIDTH), 4, np.uint8)
        site[0, 1:10] = word
        site[0, 1 : 1 + mismatches] = (word[:mismatches] + 1) % 4
        heights.append(float(encoder.filters_along(torch.from_numpy(site)).detach()[0, 0, WIDTH // 2]))
    assert heights[0] == pytest.approx(2, abs=0.01)
    assert 0.3 < heights[1] < heights[0]
    assert heights[2:] == [0, 0]
    both = encoder(torch.from_numpy(np.stack([site[0], site[0]])))
    both.sum().backward()
    assert float(encoder.stem.weight.grad.abs().sum()) > 0  # it stays free to learn


def test_long_motifs_give_their_best_part_and_short_ones_get_zeros_around() -> None:
    long = np.zeros((6, 4))
    long[3:5] = 1
    np.testing.assert_array_equal(fitted(long, 3), long[2:5])
    assert fitted(long, 9).shape == (9, 4)
    assert fitted(long, 9)[:1].sum() == 0


def test_only_sequences_of_training_are_read(folder: Path) -> None:
    config = tiny()
    data = load_data(
        read_pairs(folder / "pairs.tsv"), Fasta(folder / "genome.fa"), read_lines(folder / "lines.tsv"), config
    )
    split = make_split(data.table, config.split, seed=1)
    before = training_sites(data, split)
    held = np.setdiff1d(
        np.arange(len(data.sites)),
        np.concatenate([data.enhancers[split.train], data.promoters[split.train]]),
    )
    assert len(held)
    data.sites[held] = 4
    np.testing.assert_array_equal(training_sites(data, split), before)


def request_for(folder: Path, out: Path, start: str, motifs: Path | None = None) -> TrainEpiRequest:
    config = tiny(encoder={"start": start}, train={"epochs": 1, "steps_per_epoch": 1})
    pairs, fasta, lines = folder / "pairs.tsv", folder / "genome.fa", folder / "lines.tsv"
    return TrainEpiRequest(pairs, fasta, out, config, lines, "cpu", 1, motifs=motifs)


@pytest.mark.parametrize(("start", "said"), [("motifs", "8 filters of 8 start at given motifs"), ("words", "start at")])
def test_a_run_says_where_its_filters_start(folder: Path, tmp_path: Path, start: str, said: str) -> None:
    motifs = folder / "motifs.jaspar" if start == "motifs" else None
    steps: list[str] = []
    drain(iter_train_epi(request_for(folder, tmp_path, start, motifs)), lambda step: steps.append(step.message))
    assert any(said in message for message in steps)


def test_given_motifs_are_where_the_filters_start(folder: Path) -> None:
    config = tiny(encoder={"kernel": 9}).encoder
    encoder = SequenceEncoder(config)
    motifs = [one.columns for one in read_jaspar(folder / "motifs.jaspar")]
    start_at_motifs(encoder, motifs, window=config.window)
    weight = encoder.stem.weight.detach().numpy()
    for k, columns in enumerate(motifs[: config.filters]):
        assert np.corrcoef(weight[k].T.ravel(), np.log(columns / 0.25).ravel())[0, 1] > 0.98


def test_a_file_and_the_setting_go_together(folder: Path, tmp_path: Path) -> None:
    motifs = folder / "motifs.jaspar"
    with pytest.raises(ConfigError, match="no file of motifs is given"):
        drain(iter_train_epi(request_for(folder, tmp_path, "motifs")))
    with pytest.raises(ConfigError, match=r"motifs\.jaspar.*encoder\.start is words"):
        drain(iter_train_epi(request_for(folder, tmp_path, "words", motifs)))
    with pytest.raises(LabelError, match="holds no motif"):
        drain(iter_train_epi(request_for(folder, tmp_path, "motifs", folder / "pairs.tsv")))


def test_numbers_are_blurred_in_training_only(folder: Path) -> None:
    from napari_hicstruct.epi.train import EpiJob

    config = tiny()
    data = load_data(
        read_pairs(folder / "pairs.tsv"), Fasta(folder / "genome.fa"), read_lines(folder / "lines.tsv"), config
    )
    job = EpiJob(config, data, make_split(data.table, config.split, seed=1), folder)
    lines = np.array([0, 1])
    plain, again, blurred = (
        replace(job.source("features"), noise=noise).inputs(lines, np.random.default_rng(1)).features
        for noise in (0.0, 0.0, 0.5)
    )
    assert plain is not None
    assert torch.equal(plain, again)
    assert 0.05 < float((plain - blurred).abs().mean()) < 1.5


@pytest.mark.parametrize(("start", "rates"), [("words", [0.1, 5, 1]), ("random", [1, 5, 1])])
def test_encoder_and_head_have_rates_of_their_own(folder: Path, tmp_path: Path, start: str, rates: list[float]) -> None:
    from napari_hicstruct.epi.train import EpiJob, save_run, start_run

    config = tiny(encoder={"start": start}, train={"encoder_rate": 0.1, "head_rate": 5.0})
    data = load_data(
        read_pairs(folder / "pairs.tsv"), Fasta(folder / "genome.fa"), read_lines(folder / "lines.tsv"), config
    )
    job = EpiJob(config, data, make_split(data.table, config.split, seed=1), tmp_path)
    run = start_run(job)
    groups = run.optimizer.param_groups
    assert [group["share"] for group in groups] == rates
    assert sum(len(group["params"]) for group in groups) == len(list(run.net.parameters()))
    assert groups[0]["params"][0] is run.net.encoder.stem.weight
    save_run(run, tmp_path)
    again = start_run(job)
    assert [group["share"] for group in again.optimizer.param_groups] == rates
    assert not again.started
