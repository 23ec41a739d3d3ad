"""A simulated genome of human size, made on demand: the input of the benchmarks of many workers."""

from __future__ import annotations

from pathlib import Path

from benchmarks._harness import scratch
from napari_hicstruct.workflows.simulate import SimulateRequest, simulate

MB = 1_000_000
HUMAN = {
    "chr1": 249, "chr2": 243, "chr3": 199, "chr4": 191, "chr5": 182, "chr6": 171, "chr7": 160, "chr8": 146,
    "chr9": 139, "chr10": 134, "chr11": 136, "chr12": 134, "chr13": 115, "chr14": 108, "chr15": 102, "chr16": 91,
    "chr17": 84, "chr18": 81, "chr19": 59, "chr20": 65, "chr21": 47, "chr22": 51, "chrX": 157, "chrY": 58,
}  # fmt: skip
"""Chromosomes of GRCh38, Mb: 3.1 Gb in all."""


def human_genome(resolution: int = 10_000) -> Path:
    """The map, made once."""
    path = scratch("genome") / f"human_{resolution}.mcool"
    if not path.exists():
        lengths = {name: size * MB for name, size in HUMAN.items()}
        simulate(SimulateRequest(out=path, lengths=lengths, resolutions=(resolution,)))
    return path
