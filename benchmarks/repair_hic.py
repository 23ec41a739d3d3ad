"""Votes of real callers on simulated maps at 10 kb, repaired by implicit functions, beside the votes as they are.

Two simulators, two depths; three seeds, each a map of 10 Mb per simulator and depth (``_maps.CORNERS``).  Loops:
chromosight, cooltools dots, mustache, hicpeaks.  Domains: what lies between the boundaries of cooltools insulation
(windows of 100, 200 and 300 kb; one vote each) and of chromosight's borders.  All as their authors set them, run once
per map.

Boundaries: F1 within ±20 kb, the ends of the listed domains; loops: average precision within ±20 kb.  Truth is what is
visible at the depth, what is too faint counts neither way.  A seed's figures are of its four maps together; the mean
and the standard deviation are over seeds.  Beside the repair stand each level mask without repair (so many callers or
more), their share without repair, and ``hicstruct consensus`` (what two callers or more have, by soft score); of
domains also the two halves of the repair, each by itself.
Bars: boundary F1 and loop AP of the repair above all of them (but its halves) in the mean.

    python -m benchmarks.repair_hic [--quick] [--until fusion|joint]
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _maps as maps
from benchmarks._callers import _once, at_root, insulation, loop_files
from benchmarks._harness import peer, record, say
from napari_hicstruct.annotations import Annotation, Kind, LabelFile, read_labels
from napari_hicstruct.annotations.borders import borders_of
from napari_hicstruct.annotations.loci import UNMATCHED, match_ranked, near_any
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.evaluation.loops import match_loops, prepare, rank
from napari_hicstruct.evaluation.matching import score_counts
from napari_hicstruct.evaluation.records import boundary_table, loop_table, select
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.consensus import CallerCalls, ConsensusOptions, consensus
from napari_hicstruct.labels.votes import MaskKind, VoteMap, objects_of
from napari_hicstruct.workflows.consensus import CallFile
from napari_hicstruct.workflows.repair.hic import HicRepairRequest, domain_ends, hic_repair
from napari_hicstruct.workflows.repair.hic_tiles import levels_of

RESOLUTION, TOLERANCE = 10_000, 20_000
DEPTHS = (40.0, 200.0)
WINDOWS = (100_000, 200_000, 300_000)
MAX_DOMAIN = 3_000_000
APART = 10**9
"""bp between the maps of a seed, which are judged in one list."""

LISTED_FROM = 0.1
"""Share of the callers from which loops are ranked: also what one caller alone has."""

REPAIRED, SHARE, CONSENSUS = "repaired", "share, no repair", "consensus"
SHARE_ENDS, REPAIRED_ENDS = "share, no repair, shared ends", "repaired, ends by pixels"
"""What each half of ours does alone: shown, but part of no bar."""

Lists = dict[str, list[Annotation]]


# ---------------------------------------------------------------------- votes of real callers
def loops_of(test: maps.TestMap) -> Lists:
    """Loops by caller; a caller may have found none."""
    folder = test.path.with_suffix("") / "consensus"
    root = at_root(test.path, f"resolutions/{RESOLUTION}", folder / "map.cool")
    found: Lists = {}
    for name, path in loop_files(root, folder, RESOLUTION).items():
        try:
            found[name] = read_labels(path, kind=Kind.LOOP).records
        except HicStructError:  # an empty file, or its header alone
            found[name] = []
    return found


def domains_of(test: maps.TestMap) -> Lists:
    """Domains by caller: what lies between two of its boundaries."""
    folder, uri = test.path.with_suffix("") / "10000", test.uri(RESOLUTION)
    found: Lists = {}
    for window in WINDOWS:
        insulation(uri, folder, window)
        table = pd.read_csv(folder / f"insulation_{window}.tsv", sep="\t")
        called = table[table[f"is_boundary_{window}"].fillna(False).astype(bool)]
        found[f"insulation {window // 1_000} kb"] = between(called["start"])
    out = folder / "borders.tsv"
    words = ["--pattern", "borders", "--threads", "1", "--no-plotting"]
    _once(uri, out, [[peer("chromosight"), "detect", *words, uri, out.with_suffix("")]])
    table = pd.read_csv(out, sep="\t")
    found["chromosight borders"] = between(np.maximum(table["start1"], table["start2"]))
    return found


def between(boundaries: Any) -> list[Annotation]:
    """Domains from one boundary to the next, in whole bins; longer ones are gaps."""
    places = sorted({int(one) // RESOLUTION * RESOLUTION for one in boundaries})
    spans = [Interval("chr1", a, b) for a, b in itertools.pairwise(places) if b - a <= MAX_DOMAIN]
    return [Annotation(kind=Kind.TAD, anchor1=span, anchor2=span, resolution=RESOLUTION) for span in spans]


# ---------------------------------------------------------------------- lists of each method
def listed(votes: VoteMap, share: Any, threshold: float, ends: Any = None) -> list[Annotation]:
    """Objects of a map of occupancies."""
    share = np.asarray(share, np.float32)
    return objects_of(share, votes.kind, votes.region, votes.bin_size, threshold=threshold, ends=ends)


def methods(votes: VoteMap, repaired: Any, lists: Lists, ends: Any = None) -> Lists:
    """Lists by method: the repair, the share and each level without repair, the consensus; parts of the repair."""
    loops = votes.kind is MaskKind.LOOP
    threshold = votes.threshold(LISTED_FROM if loops else 0.5)
    found = {REPAIRED: listed(votes, repaired, threshold, ends), SHARE: listed(votes, votes.share, threshold)}
    if ends is not None:
        found[SHARE_ENDS] = listed(votes, votes.share, threshold, ends)
        found[REPAIRED_ENDS] = listed(votes, repaired, threshold)
    for n_callers in levels_of(len(votes.callers)):
        found[f"≥ {n_callers} callers, no repair"] = listed(votes, votes.level(n_callers), 0.5)
    kind = Kind.LOOP if loops else Kind.BOUNDARY
    calls = [CallerCalls(name, tuple(own if loops else borders_of(own))) for name, own in lists.items() if own]
    found[CONSENSUS] = list(consensus(calls, kind, ConsensusOptions(min_tools=2)).records)
    return found


def repaired_lists(test: maps.TestMap, until: str, seed: int) -> tuple[dict[MaskKind, Lists], float]:
    """Lists of all methods on one map, and the seconds of the repair."""
    from napari_hicstruct.config.repair import repair_config

    lists = {MaskKind.LOOP: loops_of(test), MaskKind.DOMAIN: domains_of(test)}
    files = [
        CallFile(Path(name), name, LabelFile(records, [], "", {}))
        for own in lists.values()
        for name, records in own.items()
        if records
    ]
    config = repair_config("hic").model_copy(update={"seed": seed})
    region = Interval("chr1", 0, maps.LENGTH)
    request = HicRepairRequest(tuple(files), region, RESOLUTION, config=config, until=until)  # type: ignore[arg-type]
    begun = time.monotonic()
    result = hic_repair(request)
    seconds = time.monotonic() - begun
    calls = {name: records for own in lists.values() for name, records in own.items() if records}
    found = {
        one.votes.kind: methods(one.votes, one.share, lists[one.votes.kind], domain_ends(one.votes, request, calls))
        for one in result.maps
    }
    return found, seconds


# ---------------------------------------------------------------------- figures
@dataclass
class Tally:
    """What one method has on the maps of one seed."""

    loops: list[Any] = field(default_factory=list)
    hits: int = 0
    calls: int = 0


@dataclass
class Seed:
    """Truth and tallies of one seed."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    truth: list[Any] = field(default_factory=list)
    faint: list[Any] = field(default_factory=list)
    boundaries: int = 0
    seconds: list[float] = field(default_factory=list)

    def of(self, method: str) -> Tally:
        """That of a method."""
        return self.tallies.setdefault(method, Tally())

    def figures(self) -> dict[str, dict[str, float]]:
        """Boundary F1 and loop AP by method."""
        truth, faint = prepare(np.concatenate(self.truth)), rank(np.concatenate(self.faint))
        found = {}
        for name, tally in self.tallies.items():
            calls = np.concatenate([*tally.loops, np.zeros((0, 3))])
            match = match_loops(prepare(calls), truth, TOLERANCE, ignore=faint)
            f1 = score_counts(tally.hits, tally.calls, self.boundaries).f1
            found[name] = {"boundary_f1": f1, "loop_ap": match.average_precision()}
            if not tally.loops:  # of domains alone
                del found[name]["loop_ap"]
        return found


def add_map(seed: Seed, test: maps.TestMap, number: int, lists: Mapping[MaskKind, Lists]) -> None:
    """Count the lists of one map."""
    shift = np.array([number * APART, number * APART, 0])
    truths = []
    for folder in (test.truth, test.truth / "faint"):
        loops = loop_table(select(read_labels(folder / "loops.bedpe").records, Kind.LOOP)) + shift
        borders = read_labels(folder / "boundaries.bed", kind=Kind.BOUNDARY).records
        truths.append((loops, boundary_table(select(borders, Kind.BOUNDARY), [])[:, 0]))
    seed.truth.append(truths[0][0][:, :2])
    seed.faint.append(truths[1][0])
    seed.boundaries += len(truths[0][1])
    for name, records in lists.get(MaskKind.LOOP, {}).items():
        seed.of(name).loops.append(loop_table(records) + shift)
    for name, records in lists.get(MaskKind.DOMAIN, {}).items():
        hits, calls = boundary_hits(records, truths[0][1], truths[1][1])
        seed.of(name).hits += hits
        seed.of(name).calls += calls


def boundary_hits(records: Sequence[Annotation], truth: Any, faint: Any) -> tuple[int, int]:
    """Boundaries that are right, and how many count: of boundaries their centres, of domains their ends."""
    borders = [one for one in records if one.kind is Kind.BOUNDARY]
    table = boundary_table(borders, [] if borders else records)
    ends = table[np.argsort(-np.nan_to_num(table[:, 1]), kind="stable"), :1]
    ends = ends[(ends[:, 0] > 0) & (ends[:, 0] < maps.LENGTH)]  # the map's own ends are no boundaries
    hits = match_ranked(ends, truth[:, None], TOLERANCE) != UNMATCHED
    passed = near_any(ends, faint[:, None], TOLERANCE) & ~near_any(ends, truth[:, None], TOLERANCE)
    return int(hits.sum()), int((~passed).sum())


def spread(seeds: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, list[float]]]:
    """Method → figure → mean and standard deviation over seeds."""
    found: dict[str, dict[str, list[float]]] = {}
    for method in seeds[0]:
        for name in seeds[0][method]:
            values = [one[method][name] for one in seeds if method in one]
            deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
            found.setdefault(method, {})[name] = [float(np.mean(values)), deviation]
    return found


def above_all(figures: Mapping[str, Mapping[str, Sequence[float]]], name: str) -> bool:
    """Whether the repair's mean is above that of every other method, but for parts of its own."""
    others = set(figures) - {REPAIRED, SHARE_ENDS, REPAIRED_ENDS}
    return all(figures[REPAIRED][name][0] > figures[method][name][0] for method in others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one simulator and depth")
    parser.add_argument("--until", choices=("fusion", "joint"), default="fusion", help="last stage of the repair")
    args = parser.parse_args()
    cells = [(style, depth) for style in maps.STYLES for depth in DEPTHS][: 1 if args.quick else None]
    seeds = []
    for corner in range(len(maps.CORNERS)):
        seed = Seed()
        for number, (style, depth) in enumerate(cells):
            test = maps.held_out(style, depth)[corner]
            lists, seconds = repaired_lists(test, args.until, corner + 1)
            seed.seconds.append(seconds)
            add_map(seed, test, number, lists)
            say(f"seed {corner + 1}, {style}, depth {depth:g}: repaired in {seconds:.0f} s")
        seeds.append(seed)
    each = [seed.figures() for seed in seeds]
    figures = spread(each)
    for method, own in figures.items():
        shown = "  ".join(f"{name} {mean:.3f} ± {deviation:.3f}" for name, (mean, deviation) in own.items())
        say(f"{method:26s} {shown}")
    above = {name: above_all(figures, name) for name in ("boundary_f1", "loop_ap")}
    result = {
        "until": args.until,
        "figures": figures,
        "seeds": each,
        "above": above,
        "seconds_per_map": float(np.mean([one for seed in seeds for one in seed.seconds])),
        "met": None if args.quick else all(above.values()),
    }
    record("repair_hic", result)


if __name__ == "__main__":
    main()
