"""Calls on real maps, judged by the map itself: hicstruct beside chromosight, mustache, StripePy, insulation.

No truth list: the neutral scorer (``score_real.py``, beside the data) asks whether a loop stands out of its four
neighbourhoods, a stripe out of both flanks over its length and in its far third, a boundary out of its surround.
Shares are of what can be judged; a control moves the same calls by 10 and by 17 bins.  Ours: mode ``fast``, defaults.
Peers as their authors set them, on balanced copies (``_real_maps.py``); of the settings of StripePy and StripeCaller
the one with most Mb of passing stripe counts (a stripe listed in pieces once), of insulation's bins the better edge.
Bars at 10 kb: loops at the top 20, 50, 100 at least .05 above chromosight and mustache (or ≥ .95), of all ≥ .65, no
fewer that pass than before; stripes that pass ≥ 1.3 × the best peer's Mb, share ≥ .75, both Epha4 stripes found;
boundaries at 20 and 50 not below insulation's.  At 25 kb: boundaries, and loops at 20 and 50, not below insulation's
and chromosight's.

    python -m benchmarks.real_maps [--model M] [--quick] [--no-peers]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from benchmarks._callers import predict
from benchmarks._harness import BenchmarkError, record, say, scratch
from benchmarks._real_judge import best_share, figures, observed_over_expected
from benchmarks._real_maps import MAPS, OURS, Calls, RealMap, our_calls, peer_calls
from napari_hicstruct.annotations.records import Kind

KINDS = (Kind.LOOP, Kind.STRIPE, Kind.BOUNDARY)
GAIN, SURE, LEAST_LOOPS, LEAST_STRIPES, STRIPE_RATIO = 0.05, 0.95, 0.65, 0.75, 1.3
LOOP_PEERS = ("chromosight", "mustache")
PASSING_BEFORE = {"Epha4 WT": 36, "Epha4 DelB": 26, "stripeDiff mutant": 112, "LNCaP": 384, "GM12878 chr21": 133}
"""Share of listed loops that pass, times their number, before the model learnt from real maps (default 0.4)."""

REFUSED = "nothing can be predicted"
"""What predict says of a map whose bins it does not take; any other failure ends the benchmark."""

EVIDENT = {"75.6 down": (75_610_000, 75_710_000, 78_400_000), "77.5 up": (77_470_000, 77_550_000, 75_300_000)}
"""The two stripes of Epha4 WT that the eye sees first: anchor from, to, far end (bp)."""

END_TOLERANCE, ANCHOR_TOLERANCE = 100_000, 20_000

Found = dict[str, dict[str, dict[str, Any]]]
"""Kind → caller → figures."""


def measure(one: RealMap, model: str, *, peers: bool) -> Found:
    """All callers on one map; ours is missing where predict refuses the map."""
    calls: dict[Kind, dict[str, Calls]] = {kind: {} for kind in KINDS}
    try:
        # a folder per model: two models may be measured at once
        out = scratch("real_maps") / "_".join([one.name, "ours", model]).replace("/", "_").replace(" ", "_")
        folder = predict(one.uri, out, model=model, tasks="loop,stripe,tad")
        for kind, found in our_calls(folder, one).items():
            calls[kind][OURS] = found
    except BenchmarkError as error:
        if REFUSED not in str(error):
            raise
        say(f"{one.name}: hicstruct gives nothing: {str(error).strip().splitlines()[-1]}")
    if peers:
        for kind, others in peer_calls(one).items():
            calls[kind] |= others
    maps = observed_over_expected(one)
    results: Found = {
        kind.value: {name: figures(found, maps, one.resolution) for name, found in callers.items()}
        for kind, callers in calls.items()
    }
    if one.name == "Epha4 WT":
        for name, stripes in calls[Kind.STRIPE].items():
            results[Kind.STRIPE.value][name]["evident"] = evident(stripes)
    return results


def evident(stripes: Calls) -> dict[str, int | None]:
    """How far off the end of each evident stripe is (bp), by the call at its anchor that comes nearest; None: none."""
    ends: dict[str, int | None] = {}
    for name, (start, end, far) in EVIDENT.items():
        down = far > start
        offs = [
            abs(reach - far)
            for anchor, reach in stripes.places
            if start - ANCHOR_TOLERANCE <= anchor <= end + ANCHOR_TOLERANCE and (reach > anchor) == down
        ]
        ends[name] = int(min(offs)) if offs else None
    return ends


Bars = dict[str, bool | None]
"""None: not measured, as no peer ran or nobody lists so many."""


def bars(one: RealMap, found: Found) -> Bars:
    """The bars of one map; all missed where ours gave nothing."""
    fine = one.resolution == 10_000
    names = ("loops", "loops_listed", "loops_passing", "stripes", "boundaries") if fine else ("loops", "boundaries")
    if OURS not in found["loop"]:
        return dict.fromkeys(names, False)
    border = boundaries_met(found["boundary"])
    if not fine:
        return {"loops": loops_met(found["loop"], ("chromosight",), ("20", "50"), 0.0), "boundaries": border}
    loops = found["loop"][OURS]
    listed = loops["share"]["all"]
    return {
        "loops": loops_met(found["loop"], LOOP_PEERS, ("20", "50", "100"), GAIN),
        "loops_listed": listed is not None and listed >= LEAST_LOOPS,
        "loops_passing": loops["passes_of_listed"] >= PASSING_BEFORE[one.name],
        "stripes": stripes_met(found["stripe"]),
        "boundaries": border,
    }


def loops_met(callers: Mapping[str, Any], peers: tuple[str, ...], tops: tuple[str, ...], gain: float) -> bool | None:
    """At every number that ours and a peer reach, ours is ``gain`` above it, or nearly all pass."""
    ours = callers[OURS]["share"]
    theirs = [(n, callers[peer]["share"].get(n)) for peer in peers if peer in callers for n in tops]
    pairs = [(ours[n], other) for n, other in theirs if other is not None and ours.get(n) is not None]
    return all(mine >= min(other + gain, SURE) for mine, other in pairs) if pairs else None


def best_setting(callers: Mapping[str, Any]) -> str | None:
    """The peer, with its setting, that has most Mb of passing stripe."""
    peers = [name for name in callers if name != OURS]
    return max(peers, key=lambda name: callers[name]["mb"]) if peers else None


def stripes_met(callers: Mapping[str, Any]) -> bool | None:
    """Enough Mb beside the best peer, enough of what is listed passes, and what is evident is found to its end."""
    ours, peer = callers[OURS], best_setting(callers)
    seen = all(off is not None and off <= END_TOLERANCE for off in ours.get("evident", {}).values())
    passing = ours["share"]["all"]
    if not seen or passing is None or passing < LEAST_STRIPES:
        return False
    return None if peer is None else ours["mb"] >= STRIPE_RATIO * callers[peer]["mb"]


def boundaries_met(callers: Mapping[str, Any]) -> bool | None:
    """At 20 and 50, as far as both list so many, ours is not below insulation's better edge."""
    peer = callers.get("cooltools insulation")
    if peer is None:
        return None
    pairs = [(callers[OURS]["share"].get(n), best_share(peer, n)) for n in ("20", "50")]
    known = [(mine, other) for mine, other in pairs if mine is not None and other is not None]
    return all(mine >= other for mine, other in known) if known else None


def show(name: str, found: Found, held: Bars) -> None:
    """One line per caller and kind, then the bars."""
    for kind, callers in found.items():
        for caller, one in callers.items():
            top = "  ".join(f"{n} {'–' if value is None else f'{value:.2f}'}" for n, value in one["share"].items())
            extra = (
                f"  {one['mb']:.1f} Mb ({one['mb_summed']:.1f} summed), longest {one['longest_mb']:.2f}"
                if "mb" in one
                else ""
            )
            ends = "".join(f"  {where}: {off}" for where, off in one.get("evident", {}).items())
            control = "/".join("–" if value is None else f"{value:.2f}" for value in one["shifted"].values())
            say(f"{name:17s} {kind:8s} {caller:22s} {one['passes']:4d} of {one['listed']:4d}: {top}{extra}{ends}  "
                f"shifted {control}")  # fmt: skip
    words = {True: "met", False: "MISSED", None: "–"}
    say(f"{name:17s} bars: " + "  ".join(f"{bar} {words[met]}" for bar, met in held.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true", help="Epha4 WT and GM12878 chr21 only")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    maps: dict[str, Any] = {}
    for one in MAPS:
        if args.quick and not one.quick:
            continue
        found = measure(one, args.model, peers=not args.no_peers)
        held = bars(one, found)
        show(one.name, found, held)
        maps[one.name] = {"resolution": one.resolution, "callers": found, "bars": held}
    met = all(value is not False for entry in maps.values() for value in entry["bars"].values())
    partial = args.quick or args.no_peers
    record("real_maps", {"model": args.model, "maps": maps, "met": None if partial else met})


if __name__ == "__main__":
    main()
