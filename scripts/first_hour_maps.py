"""The maps of the first hour, where to work on each, and the label files that fit or do not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DATA = Path(os.environ.get("HICSTRUCT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Place:
    """A map, where to work on it, its label file (None: one is written), and one of another genome."""

    map: str
    region: str
    labels: str | None
    foreign: str


MAPS = {
    "HFFc6": Place(
        "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool",
        "chr17:62.5M-63.5M",
        "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe",
        "GM12878_chr21.HiCCUPS.hg19.bedpe",
    ),
    "GM12878": Place(
        "GM12878_MboI_chr21_10kb_hg19.cool",
        "chr21:30M-33M",
        "GM12878_chr21.HiCCUPS.hg19.bedpe",
        "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe",
    ),
    "LNCaP": Place(
        "LNCaP_chr7_chr14_10kb_hg38.cool", "chr7:11M-14M", None, "GM12878_chr21.HiCCUPS.hg19.bedpe"
    ),
}  # fmt: skip
