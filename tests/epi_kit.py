"""A tiny grammar as files, and settings that train in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_hicstruct.config.epi import EpiConfig, epi_config, merged
from napari_hicstruct.synth.motif_grammar import GrammarSettings, simulate_grammar
from napari_hicstruct.synth.motif_grammar_files import write_grammar

TINY: dict[str, Any] = {
    "encoder": {"window": 64, "filters": 8, "kernel": 9, "dilations": [1], "dims": 16, "head": 8},
    "gate": {"hidden": 8, "code": 8, "gate_hidden": 16, "support": 4},
    "train": {"epochs": 3, "steps_per_epoch": 3, "warmup": 2, "lines_per_batch": 3, "pairs_per_line": 8},
    "curriculum": {"closed_until": 1, "opening": 1},
}


def tiny(**changes: Any) -> EpiConfig:
    """Tiny settings with changes."""
    return epi_config(changes=merged(TINY, changes))


def grammar_folder(folder: Path, lines: int = 6) -> Path:
    """Genome, pairs, lines, peaks and motifs."""
    settings = GrammarSettings(
        lines=lines, chroms=4, enhancers=20, promoters=10, window=64, spacer=20, motifs=6, distractors=2, positives=3
    )
    write_grammar(simulate_grammar(settings), folder)
    return folder
