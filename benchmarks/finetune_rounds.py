"""Five rounds of corrections and fine-tuning on one project: what is gained, what is forgotten, how long each takes.

Twenty corrections a round (queue's default order, re-ordered after each round by what the new model sees), each
fine-tune in a process of its own with one core left to the window, as the button runs it; *click to view* is until the
new model's calls of the 2 Mb in view are there.  Forgetting: mean average precision of the last model over that of the
base model on six simulated replay maps that nothing was learnt from.  Bars: first round ≤ 90 s and its gain ≥ 15 %;
forgetting ≥ 0.98.

    python -m benchmarks.finetune_rounds [--map "thinned chr21"] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

import numpy as np

from benchmarks._harness import record, say, scratch
from benchmarks._oracle import MAPS, Case, Oracle, project_with
from napari_hicstruct.active.candidates import candidates_of
from napari_hicstruct.active.strategies import DEFAULT, priorities
from napari_hicstruct.annotations.records import Status
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, drain, in_process
from napari_hicstruct.workflows.finetune import iter_finetune, prepare_finetune, record_result
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from napari_hicstruct.workflows.rescore import iter_rescore

A_ROUND = 20
VIEW = 2_000_000
BARS = {"seconds": 90.0, "gain": 0.15, "kept": 0.98}
REPLAY_MAPS = 6


def judge(project: Any, case: Case, oracle: Oracle, seen: dict[str, Any]) -> None:
    """The next twenty of the queue, accepted or rejected in the project."""
    from dataclasses import replace

    waiting = [r for r in project.query() if r.status is Status.PROPOSED]
    pool = candidates_of(waiting)
    if seen:
        pool = replace(pool, probability=np.array([seen[r.uid].probability for r in waiting]))
    order = np.argsort(-priorities(pool, DEFAULT, seed=case.seed), kind="stable")
    for one in oracle.work([waiting[k] for k in order], A_ROUND):
        project.set_status([one.uid], one.status)


def learn(project: Any, case: Case, threads: int) -> tuple[Any, float]:
    """One click: fine-tune in a process of its own, and the view predicted again; result and seconds."""
    started = time.monotonic()
    job = prepare_finetune(project, case.source, threads=threads)
    result = drain(in_process(iter_finetune, job, token=CancelToken(), stop=CancelToken(), threads=threads))
    record_result(project, job, result)
    middle = int(case.cut)
    view = Interval(case.chrom, middle - VIEW // 2, middle + VIEW // 2)
    predict(case.source, PredictRequest(regions=(view,), model=result.model, threads=threads))
    return result, time.monotonic() - started


def forgotten(model: str) -> float:
    """Mean average precision on the held replay maps."""
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.finetune.replay import iter_precision
    from napari_hicstruct.workflows.models import find_model

    net, _ = load_model(find_model(model).path)
    found = drain(iter_precision(net, choose_device("cpu"), REPLAY_MAPS, token=CancelToken(), clock=Clock()))
    return float(found.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--map", default=MAPS[1], choices=MAPS)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    case, threads = Case(args.map, 1), max(1, (os.cpu_count() or 2) - 1)
    oracle, rounds, model, seen = Oracle(case), [], "default", {}
    base = case.precision("default")
    with project_with(case, [], case.candidates(), scratch("finetune") / "rounds") as project:
        for number in range(1, args.rounds + 1):
            judge(project, case, oracle, seen)
            result, seconds = learn(project, case, threads)
            after = case.precision(result.model)
            rounds.append(
                {
                    "seconds": seconds,
                    "fine_tune_s": result.seconds,
                    "precision": after,
                    "taken": result.taken,
                    "verdict": str(result.verdict),
                    "reason": f"{result.reason} {result.details}",
                }
            )
            say(f"round {number}: {seconds:.0f} s, average precision {base:.3f} → {after:.3f}, {result.verdict}")
            if result.taken:
                model = result.model
            waiting = [r for r in project.query() if r.status is Status.PROPOSED]
            seen = drain(iter_rescore(case.source, waiting, model=model))
        kept = forgotten(model) / forgotten("default")
    gain = rounds[0]["precision"] / base - 1
    say(f"first round {rounds[0]['seconds']:.0f} s, gain {gain:+.1%}; replay maps {kept:.3f} of the base model")
    met = rounds[0]["seconds"] <= BARS["seconds"] and gain >= BARS["gain"] and kept >= BARS["kept"]
    record(
        "finetune_rounds",
        {"map": args.map, "base": base, "rounds": rounds, "gain": gain, "kept": kept, "threads": threads, "met": met},
    )


if __name__ == "__main__":
    main()
