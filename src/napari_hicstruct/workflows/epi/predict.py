"""Probabilities of enhancer–promoter pairs in any line that is described."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.files import check_output_file, write_text
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_hicstruct.epi.batches import LineSource
    from napari_hicstruct.epi.data import EpiData
    from napari_hicstruct.epi.tables import PairTable
    from napari_hicstruct.models.epi.network import EpiNet


@dataclass(frozen=True, slots=True)
class PredictEpiRequest:
    """What to predict, and where to write the table; without ``out`` none is written."""

    pairs: Path
    fasta: Path
    model: Path
    out: Path | None
    lines: Path | None = None
    device: str = "auto"
    threads: int | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class PredictedEpi:
    """What became of it.

    Attributes
    ----------
    path : Path, optional
        Of the table that was written.
    probabilities : float array, shape (n,)
        In the order of the given table; NaN where a sequence is missing.
    figures : dict
        AUPR and AUROC of each line, where the table has labels.
    """

    path: Path | None
    probabilities: NDArray[np.float64]
    threshold: float
    figures: dict[str, dict[str, float]]
    notes: tuple[str, ...]


def open_model(model: Path, device: Any) -> tuple[EpiNet, Any, dict[str, Any]]:
    """The network, its settings and its card; a run's folder serves as its ``model``.

    Raises
    ------
    ModelError
    """
    from napari_hicstruct.models.epi.store import load_epi

    inside = model / "model"
    return load_epi(inside if (inside / "model.json").is_file() else model, device=device)


def described(data: EpiData, config: Any, card: dict[str, Any]) -> LineSource:
    """What describes the lines of the data to a network of training.

    Raises
    ------
    ConfigError
        If lines have other numbers than those of training had.
    """
    import numpy as np

    from napari_hicstruct.epi.batches import LineSource
    from napari_hicstruct.epi.data import FeatureScale

    scale = None if card["features"] is None else FeatureScale.from_dict(card["features"])
    given = None if data.features is None else data.features.shape[1]
    if scale is not None and given is not None and given != len(scale.mean):
        what = f"{given} numbers describe a line; training had {len(scale.mean)}."
        raise ConfigError(what, where=data.table.where, hint="Give the same columns and tracks in the table of lines.")
    source = LineSource(data, scale, config.gate.support, tuple(card["lines"]))
    pooled = any(record["support"] is not None for record in card["line_records"].values())
    if scale is None:
        data.features = None
    if not pooled:  # attention pooling that training never used says nothing
        data.support = [None] * len(data.lines)
    for k, name in enumerate(data.lines):
        numbers = data.features is not None and bool(np.isfinite(data.features[k]).any())
        if not numbers and data.support[k] is None:
            ways = [("numbers or tracks", scale is not None), ("peaks", pooled)]
            reads = " or ".join(what for what, does in ways if does)
            hint = f"The model knows lines by {reads}: give them in the table of lines."
            raise ConfigError(f"nothing that the model reads describes the line '{name}'.", hint=hint)
    return source


def iter_predict_epi(
    request: PredictEpiRequest, token: CancelToken | None = None
) -> Generator[Progress, None, PredictedEpi]:
    """Probabilities of all pairs; as a table: the given columns, p, whether it is called, and why not.

    Raises
    ------
    ConfigError, LabelError, SequenceError, ModelError, OutputError, Cancelled
    """
    import numpy as np

    from napari_hicstruct.epi.data import load_data
    from napari_hicstruct.epi.known_lines import renamed
    from napari_hicstruct.epi.lines import read_lines
    from napari_hicstruct.epi.score import iter_scores
    from napari_hicstruct.epi.tables import read_pairs
    from napari_hicstruct.epi.train import per_line
    from napari_hicstruct.evaluation.pairs import platt
    from napari_hicstruct.genome.fasta import Fasta
    from napari_hicstruct.inference.device import choose_device, torch_threads

    token, clock = token or CancelToken(), Clock()
    inputs = [path for path in (request.pairs, request.fasta, request.lines) if path is not None]
    if request.out is not None:
        check_output_file(request.out, inputs, overwrite=request.overwrite)
    net, config, card = open_model(request.model, choose_device(request.device))
    table = read_pairs(request.pairs)
    lines = None if request.lines is None else read_lines(request.lines)
    data = load_data(table, Fasta(request.fasta), lines, config)
    source = described(data, config, card)
    notes = [*data.notes, *renamed(data, card["line_records"])]
    for note in notes:
        yield clock.step("read pairs", 1, 1, note, notice=True)
    rows = np.arange(len(data.table))
    with torch_threads(request.threads or 0):
        logits = yield from iter_scores(net, data, rows, source, token=token)
    found = np.full(len(table), np.nan)
    found[data.rows] = platt(logits, (card["calibration"][0], card["calibration"][1]))
    if request.out is not None:
        write_text(request.out, table_text(table, found, card["threshold"], data.left_out))
    known = np.isfinite(data.table.labels)
    figures = per_line(data, rows[known], logits[known]) if known.any() else {}
    return PredictedEpi(request.out, found, card["threshold"], figures, tuple(notes))


def table_text(table: PairTable, probabilities: NDArray[np.float64], threshold: float, left_out: dict[int, str]) -> str:
    """Rows of the given table with their probabilities, tab-separated."""
    labelled = bool((table.labels == table.labels).any())
    head = ["chrom", "enhancer", "promoter", "line", *(["label"] if labelled else []), "p", "called", "note"]
    rows = ["\t".join(head) + "\n"]
    for k in range(len(table)):
        p = float(probabilities[k])
        value, called = ("NA", "NA") if p != p else (f"{p:.6g}", str(int(p >= threshold)))
        spans = (f"{of[k, 0]}-{of[k, 1]}" for of in (table.enhancers, table.promoters))
        label = table.labels[k]
        given = ["NA" if label != label else f"{label:.0f}"] if labelled else []
        cells = [str(table.chroms[k]), *spans, str(table.lines[k]), *given, value, called, left_out.get(k, "")]
        rows.append("\t".join(cells) + "\n")
    return "".join(rows)
