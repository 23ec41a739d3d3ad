"""Train the network that fuses two contact maps: resources/models/fusion/hic.

    python scripts/train_fusion_hic.py WORK [--out resources/models/fusion/hic] [--resume]

Learns from simulated maps (seeds below) and from parts of real ones in $HICSTRUCT_DATA, else ../shared/data: LNCaP chr7
and chr14 at 10 kb, GM12878 chr20 at 25 kb.  GM12878 chr21 and HFFc6 are left out: they are what is measured on.
WORK keeps checkpoint, log and simulated maps; one core, about 25 minutes.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SEEDS = range(24_000, 24_012)
"""Of the simulated maps; the benchmarks' begin at 24,500."""

REAL = (
    ("LNCaP_chr7_chr14_10kb_hg38.cool", "chr7"),
    ("LNCaP_chr7_chr14_10kb_hg38.cool", "chr14"),
    ("GM12878_rep_chr20_25kb.cool", "chr20"),
)
LENGTH, DISTANCE = 10_000_000, 2_500_000


def simulated(folder: Path) -> list[Any]:
    """Maps of 5 kb and, of half of them, of 10 kb."""
    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.fusion.map_training import coarse_sim
    from napari_hicstruct.synth.simulate import simulate_map
    from napari_hicstruct.synth.types import SimulatedMap, Truth

    config = SimulationConfig(length=LENGTH, max_distance=DISTANCE, n_steps=24_000)
    maps = []
    for seed in SEEDS:
        kept = folder / f"sim-{seed}.npz"
        if kept.exists():
            with np.load(kept) as data:
                made = SimulatedMap(
                    "chr1", LENGTH, 5_000, data["band"], data["bias"], data["masked"], Truth(), seed, None,
                    float(data["extra"]),
                )  # fmt: skip
        else:
            made = simulate_map(config, seed)
            np.savez(kept, band=made.band, bias=made.bias, masked=made.masked, extra=made.overdispersion)
        maps.append(made)
    return [*maps, *(coarse_sim(one) for one in maps[::2])]


def real(data: Path) -> list[tuple[Any, int]]:
    """Bands of counts of real maps."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.contacts.band_loading import iter_load_band
    from napari_hicstruct.genome import NameMatcher

    found = []
    for file, chrom in REAL:
        source = open_map(data / file)
        size = source.resolutions[0]
        name = NameMatcher(source.chromsizes).require(chrom)
        *_, band = iter_load_band(source, name, resolution=size, max_distance=2_500_000)
        counts = band.counts  # type: ignore[union-attr]
        filled = np.flatnonzero(counts[2:20].sum(axis=0))
        found.append((np.ascontiguousarray(counts[:, filled[0] : filled[-1] + 1]), size))
    return found


def main() -> None:
    """Train and write the model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "models" / "fusion" / "hic")
    parser.add_argument("--config", default="hic")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()

    import torch

    from napari_hicstruct.config.fusion import fusion_config
    from napari_hicstruct.fusion.map_training import MapPairs, map_terms
    from napari_hicstruct.fusion.training import LOG, FusionTrainOptions, iter_train_fusion
    from napari_hicstruct.models.fusion.store import save_fusion

    torch.set_num_threads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    config = fusion_config(given.config)
    data = Path(os.environ.get("HICSTRUCT_DATA", ROOT.parent / "shared" / "data")) / "maps"
    source = MapPairs(simulated(given.work), real(data), config.train)
    started = time.monotonic()
    steps = iter_train_fusion(config, source, map_terms, FusionTrainOptions(given.work, resume=given.resume))
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            net, figures = end.value
            break
        if int(step.done) % 50 == 0:
            print(int(step.done), round(time.monotonic() - started), step.payload, flush=True)
    card = {
        "name": "hic",
        "version": "1",
        "made": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "recipe": "scripts/train_fusion_hic.py",
        "simulated_seeds": [[SEEDS.start, SEEDS.stop]],
        "real": [f"{file} {chrom}" for file, chrom in REAL],
        "truth": "simulated pairs: true contacts and where faults were put, in addition to both maps' counts",
        "validation": figures,
        "seconds": round(time.monotonic() - started),
    }
    save_fusion(given.out, config, net.state_dict(), card)
    shutil.copyfile(given.work / LOG, given.out / "training-log.jsonl")


if __name__ == "__main__":
    main()
