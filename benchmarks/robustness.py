"""The same model on real maps of other depth and normalisation, beside chromosight, at equal numbers of calls.

Two maps, chr21 as it is and its 30–35 Mb four times deeper, each without weights, with ``weight``, with a divisive
``KR`` column, and as normalised floats on two scales.  Truth and protocol as in ``loops_chr21``; in the 5 Mb both
anchors lie within them.  Where a file has no ``weight``, chromosight balances a copy of its own.  Bar: precision at
or above chromosight's at every number of calls from 10 on that both reach.

    python -m benchmarks.robustness [--model M] [--quick]
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from benchmarks import _curves as curves
from benchmarks._callers import our_loops, peer_loops, predict
from benchmarks._harness import record, rounded, say, scratch
from benchmarks._variants import VARIANTS, load

MAPS = {
    "chr21": (curves.REAL, "::/10000", "21", None, (25, 50, 100)),
    "30–35 Mb": (curves.REAL_DEEP, "", "chr21", curves.DEEP_REGION, (10, 20, 30)),
}
FROM = 10
QUICK = ("no weights", "KR floats")


def compare(name: str, variant: str, model: str) -> dict[str, Any]:
    """Precision of both callers on one map, and the numbers of calls at which we are below."""
    file, group, chrom, region, tops = MAPS[name]
    path = scratch("variants") / f"{Path(file).stem}.{variant.replace(' ', '_')}.cool"
    if not path.exists():
        VARIANTS[variant](path, *load(file, group))
    mine = our_loops(predict(path, scratch("variants") / "predicted", model=model, chrom=chrom))
    own = scratch("variants") / "chromosight" / path.name  # chromosight writes the weights that it makes
    own.parent.mkdir(exist_ok=True)
    kept = own.with_suffix("")
    if not (kept / "chromosight.tsv").exists():
        shutil.copyfile(path, own)
        peer_loops("chromosight", str(own), kept)
    theirs = our_chromosight(kept)
    matches = {"hicstruct": curves.real_match(mine, region), "chromosight": curves.real_match(theirs, region)}
    ours, peers = (curves.precisions(matches[k]) for k in ("hicstruct", "chromosight"))
    below = [n for n in curves.worse(ours, peers) if n >= FROM]
    return {
        "calls": {k: len(m.calls) for k, m in matches.items()},
        "precision_at": {k: curves.at(m, tops) for k, m in matches.items()},
        "average_precision": {k: m.average_precision() for k, m in matches.items()},
        "below_at": curves.spans(below),
        "compared_to": min(len(ours), len(peers), 133),
    }


def our_chromosight(folder: Path) -> Any:
    """What chromosight left in ``folder``."""
    from benchmarks.loops_chr21 import loops_of

    return loops_of(folder / "chromosight.tsv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true", help=f"only {' and '.join(QUICK)}")
    args = parser.parse_args()
    found: dict[str, Any] = {}
    for name in MAPS:
        for variant in QUICK if args.quick else VARIANTS:
            one = found[f"{name}, {variant}"] = compare(name, variant, args.model)
            top = "  ".join(f"{caller} {rounded(dict(p))}" for caller, p in one["precision_at"].items())
            say(f"{name:9s} {variant:11s} {top}  AP {rounded(one['average_precision'])}  "
                f"below at n = {one['below_at']} (of {FROM}–{one['compared_to']})")  # fmt: skip
    met = all(one["below_at"] == "none" for one in found.values())
    record("robustness", {"model": args.model, "maps": found, "met": None if args.quick and met else met})


if __name__ == "__main__":
    main()
