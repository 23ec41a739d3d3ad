"""The gate of maps: simulated protocols that it has not seen, thinned real maps, ordinary ones; time and memory.

Three networks on the same windows and maps: the shipped one without a gate, with the gate set by each map's own
windows, and with the control of equal size and steps, whose code is the same for every map.

Bars: average precision on each unseen protocol, and the share of calls on thinned real maps that pass (the neutral
scorer, at full depth), above the ungated model; on ordinary maps within .01; adapting ≤ 5 s, ≤ 200 MB.

    python -m benchmarks.cell_gate [--gate FOLDER] [--control FOLDER] [--batches N]

FOLDER: of a run of ``hicstruct train resources/configs/cell-gate.yaml`` (its ``model``), and of the same with
``model.cell_gate.control: none``; else ``cell_gate/gate`` and ``cell_gate/control`` of the scratch folder.  Without a
control its column is left out.  Simulated maps are those that chose the best step of each run; their protocols here
are others.  GM12878 chr21 is in no training.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import BenchmarkError, commit, data_dir, record, rounded, say, scratch
from benchmarks._real_judge import figures, observed_over_expected
from benchmarks._real_maps import MAPS, _ours_of
from benchmarks.depth_curve import one_map
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.training import LineConfig, TrainConfig
from napari_hicstruct.evaluation.records import select

ORDINARY = "ordinary"
PROTOCOLS: dict[str, dict[str, tuple[float, float]]] = {
    "smeared": {"blur": (1.8, 2.2), "noise": (0.15, 0.25)},
    "rough": {"roughness": (0.4, 0.5), "bin_roughness": (0.5, 0.6)},
    "steep": {"tilt": (-0.7, -0.5)},
    "flat": {"tilt": (0.5, 0.7)},
}
"""Beyond the ranges that the gate was trained in; what a protocol does not name is as in no line at all."""
THINNINGS = (1, 16)
KINDS = (Kind.LOOP, Kind.STRIPE, Kind.BOUNDARY)
WITHIN, SECONDS, MEGABYTES = 0.01, 5.0, 200.0


def line_of(ranges: Mapping[str, tuple[float, float]]) -> LineConfig:
    """A protocol's own ranges; all others off."""
    off = dict.fromkeys(("blur", "tilt", "roughness", "bin_roughness", "noise"), (0.0, 0.0))
    return LineConfig(enabled=True, **(off | dict(ranges)))


def simulated(models: Mapping[str, Any], config: TrainConfig, batches: int) -> dict[str, dict[str, dict[str, float]]]:
    """Average precision by protocol, model and output."""
    from napari_hicstruct.config.paths import training_maps_dir
    from napari_hicstruct.jobs import CancelToken, drain
    from napari_hicstruct.training.pool import iter_make_pool
    from napari_hicstruct.training.samples import SampleStream
    from napari_hicstruct.training.validate import validate

    paths = drain(iter_make_pool(config.validation, training_maps_dir(scratch("cell_gate")), token=CancelToken()))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, ranges in {ORDINARY: {}, **PROTOCOLS}.items():
        lines = line_of(ranges) if ranges else LineConfig()
        own = config.judged().model_copy(update={"lines": lines, "steps_per_draw": 3, "bin_sizes": ()})
        windows = own.model.cell_gate.model_copy(update={"train_windows": (32, 32)})
        own = own.model_copy(update={"model": own.model.model_copy(update={"cell_gate": windows})})
        drawn = list(SampleStream(own, paths, first_step=0, last_step=batches, seed=77))
        found[name] = {}
        for label, net in models.items():
            given = drawn if label != "ungated" else [{k: v for k, v in b.items() if k != "support"} for b in drawn]
            scores = validate(net, given, own)
            found[name][label] = {**scores.precision, "mean": scores.total}
        say(f"{name}: {json.dumps(rounded({k: v['mean'] for k, v in found[name].items()}))}")
    return found


def real(folders: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Shares of calls on thinned copies of GM12878 chr21 that the whole map shows."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.predict import predict
    from napari_hicstruct.workflows.predict.request import PredictRequest

    whole = next(one for one in MAPS if one.name == "GM12878 chr21")
    maps = observed_over_expected(whole)
    found: dict[str, dict[str, Any]] = {}
    for factor in THINNINGS:
        uri = whole.uri if factor == 1 else str(one_map(factor, 1))
        source = open_map(uri)
        chrom = next(name for name in source.chromsizes if name.removeprefix("chr") == "21")
        for label, folder in folders.items():
            region = (Interval(chrom, 0, source.chromsizes[chrom]),)
            request = PredictRequest(regions=region, model=str(folder), threads=1, adapt=label != "ungated")
            records = predict(source, request).annotations
            spelt = [r.with_(anchor1=_renamed(r.anchor1), anchor2=_renamed(r.anchor2)) for r in records]
            calls = {kind: _ours_of(kind, "21", select(spelt, kind, "21")) for kind in KINDS}
            own = {kind.value: figures(calls[kind], maps, whole.resolution)["share"] for kind in KINDS}
            found.setdefault(f"1/{factor}", {})[label] = own
            say(f"chr21 1/{factor}, {label}: {json.dumps(rounded(own))}")
    return found


def _renamed(interval: Any) -> Any:
    return type(interval)("21", interval.start, interval.end)


def speed(folder: Path) -> dict[str, float]:
    """Seconds and MB of adapting to chr21, two threads, after a first run has compiled what is compiled."""
    import torch

    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.jobs import drain
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.predict.adapt import Reading, iter_adapt

    torch.set_num_threads(2)
    source = open_map(data_dir() / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    net = load_model(folder)[0]
    before, times, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, [], []
    for _ in range(3):
        started, used = time.perf_counter(), time.process_time()
        drain(iter_adapt(source, net, Reading(net.config)))
        times.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"first_seconds": times[0], "seconds": min(times), "cpu_seconds": max(cpu), "mb": more}


def bars(result: Mapping[str, Any]) -> dict[str, bool]:
    """Which are met."""
    found: dict[str, bool] = {}
    for name, own in result["simulated"].items():
        gain = own["gate"]["mean"] - own["ungated"]["mean"]
        found[name] = abs(gain) <= WITHIN or gain > 0 if name == ORDINARY else gain > 0
    for factor, own in result["real"].items():
        gains = [_top(own["gate"], kind) - _top(own["ungated"], kind) for kind in (k.value for k in KINDS)]
        found[f"chr21 {factor}"] = min(gains) >= -WITHIN if factor == "1/1" else float(np.mean(gains)) > 0
    adapt = result["adapt"]
    return found | {"seconds": adapt["first_seconds"] <= SECONDS, "memory": adapt["mb"] <= MEGABYTES}


def _top(own: Mapping[str, Any], kind: str) -> float:
    shares = own[kind]
    return float(shares.get("100") or shares.get("50") or shares.get("all") or 0.0)


def main() -> None:
    from napari_hicstruct.config import parse_config
    from napari_hicstruct.models.store import load_model

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gate", type=Path, default=scratch("cell_gate") / "gate")
    parser.add_argument("--control", type=Path, default=scratch("cell_gate") / "control")
    parser.add_argument("--batches", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    import torch

    started = commit()
    if not (args.gate / "model.json").exists():
        raise BenchmarkError(f"there is no model with a gate in {args.gate}: train resources/configs/cell-gate.yaml")
    folders = {"ungated": args.gate, "gate": args.gate}
    folders |= {"control": args.control} if (args.control / "model.json").exists() else {}
    result: dict[str, Any] = {"adapt": speed(args.gate)}
    say(json.dumps(rounded(result["adapt"])))
    torch.set_num_threads(args.threads)
    card = load_model(args.gate)[1]
    config = parse_config(TrainConfig, card["recipe"], where=str(args.gate))
    models = {name: load_model(folder)[0] for name, folder in folders.items()}
    result |= {"simulated": simulated(models, config, args.batches), "real": real(folders)}
    result |= {"bars": bars(result), "steps": card["step"], "batches": args.batches, "started_at": started}
    result["met"] = all(result["bars"].values())
    say(json.dumps(rounded(result["bars"]), indent=1))
    record("cell_gate", result)


if __name__ == "__main__":
    main()
