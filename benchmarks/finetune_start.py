"""From the base model with all corrections, or from the last model with all corrections: which start is better?

Maps, oracle and fits as in ``active_learning``, default order; after 25, 50, 100 and 200 corrections heads are fitted
from where the base model stands, or from where the last fit ended.  On the other half: average precision and F1 of
listed loops, and the mean log loss of all candidates, which asks for ranking and sureness at once.  Bar: in the mean
over rounds and maps the default has the higher average precision and the lower log loss.

    python -m benchmarks.finetune_start [--quick]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks._harness import record, say
from benchmarks._headlab import Lab, accepted
from benchmarks._oracle import MAPS, SEEDS, Case, Oracle
from benchmarks.active_learning import ROUNDS
from napari_hicstruct.active.strategies import DEFAULT, priorities
from napari_hicstruct.config.finetune import FinetuneConfig

STARTS = ("base", "last")
MEASURES = ("listed", "f1", "log loss")


def curve(lab: Lab, start: str, seed: int) -> list[dict[str, float]]:
    """Scores after each round."""
    oracle, judged, skipped = Oracle(lab.case), {}, set()
    own, found, first = lab._seen["logit"], [], True
    base = own.copy()
    for rounds, upto in enumerate(ROUNDS):
        lab._seen["logit"] = base
        open_ = [int(k) for k in np.flatnonzero(lab.first_half) if k not in judged and k not in skipped]
        pool = lab.pool(open_, None, first=first)
        for k in np.argsort(-priorities(pool, DEFAULT, seed=seed + rounds), kind="stable"):
            if len(judged) >= upto:
                break
            one = oracle.judge(lab.records[open_[k]])
            (skipped.add(open_[k]) if one is None else judged.__setitem__(open_[k], accepted(one)))
        lab._seen["logit"] = own if start == "base" else base
        change = lab.fit(judged)
        base, first = lab.logits(change).copy(), False
        lab._seen["logit"] = own
        found.append(lab.scores_of(base) | {"log loss": lab.log_loss(base)})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one map of each kind")
    seeds = SEEDS[:1] if parser.parse_args().quick else SEEDS
    result: dict[str, Any] = {}
    for name in MAPS:
        labs = [Lab(Case(name, seed), FinetuneConfig()) for seed in seeds]
        for start in STARTS:
            runs = [curve(lab, start, lab.case.seed) for lab in labs]
            each = {w: np.array([[one[w] for one in run] for run in runs]) for w in MEASURES}
            result.setdefault(name, {})[start] = {w: values.mean(axis=0).tolist() for w, values in each.items()}
            result[name][start]["seeds"] = {w: values.mean(axis=1).tolist() for w, values in each.items()}
            shown = "  ".join(f"{w} {np.round(values.mean(axis=0), 3).tolist()}" for w, values in each.items())
            say(f"{name:18s} {start}: {shown}")
    means = {s: {w: float(np.mean([result[m][s][w] for m in MAPS])) for w in MEASURES} for s in STARTS}
    base, last = (means[start] for start in STARTS)
    met = base["listed"] >= last["listed"] and base["log loss"] <= last["log loss"]
    say(f"means over rounds and maps: {means}; bar {'met' if met else 'not met'}")
    record("finetune_start", {"rounds": list(ROUNDS), "maps": result, "mean": means, "met": met})


if __name__ == "__main__":
    main()
