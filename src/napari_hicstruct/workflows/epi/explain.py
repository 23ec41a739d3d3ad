"""Which motifs open in which line: a table, a heat map, and the motifs that a network's filters look for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.files import in_place_of, output_error, try_folder, write_text
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.epi.predict import described, open_model

if TYPE_CHECKING:
    from napari_hicstruct.epi.explain import MotifOpenness
    from napari_hicstruct.epi.motifs import Motif

MAX_FILTERS = 40
"""Filters whose motifs make the rows where no motifs are given: the sharpest ones."""


@dataclass(frozen=True, slots=True)
class ExplainEpiRequest:
    """What to explain, and where to write.

    Attributes
    ----------
    pairs : Path
        Table that names lines and places; its labels are not read.
    motifs : Path, optional
        In JASPAR's format; without it the rows are the filters' own motifs.
    """

    pairs: Path
    fasta: Path
    model: Path
    out: Path
    lines: Path | None = None
    motifs: Path | None = None
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainedEpi:
    """What was found.

    Attributes
    ----------
    openness : MotifOpenness
    matches : list of (filter, consensus, known motif, correlation)
    """

    out: Path
    openness: MotifOpenness
    matches: list[tuple[str, str, str, float]]
    notes: tuple[str, ...]


def iter_explain_epi(
    request: ExplainEpiRequest, token: CancelToken | None = None
) -> Generator[Progress, None, ExplainedEpi]:
    """Write ``openness.tsv``, ``openness.png``, ``filters.tsv``, ``filters.jaspar`` and ``gates.tsv`` to a folder.

    Raises
    ------
    ConfigError, LabelError, SequenceError, ModelError, OutputError, Cancelled
    """
    import numpy as np

    from napari_hicstruct.epi.data import load_data
    from napari_hicstruct.epi.explain import motif_openness
    from napari_hicstruct.epi.lines import read_lines
    from napari_hicstruct.epi.motifs import filter_motifs, read_jaspar
    from napari_hicstruct.epi.score import line_gates
    from napari_hicstruct.epi.tables import read_pairs
    from napari_hicstruct.genome.fasta import Fasta
    from napari_hicstruct.inference.device import choose_device, torch_threads

    token, clock = token or CancelToken(), Clock()
    try_folder(request.out)
    net, config, card = open_model(request.model, choose_device(request.device))
    if config.control != "gate":
        raise ConfigError("the model has no gate: no line opens anything.", where=request.model)
    known = [] if request.motifs is None else read_jaspar(request.motifs)
    lines = None if request.lines is None else read_lines(request.lines)
    data = load_data(read_pairs(request.pairs), Fasta(request.fasta), lines, config)
    source = described(data, config, card)
    yield clock.step("explain", 1, 4, "gates of the lines")
    with torch_threads(request.threads or 0):
        import torch

        with torch.no_grad():
            gates = line_gates(net, source, np.arange(len(data.lines))).gate.cpu().numpy()
        token.check()
        yield clock.step("explain", 2, 4, "motifs of the filters")
        own = [motif for motif in filter_motifs(net.cpu(), data.sites) if motif is not None]
        token.check()
        yield clock.step("explain", 3, 4, "answers to motifs")
        rows = known or sharpest(own)
        if not rows:
            hint = "Train longer, or give motifs (--motifs)."
            raise ConfigError("no filter looks for a motif yet.", where=request.model, hint=hint)
        found = motif_openness(net, rows, gates, data.lines, window=config.encoder.window)
    matches = matched(own, known)
    _write(request.out, found, gates, own, matches)
    return ExplainedEpi(request.out, found, matches, tuple(data.notes))


def sharpest(motifs: list[Motif]) -> list[Motif]:
    """The motifs of most information, in bits."""
    import numpy as np

    def bits(motif: Motif) -> float:
        return float((2 + (motif.columns * np.log2(motif.columns + 1e-9)).sum(1)).sum())

    return sorted(motifs, key=bits, reverse=True)[:MAX_FILTERS]


def matched(own: list[Motif], known: list[Motif]) -> list[tuple[str, str, str, float]]:
    """Filters with the known motif that each is, where it is one."""
    from napari_hicstruct.epi.motifs import MIN_MATCH, best_match

    found = []
    for motif in own:
        name, correlation = best_match(motif, known)
        found.append((motif.name, motif.consensus, name if correlation >= MIN_MATCH else "", correlation))
    return found


def _write(
    out: Path, found: MotifOpenness, gates: Any, own: list[Motif], matches: list[tuple[str, str, str, float]]
) -> None:
    head = "\t".join(["motif", *found.lines])
    rows = [
        "\t".join([name, *(f"{x:.4f}" for x in row)]) for name, row in zip(found.motifs, found.openness, strict=True)
    ]
    write_text(out_file(out, "openness.tsv"), "\n".join([head, *rows]) + "\n")
    dims = "\t".join(["line", *(f"feature{k + 1}" for k in range(gates.shape[1]))])
    rows = ["\t".join([name, *(f"{x:.4g}" for x in row)]) for name, row in zip(found.lines, gates, strict=True)]
    write_text(out / "gates.tsv", "\n".join([dims, *rows]) + "\n")
    lines = [f"{name}\t{text}\t{match or 'NA'}\t{value:.3f}" for name, text, match, value in matches]
    write_text(out / "filters.tsv", "\n".join(["filter\tconsensus\tmotif\tcorrelation", *lines]) + "\n")
    write_text(out / "filters.jaspar", jaspar(own))
    draw(found, out / "openness.png")


def out_file(out: Path, name: str) -> Path:
    """A file in a folder that is made if it is missing.

    Raises
    ------
    OutputError
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(out, error, what="the folder cannot be made") from error
    return out / name


def jaspar(motifs: list[Motif]) -> str:
    """Motifs as counts of a hundred sites, in JASPAR's format."""
    lines = []
    for motif in motifs:
        lines.append(f">{motif.name} {motif.name}\n")
        for base, row in zip("ACGT", motif.columns.T, strict=True):
            lines.append(f"{base}  [ {' '.join(f'{round(100 * x):4d}' for x in row)} ]\n")
    return "".join(lines)


def draw(found: MotifOpenness, path: Path) -> None:
    """The heat map, motifs × lines.

    Raises
    ------
    OutputError
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n, m = found.openness.shape
    figure = Figure(figsize=(2.5 + 0.28 * m, 1.6 + 0.22 * n), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    values = found.openness
    limit = max(1.5, float(np.nanmax(values, initial=0)))
    image = axes.imshow(values, aspect="auto", cmap="magma", vmin=0, vmax=limit)
    axes.set_xticks(range(m), found.lines, rotation=90, parse_math=False)
    axes.set_yticks(range(n), found.motifs, parse_math=False)
    axes.set_title(
        f"Gate of {how_many(n, 'motif')} in {how_many(m, 'line')}; 1 is the mean of all features", fontsize=9
    )
    figure.colorbar(image, ax=axes, label="mean gate of the features that answer")
    try:
        with in_place_of(path) as part:
            figure.savefig(part, dpi=120)
    except OSError as error:
        raise output_error(path, error) from error
