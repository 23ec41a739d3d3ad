"""A simulated grammar of motifs as files, to try the commands on."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.config.files import output_error
from napari_hicstruct.errors import OutputError


def write_example(out: Path, *, seed: int = 1, lines: int = 24, overwrite: bool = False) -> dict[str, int]:
    """Simulate a genome, lines and pairs, and write them to ``out``; gives how many there are.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced, or cannot be written.
    """
    from napari_hicstruct.synth.motif_grammar import GrammarSettings, simulate_grammar
    from napari_hicstruct.synth.motif_grammar_files import write_grammar

    mine = (out / "truth.tsv").is_file()
    try:
        filled = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise output_error(out, error) from error
    if filled and not (overwrite and mine):
        hint = "Choose another folder." if not mine else "Choose another folder, or replace it with --overwrite."
        raise OutputError("exists and is not empty. Nothing was written.", where=out, hint=hint)
    made = simulate_grammar(GrammarSettings(seed=seed, lines=lines))
    write_grammar(made, out)
    return {
        "lines": len(made.lines),
        "chromosomes": len(made.sequences),
        "pairs": len(made.rows),
        "positives": sum(row[4] for row in made.rows),
    }
