"""Does a fine-tune take what people meant, and not what nobody could mean?

Ten fine-tunes on true corrections and ten on the same with their words shuffled, on the maps and by the oracle of
``finetune_gain``, ``--n`` corrections each in the queue's default order.  Taken are the verdicts *better* and *no
different*.  Bar: nine of ten right, of both.

    python -m benchmarks.finetune_gate [--n 150] [--order entropy]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks._harness import record, say, scratch
from benchmarks._oracle import MAPS, Case, Oracle, project_with
from napari_hicstruct.active.candidates import candidates_of
from napari_hicstruct.active.strategies import DEFAULT, priorities
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.finetune import iter_finetune, prepare_finetune

RUNS, BAR = 10, 9
CASES = [Case(name, seed) for seed in (1, 2, 3, 4) for name in MAPS][:RUNS]


def corrections(case: Case, n: int, order: str, *, shuffled: bool) -> tuple[list[Any], list[Any]]:
    """Judged candidates and the rest."""
    pool = case.candidates()
    worth = priorities(candidates_of(pool), order, seed=case.seed)
    judged = Oracle(case).work([pool[k] for k in np.argsort(-worth, kind="stable")], n)
    done = {r.uid for r in judged}
    if shuffled:
        words = np.random.default_rng(case.seed).permutation([r.status for r in judged])
        judged = [r.with_(status=type(r.status)(word)) for r, word in zip(judged, words, strict=True)]
    return judged, [r for r in pool if r.uid not in done]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=150)
    parser.add_argument("--order", default=DEFAULT)
    args = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {"true": [], "shuffled": []}
    for case in CASES:
        for which, results in found.items():
            judged, rest = corrections(case, args.n, args.order, shuffled=which == "shuffled")
            folder = scratch("finetune") / "gate"
            with project_with(case, judged, rest, folder) as project:
                result = drain(iter_finetune(prepare_finetune(project, case.source)))
            results.append(
                {
                    "map": case.name,
                    "seed": case.seed,
                    "taken": result.taken,
                    "verdict": str(result.verdict),
                    "reason": f"{result.reason} {result.details}",
                }
            )
            say(f"{which:8s} {case.name:18s} {case.seed}: {result.verdict}  {result.details}")
    taken, refused = sum(r["taken"] for r in found["true"]), sum(not r["taken"] for r in found["shuffled"])
    say(f"true corrections taken {taken} of {RUNS}, shuffled refused {refused} of {RUNS}")
    met = taken >= BAR and refused >= BAR
    record(
        "finetune_gate",
        {"n": args.n, "order": args.order, "runs": found, "taken": taken, "refused": refused, "met": met},
    )


if __name__ == "__main__":
    main()
