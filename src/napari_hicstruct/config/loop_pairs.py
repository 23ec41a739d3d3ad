"""What a person gives to judge loops as enhancer–promoter pairs."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from napari_hicstruct.config.base import FrozenConfig


class LoopPairsConfig(FrozenConfig):
    """Files, and the cell line that is asked about."""

    model: Path | None = Field(None, description="folder that hicstruct epi train wrote")
    fasta: Path | None = Field(None, description="sequences of the map's genome, not compressed")
    enhancers: Path | None = Field(None, description="enhancers or open chromatin of the cell line: BED, narrowPeak")
    promoters: Path | None = Field(None, description="genes (GTF, GFF3, BED12), whose starts count, or intervals")
    line: str = Field(
        "", title="cell line", description="name of the cell line that is asked about; where a table is given, of a row"
    )
    lines: Path | None = Field(
        None,
        title="table of lines",
        description="table of all cell lines that the model knows, with numbers, tracks and peaks; without it the "
        "enhancers alone describe the cell line",
    )
    flank: int = Field(5_000, ge=0, description="bp around an anchor that belong to it")

    def missing(self) -> str:
        """What is not given yet, in words; empty where nothing is."""
        names = {"model": "the model's folder", "fasta": "a FASTA", "enhancers": "enhancers", "promoters": "promoters"}
        lacking = [said for name, said in names.items() if getattr(self, name) is None]
        lacking += [] if self.line.strip() else ["the cell line"]
        return f"Give {', '.join(lacking)}." if lacking else ""
