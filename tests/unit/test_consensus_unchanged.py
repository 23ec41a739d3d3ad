"""From files to the list of soft labels nothing changed with the faster reading and clustering (after 095c470)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import Kind
from napari_hicstruct.annotations.writers import write_soft_labels
from napari_hicstruct.labels.consensus import ConsensusOptions, Method
from napari_hicstruct.workflows.consensus import CallFile, ConsensusRequest, consensus_of_files

CALLERS = ("chromosight", "dots", "mustache", "Peakachu")


def digest(files: list[CallFile], kind: Kind, out: Path) -> str:
    request = ConsensusRequest(tuple(files), kind, ConsensusOptions(method=Method.COUNT))
    found = consensus_of_files(request).consensus
    return hashlib.sha256(write_soft_labels(found.records, out, kind).read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("length", "kind", "expected"),
    [
        (20_000_000, Kind.LOOP, "8fd796ce839a4287"),
        (2_000_000, Kind.LOOP, "002819a28f82cee5"),
        (20_000_000, Kind.TAD, "0d3ab566eeeb5593"),
        (2_000_000, Kind.TAD, "992dd2f23e719c7a"),
        (2_000_000, Kind.BOUNDARY, "0dc00b93b8e48bac"),
    ],
)
def test_random_calls(tmp_path: Path, length: int, kind: Kind, expected: str) -> None:
    rng = np.random.default_rng(length)
    true = rng.integers(0, length // 5_000, (400, 2)) * 5_000
    files = []
    for caller in CALLERS:
        places = np.sort(true[rng.random(400) < 0.6] + rng.integers(-3, 4, (1, 2)) * 2_500, axis=1)
        places = np.maximum(places + rng.integers(-2, 3, places.shape) * 5_000, 0)
        lines = []
        for a, b in places.tolist():
            if kind is Kind.LOOP:
                lines.append(f"chr1\t{a}\t{a + 10_000}\tchr1\t{b}\t{b + 10_000}\t{caller}\t{rng.random():.3f}")
            else:
                end = max(a, b) + 5_000 if kind is Kind.TAD else a + 5_000
                lines.append(f"chr1\t{a}\t{end}\tx\t{rng.random():.3f}")
        path = tmp_path / f"{caller}.bed{'pe' * (kind is Kind.LOOP)}"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        files.append(CallFile(path, caller))
    assert digest(files, kind, tmp_path / "soft.bed") == expected


@pytest.mark.parametrize(
    ("names", "kind", "expected"),
    [
        (
            ("HiCCUPS.hg19.bedpe", "peakachu.10kb.hg19.bedpe", "RAD21_ChIA-PET.hg19.bedpe"),
            Kind.LOOP,
            "ba70e2ef9f8436aa",
        ),
        (("Arrowhead.hg19.bed", "HiTAD.20kb.hg19.txt"), Kind.TAD, "3a10911b38e71a35"),
        (("Arrowhead.hg19.bed", "HiTAD.20kb.hg19.txt"), Kind.BOUNDARY, "9dadd85b9090990c"),
    ],
)
def test_calls_of_real_programs(
    data_dir: Path, tmp_path: Path, names: tuple[str, ...], kind: Kind, expected: str
) -> None:
    files = [CallFile(data_dir / "labels" / f"GM12878_chr21.{name}") for name in names]
    assert digest(files, kind, tmp_path / "soft.bed") == expected
