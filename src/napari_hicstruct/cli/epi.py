"""``hicstruct epi``: enhancer–promoter pairs across cell lines: train, predict, explain, an example."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from napari_hicstruct.cli.common import (
    emit,
    json_option,
    overwrite_file_option,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.ending import terminated_as_interrupted


class EpiControl(StrEnum):
    """How the network knows of lines."""

    GATE = "gate"
    NONE = "none"
    ONE_HOT = "one_hot"
    BIAS = "bias"
    ADVERSARIAL = "adversarial"


pairs_argument: Path = typer.Argument(
    ..., metavar="PAIRS", help="Table: chrom, enhancer, promoter (start-end), line, label (0 or 1)."
)
fasta_option: Path = typer.Option(..., "--fasta", "-f", help="Sequences of the genome, not compressed.")
lines_option: Path | None = typer.Option(
    None, "--lines", "-l", help="Table of the lines: line, peaks (BED), track:NAME (bigWig), other columns numbers."
)
model_option: Path = typer.Option(..., "--model", "-m", help="Folder that epi train wrote.")
device_option: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …")
threads_option: int = typer.Option(0, min=0, help="Threads of the processor; 0: as many as there are.")


def register(app: typer.Typer) -> None:
    """Add the command and its sub-commands to ``app``."""
    epi = typer.Typer(help="Enhancer–promoter pairs across cell lines: train, predict, explain; an example to try.")
    for command in (example, train, predict, loops, explain):
        epi.command()(command)
    app.add_typer(epi, name="epi", no_args_is_help=True)


def example(
    out: Path = typer.Option(..., "--out", "-o", help="Folder for genome, pairs, lines, peaks, motifs and truth."),
    lines: int = typer.Option(24, min=3, help="Cell lines."),
    seed: int = typer.Option(1, min=0, help="Of the simulation."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace an example that is in the folder."),
    json: bool = json_option,
) -> None:
    """Write a small simulated genome whose grammar of motifs is known, to try the other commands on."""
    from napari_hicstruct.workflows.epi.example import write_example

    emit({"folder": out, **write_example(out, seed=seed, lines=lines, overwrite=overwrite)}, json)


def train(
    pairs: Path = pairs_argument,
    fasta: Path = fasta_option,
    out: Path = typer.Option(..., "--out", "-o", help="Folder for checkpoint, log, figures and model."),
    lines: Path | None = lines_option,
    config: Path | None = typer.Option(None, help="YAML file of settings; what it leaves out is the default."),
    small: bool = typer.Option(False, "--small", help="A small network, for trials on a processor."),
    control: EpiControl | None = typer.Option(None, help="Without the gate, to compare with. [gate]"),
    motifs: Path | None = typer.Option(
        None, help="Motifs in JASPAR's format that the filters start at. [frequent words of the sequences]"
    ),
    epochs: int = typer.Option(0, min=0, help="Epochs; 0: as the settings have it."),
    seed: int = typer.Option(-1, min=-1, help="Seed; -1: as the settings have it."),
    test_lines: str = typer.Option("", help="Lines held out for the test, by commas. [a fifth, drawn]"),
    test_chroms: str = typer.Option("", help="Chromosomes held out for the test, by commas. [a fifth, drawn]"),
    device: str = device_option,
    threads: int = threads_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Train on labelled PAIRS of several lines; lines and chromosomes are held out at once.

    Run it again with the same folder to go on.
    """
    from napari_hicstruct.config.epi import epi_config
    from napari_hicstruct.workflows.epi.train import TrainEpiRequest, iter_train_epi

    changes: dict[str, Any] = {"train": {"epochs": epochs}} if epochs else {}
    changes |= {"control": control.value} if control is not None else {}
    changes |= {"seed": seed} if seed >= 0 else {}
    changes |= {"encoder": {"start": "motifs"}} if motifs is not None else {}
    held = {"test_lines": test_lines, "test_chroms": test_chroms}
    if any(held.values()):
        changes["split"] = {key: [word.strip() for word in text.split(",")] for key, text in held.items() if text}
    settings = epi_config(config, small=small, changes=changes)
    request = TrainEpiRequest(pairs, fasta, out, settings, lines, device, threads or None, motifs=motifs)
    try:
        with terminated_as_interrupted():
            found = show_progress(iter_train_epi(request), quiet)
    except KeyboardInterrupt:
        to_stderr("note: start the same command again to go on from the last checkpoint.")
        raise
    data = {"model": found.model, **found.figures}
    rows = [
        {"lines": name, **found.figures[name]} for name in ("validation", "seen", "unseen") if name in found.figures
    ]
    emit({**data, "per_line": found.per_line, "notes": found.notes}, json, human=rows)
    if not json:
        emit({"model": str(found.model), "threshold": found.figures["threshold"], "F1": found.figures["f1"]})


def predict(
    pairs: Path = pairs_argument,
    fasta: Path = fasta_option,
    model: Path = model_option,
    out: Path = typer.Option(..., "--out", "-o", help="Table that is written: the pairs with p."),
    lines: Path | None = lines_option,
    device: str = device_option,
    threads: int = threads_option,
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Give each of PAIRS its probability in its line; the line may be new to the model."""
    from napari_hicstruct.workflows.epi.predict import PredictEpiRequest, iter_predict_epi

    request = PredictEpiRequest(pairs, fasta, model, out, lines, device, threads or None, overwrite)
    with terminated_as_interrupted():
        found = show_progress(iter_predict_epi(request), quiet)
    p = found.probabilities
    data = {
        "table": found.path,
        "pairs": len(p),
        "called": int((p >= found.threshold).sum()),
        "threshold": found.threshold,
        "without": int((p != p).sum()),
        "figures": found.figures,
    }
    emit(data, json, human={key: value for key, value in data.items() if key != "figures"})
    if found.figures and not json:
        emit([{"line": name, **figures} for name, figures in found.figures.items()])


def loops(
    loops: Path = typer.Argument(..., metavar="LOOPS", help="Loops: BEDPE or any label file."),
    fasta: Path = fasta_option,
    model: Path = model_option,
    enhancers: Path = typer.Option(..., "--enhancers", "-e", help="Enhancers or open chromatin: BED, narrowPeak."),
    promoters: Path = typer.Option(..., "--promoters", "-p", help="Genes (GTF, GFF3, BED12), or intervals."),
    line: str = typer.Option(..., "--line", help="Name of the cell line; of the table of lines, where one is given."),
    out: Path = typer.Option(..., "--out", "-o", help="Table that is written: the loops with p."),
    lines: Path | None = lines_option,
    flank: int = typer.Option(5_000, min=0, help="bp around an anchor that belong to it."),
    device: str = device_option,
    threads: int = threads_option,
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Give each of LOOPS the probability that it joins an enhancer and a promoter in a line."""
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.annotations.records import Kind
    from napari_hicstruct.config.files import check_output_file, write_text
    from napari_hicstruct.workflows.epi.loops import LoopPairsRequest, iter_loop_pairs, loops_text

    inputs = [path for path in (loops, fasta, enhancers, promoters, lines) if path is not None]
    check_output_file(out, inputs, overwrite=overwrite)
    records = read_labels(loops, kind=Kind.LOOP).records
    request = LoopPairsRequest(model, fasta, enhancers, promoters, line, lines, flank, device, threads)
    with terminated_as_interrupted():
        found = show_progress(iter_loop_pairs(records, request), quiet)
    write_text(out, loops_text(records, found))
    called = sum(one.p >= found.threshold for one in found.found.values())
    data = {"table": out, "loops": found.loops, "pairs": len(found.found), "called": called}
    emit({**data, "threshold": found.threshold, **({"notes": found.notes} if json else {})}, json)


def explain(
    pairs: Path = pairs_argument,
    fasta: Path = fasta_option,
    model: Path = model_option,
    out: Path = typer.Option(..., "--out", "-o", help="Folder for tables and the heat map."),
    lines: Path | None = lines_option,
    motifs: Path | None = typer.Option(None, help="Known motifs in JASPAR's format. [motifs of the filters]"),
    device: str = device_option,
    threads: int = threads_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Show which motifs open in which line of PAIRS, and what the network's filters look for."""
    from napari_hicstruct.workflows.epi.explain import ExplainEpiRequest, iter_explain_epi

    request = ExplainEpiRequest(pairs, fasta, model, out, lines, motifs, device, threads or None)
    with terminated_as_interrupted():
        found = show_progress(iter_explain_epi(request), quiet)
    named = sum(bool(match) for _, _, match, _ in found.matches)
    data = {"folder": found.out, "motifs": len(found.openness.motifs), "lines": len(found.openness.lines)}
    emit({**data, "filters": len(found.matches), "filters_with_a_known_motif": named}, json)
