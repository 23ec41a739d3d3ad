"""Fusion of pictures beside mean, max, Laplacian pyramid, wavelet and guided filter.

Pairs are made from pictures of scikit-image of which no training has seen any (``TEST``), by spatially varying blur
with soft borders.  Parts: ``focus``, the bar; ``spread``, a foreground that out of focus bleeds over the ground;
``noise``, the same as ``focus`` with noise of its own in each picture, for the preset microscopy; ``speed``.

Every peer is run in each setting of ``_fusion_peers`` and shown by the best one for each measure, chosen on these very
pairs.  Ours are the shipped models, each as it is.

Bars: PSNR, SSIM and Q^AB/F above every peer; mask IoU ≥ .9 (``focus``).  With noise: PSNR and SSIM above every peer,
noise in flat parts at most that of the better input.  520 × 520 within 3 s on two cores and 1.5 GB, the whole command.
``spread`` has no bar; what ours lead by there is shown.

    python -m benchmarks.fusion_images [--part focus spread noise speed] [--quick] [--model FOLDER]

PyWavelets is a peer's alone: ``pip install -r benchmarks/peers-fusion.txt``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import _fusion_metrics as measure
from benchmarks import _fusion_peers as peers_module
from benchmarks._fusion_peers import PEERS, Fuse, settings_of
from benchmarks._harness import THREADS, BenchmarkError, commit, record, rounded, run_program, say, scratch
from napari_hicstruct.synth import focus_pairs
from napari_hicstruct.synth.focus_pairs import FocusOptions, FocusPair, focus_pair
from napari_hicstruct.workflows.fuse.pictures import grey, packaged_picture

TEST = ("camera", "chelsea", "rocket", "grass", "coins", "cell", "hubble_deep_field")
"""Pictures of scikit-image that no shipped network was trained on, nor chosen by."""

PARTS = ("focus", "spread", "noise", "speed")
PRESETS = {"focus": "lytro", "spread": "lytro", "noise": "microscopy"}
OPTIONS = FocusOptions(blur=(1.0, 4.0), border=(2.0, 8.0))
NOISE = (0.02, 0.06)
MAX_SIDE, SEED = 520, 7301
"""Seed 2401 was looked at while the networks were trained; this one first when they were done."""
IOU_BAR, SECONDS_BAR, MEMORY_BAR_MB = 0.9, 3.0, 1_536
MEASURES = {"focus": ("psnr", "ssim", "q_abf"), "spread": ("psnr", "ssim", "q_abf"), "noise": ("psnr", "ssim")}
"""By which ours must lead."""


def pairs(part: str, per_picture: int) -> Iterator[tuple[str, FocusPair, FocusPair]]:
    """Name, the pair, and the same without noise."""
    for k, name in enumerate(TEST):
        picture = grey(packaged_picture(name))
        y, x = (max(0, (n - MAX_SIDE) // 2) for n in picture.shape)
        picture = picture[y : y + MAX_SIDE, x : x + MAX_SIDE]
        for j in range(per_picture):
            rng = np.random.default_rng([SEED, PARTS.index(part), k, j])
            clean = focus_pair(picture, rng, "spread" if part == "spread" else "varying", OPTIONS)
            yield name, _with_noise(clean, rng) if part == "noise" else clean, clean


def _with_noise(pair: FocusPair, rng: np.random.Generator) -> FocusPair:
    sigmas = rng.uniform(*NOISE, 2)
    a, b = (
        (one + s * rng.standard_normal(one.shape)).astype("f4") for one, s in zip((pair.a, pair.b), sigmas, strict=True)
    )
    return replace(pair, a=a, b=b, noise=tuple(sigmas))


class Judge:
    """Measures of fused pictures of one pair; what is the same for all of them is found once."""

    def __init__(self, pair: FocusPair, clean: FocusPair) -> None:
        self.pair = pair
        self.edges = [measure.edges(one) for one in (pair.a, pair.b)]
        self.noisy = pair is not clean
        if self.noisy:
            self.clean_edges = [measure.edges(one) for one in (clean.a, clean.b)]
            self.flat = measure.flat_parts(pair.truth, (clean.a, clean.b))
            both = ((pair.a, clean.a), (pair.b, clean.b))
            some = self.flat if self.flat.any() else np.ones_like(self.flat)
            self.least = min(measure.noise_in(one, clean_one, some) for one, clean_one in both)

    def of(self, fused: NDArray[Any]) -> dict[str, float]:
        """All measures of one; ``noise`` in flat parts is in units of the better input's."""
        truth, edges = self.pair.truth, measure.edges(fused)
        found = {"psnr": measure.psnr(truth, fused), "ssim": measure.ssim(truth, fused)}
        found["q_abf"] = measure.q_of_edges(*self.edges, edges)
        if self.noisy:
            found["q_abf_clean"] = measure.q_of_edges(*self.clean_edges, edges)
            flat = self.flat.sum() >= measure.MIN_FLAT
            found["noise"] = measure.noise_in(fused, truth, self.flat) / self.least if flat else float("nan")
        return found


def run_part(part: str, per_picture: int, model: Path | None) -> dict[str, Any]:
    """Ours and every peer on all pairs of a part; figures of peers are kept while the code they rest on stays."""
    kept = scratch("fusion-images") / f"peers-{part}-{per_picture}-{_fingerprint()}.json"
    peers = json.loads(kept.read_text()) if kept.exists() else None
    ours: dict[str, list[dict[str, float]]] = {}
    found: dict[str, dict[str, list[dict[str, float]]]] = {peer: {} for peer in PEERS}
    for name, pair, clean in pairs(part, per_picture):
        fused, mask = fuse_by_ours(pair, PRESETS[part], model)
        judge = Judge(pair, clean)
        one = judge.of(fused) | {"iou": measure.mask_iou(mask, pair.focus)}
        ours.setdefault(name, []).append(one)
        for peer, setting, fuse in _peers() if peers is None else ():
            made = fuse(pair.a.astype("f4"), pair.b.astype("f4"))
            made = made if part == "noise" else np.clip(made, 0, 1)
            found[peer].setdefault(setting, []).append(judge.of(made))
        say(f"{part}, {name}: " + " · ".join(f"{key} {value:.4g}" for key, value in one.items()))
    if peers is None:
        kept.write_text(json.dumps(found))
    return _summary(part, ours, peers or found)


def _fingerprint() -> str:
    """Of the code that makes pairs, peers and measures."""
    sources = (
        Path(__file__),
        Path(str(peers_module.__file__)),
        Path(str(measure.__file__)),
        Path(str(focus_pairs.__file__)),
    )
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def _peers() -> Iterator[tuple[str, str, Fuse]]:
    for peer in PEERS:
        for setting, fuse in settings_of(peer):
            yield peer, setting, fuse


def _summary(part: str, ours: Mapping[str, Any], peers: Mapping[str, Any]) -> dict[str, Any]:
    every = [one for found in ours.values() for one in found]
    mine = {key: _mean(every, key) for key in every[0]}
    shown: dict[str, Any] = {}
    for peer, by_setting in peers.items():
        shown[peer] = {}
        for key in (key for key in mine if key != "iou"):
            pick = min if key == "noise" else max
            setting = pick(by_setting, key=lambda one, key=key: _mean(by_setting[one], key))
            shown[peer][key] = {"value": _mean(by_setting[setting], key), "setting": setting}
    above = {key: all(mine[key] > one[key]["value"] for one in shown.values()) for key in MEASURES[part]}
    bars = {f"{part}: {key} above every peer": value for key, value in above.items() if part != "spread"}
    if part == "focus":
        bars["mask IoU"] = mine["iou"] >= IOU_BAR
    if part == "noise":
        bars["noise in flat parts"] = max(one["noise"] for one in every if one["noise"] == one["noise"]) <= 1
    each = {name: {key: _mean(found, key) for key in found[0]} for name, found in ours.items()}
    return {"ours": mine, "above": above, "peers": shown, "pictures": each, "pairs": len(every), "bars": bars}


def _mean(found: list[dict[str, float]], key: str) -> float:
    """Of the pairs that have it: a picture without flat parts has no noise in them."""
    values = [one[key] for one in found if one[key] == one[key]]
    return float(np.mean(values)) if values else float("nan")


def fuse_by_ours(pair: FocusPair, preset: str, model: Path | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """The fused picture and the mask."""
    from napari_hicstruct.jobs import CancelToken, drain
    from napari_hicstruct.workflows.fuse.images import FuseImagesRequest, iter_fuse_images

    made = drain(iter_fuse_images(FuseImagesRequest(pair.a, pair.b, preset, model, "cpu", THREADS), CancelToken()))
    return made.fused, made.mask


def run_speed(model: Path | None) -> dict[str, Any]:
    """The whole command on 520 × 520, and the fusion alone in a process that has loaded the model."""
    rng = np.random.default_rng(SEED)
    picture = np.pad(grey(packaged_picture("camera")), 8, mode="reflect")[:520, :520]
    pair = focus_pair(picture, rng, "varying", OPTIONS)
    program = "import sys; from napari_hicstruct.cli.main import main; sys.exit(main(sys.argv[1:]))"
    with tempfile.TemporaryDirectory() as folder:
        for name, one in (("a", pair.a), ("b", pair.b)):
            np.save(Path(folder, f"{name}.npy"), one)
        words = ["fuse", f"{folder}/a.npy", f"{folder}/b.npy", "-o", f"{folder}/f.npy", "--threads", str(THREADS)]
        words += ["--overwrite", "--quiet", "--device", "cpu", *(["--model", str(model)] if model else [])]
        runs = [run_program([sys.executable, "-c", program, *words]) for _ in range(3)]
    best = min(runs, key=lambda one: one.wall_s)
    bars = {"520 × 520, s": best.wall_s <= SECONDS_BAR, "520 × 520, MB": best.peak_mb <= MEMORY_BAR_MB}
    load = os.getloadavg()[0]
    shown = {"seconds": best.wall_s, "cpu_seconds": best.cpu_s, "peak_mb": best.peak_mb, "load": load}
    return {**shown, "bars": bars, "runs": [one.wall_s for one in runs]}


def main() -> None:
    """Run the parts and record them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--pairs", type=int, default=2, help="of each picture")
    parser.add_argument("--model", type=Path, help="in place of the shipped ones; recorded nowhere")
    parser.add_argument("--quick", action="store_true", help="one pair of each picture; recorded nowhere")
    given = parser.parse_args()
    try:
        import pywt  # noqa: F401
    except ImportError as error:
        raise BenchmarkError("PyWavelets is missing: pip install -r benchmarks/peers-fusion.txt") from error
    kept = scratch("fusion-images") / "parts.json"
    parts = json.loads(kept.read_text()) if kept.exists() and not (given.quick or given.model) else {}
    for part in given.part:
        found = (
            run_speed(given.model)
            if part == "speed"
            else run_part(part, 1 if given.quick else given.pairs, given.model)
        )
        parts[part] = rounded(found | {"commit": commit()})
        if not (given.quick or given.model):
            kept.write_text(json.dumps(parts))
    bars = {name: met for part in parts.values() for name, met in part["bars"].items()}
    result = {"test_pictures": list(TEST), "parts": parts, "bars": bars, "met": all(bars.values())}
    print(json.dumps(result, indent=1))
    if not (given.quick or given.model):
        record("fusion_images", result)


if __name__ == "__main__":
    main()
