"""What the table of bars shows of each benchmark's result: one cell of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks._callers import PEER_LOOPS

REAL_CALLERS = {
    "loop": ("hicstruct", "chromosight", "mustache"),
    "stripe": (),
    "boundary": ("hicstruct", "cooltools insulation"),
}
"""Callers whose shares the table shows, by kind; of stripes Mb are shown."""


def at(result: Mapping[str, Any], *keys: Any) -> Any:
    """A nested entry."""
    value: Any = result
    for key in keys:
        value = value[str(key)]
    return value


def loops(result: Mapping[str, Any]) -> str:
    lines = []
    for caller, metrics in result["callers"].items():
        top = " · ".join(f"P@{n} {value:.2f}" for n, value in metrics["precision_at"].items() if value is not None)
        f1 = metrics["f1_at"].get("133")
        chance = metrics["shifted_control_precision"]
        lines.append(
            f"{caller}: {top}{'' if f1 is None else f' · F1@133 {f1:.3f}'} · "
            f"AP {metrics['average_precision']:.3f} (shifted {chance:.2f})"
        )
    lines += [f"not above {peer} at n = {ns}" for peer, ns in result["below_at"].items()]
    return "<br>".join(lines)


def loops_simulated(result: Mapping[str, Any]) -> str:
    return f"AP, {result['maps_per_cell']} map(s) per cell:<br>" + "<br>".join(
        f"{name}: {one['hicstruct']:.3f} · "
        + " · ".join(f"{peer} {one[peer]:.3f}" for peer in PEER_LOOPS if peer in one)
        for name, one in result["cells"].items()
    )


def stripes(result: Mapping[str, Any]) -> str:
    rows = [
        f"{name}: F1 {one['f1']['hicstruct']['f1']:.2f} / {one['f1']['stripepy']['f1']:.2f}, anchors "
        f"{one['anchor_f1']['hicstruct']['f1']:.2f} / {one['anchor_f1']['stripepy']['f1']:.2f}"
        for name, one in result["cells"].items()
    ]
    head = f"ours / StripePy's best, {result['maps_per_cell']} map(s) per cell:"
    ways = [one["anchor_f1"]["direction_agreement"] for one in result["cells"].values()]
    least = min(way for way in ways if way is not None)
    return "<br>".join([head, *rows, f"least direction agreement {least:.2f}"])


def tads(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{truth}, best {part['n']}: "
        + " · ".join(
            f"{caller} {rates['f1_2_bins']:.3f} (shifted precision {rates['shifted_precision']:.2f})"
            for caller, rates in part["callers"].items()
        )
        for truth, part in result["truths"].items()
    ) + "".join(f"<br>domains against {name}: {_domains(one)}" for name, one in result.get("domains", {}).items())


def _domains(one: Mapping[str, float]) -> str:
    return f"{one['listed']:.0f} listed, F1 {one['f1']:.2f}, average precision {one['ap']:.2f} (Jaccard ≥ .7)"


def tads_simulated(result: Mapping[str, Any]) -> str:
    sizes = result["ends_found"]["hicstruct"]
    ends = ", ".join(f"{size} {value:.2f}" for size, value in sizes.items() if value is not None)
    return "<br>".join(
        [
            " · ".join(f"{caller} {value:.3f}" for caller, value in result["f1_2_bins"].items())
            + f" (gain {result['gain']:.3f}; {result['maps_per_cell']} map(s) per cell)",
            *(
                f"{name}: " + " / ".join(f"{value:.2f}" for value in cell.values())
                for name, cell in result["cells"].items()
            ),
            f"ends of domains found: {ends}",
            *(f"domains, {name}: {_domains(one)}" for name, one in result.get("domains", {}).items()),
        ]
    )


def robustness(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{name}: "
        + " · ".join(
            f"{caller} " + ", ".join(f"P@{n} {value:.2f}" for n, value in top.items() if value is not None)
            for caller, top in one["precision_at"].items()
        )
        + f" (below at n = {one['below_at']})"
        for name, one in result["maps"].items()
    )


def depth(result: Mapping[str, Any]) -> str:
    return (
        "<br>".join(
            f"÷{factor}: " + " · ".join(f"{caller} P@50 {value['P@50']['mean']:.2f}" for caller, value in one.items())
            for factor, one in result["factors"].items()
        )
        + f"<br>[picture](results/{result['picture']})"
    )


def speed(result: Mapping[str, Any]) -> str:
    lines = []
    for depth, part in (("", result), ("shallow map, ", result.get("shallow", {}))):
        for name in ("hicstruct", "tiny", "chromosight"):
            if name in part:
                one = part[name]
                ratio = f", {one['wall_ratio']:.2f} of chromosight's" if "wall_ratio" in one else ""
                lines.append(
                    f"{depth}{name}: {one['wall_s']:.1f} s{ratio}, CPU {one['cpu_s']:.0f} s, {one['peak_mb']:,.0f} MB"
                )
    return "<br>".join([*lines, f"{result['threads']} thread(s) each"])


def hffc6(result: Mapping[str, Any]) -> str:
    return (
        "<br>".join(
            f"{name}: {found['called']} loops ({found['piled_up']} piled up) · centre/corner "
            f"{found['centre_to_corner']:.2f} · shifted {found['shifted_control']:.2f}"
            for name, found in result.items()
            if isinstance(found, Mapping)
        )
        + f"<br>[picture](results/{result['picture']})"
    )


def consensus(result: Mapping[str, Any]) -> str:
    """Loops of every caller and together; boundaries by the caller that was left out."""
    loops = {**result["loops"]["alone"], **result["loops"]["together"]}
    top = {name: "–" if one["p_at_50"] is None else f"{one['p_at_50']:.2f}" for name, one in loops.items()}
    lines = [f"loops, {name}: P@50 {top[name]} · AP {one['ap']:.3f}" for name, one in loops.items()]
    for judge, case in result["boundaries"]["left_out"].items():
        lines.append(f"boundaries, {judge} judges: {_against_best(case)}")
        other = case.get("with_own_window")
        if other and set(other["alone"]) != set(case["alone"]):
            lines.append(f"the same, its program's other window votes, too: {_against_best(other)}")
    return "<br>".join(lines)


def _against_best(case: Mapping[str, Any]) -> str:
    best, both = max(case["alone"].values()), case["together"]
    worse = "" if both["em"] > best else " (em is **not** above it)"
    return f"em {both['em']:.3f} · count {both['count']:.3f} · best alone {best:.3f}{worse}"


def consensus_simulated(result: Mapping[str, Any]) -> str:
    """Cell by cell: the learnt score, the count, the best caller; calibration errors."""
    lines = [f"AP, {result['maps_per_cell']} map(s) per cell:"]
    for name, one in result["cells"].items():
        best = max(one["alone"], key=lambda caller, alone=one["alone"]: alone[caller])
        lines.append(
            f"{name}: em {one['together']['em']:.3f} · count {one['together']['count']:.3f} · "
            f"best alone ({best}) {one['alone'][best]:.3f} · ECE {one['ece']:.2f}"
        )
    return "<br>".join([*lines, f"ECE of all {result['ece']:.3f}"])


def plain(result: Mapping[str, Any]) -> str:
    """All numbers and texts at the top of a result; of what is nested, the 95th percentiles."""
    shown = []
    for key, value in result.items():
        if isinstance(value, Mapping):
            shown += [f"{key} p95 {v:g} ms" for k, v in value.items() if k == "p95_ms"]
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            shown.append(f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}")
    return " · ".join(shown)


def gestures_met(result: Mapping[str, Any]) -> bool:
    return all(v["p95_ms"] <= 50 for v in result.values() if isinstance(v, Mapping) and "p95_ms" in v)


def viewport(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{norm}: worst p95 ratio near {one['worst_p95_ratio_near']:.2f} ({one['worst_level_near']:,} bp), "
        f"far {one['worst_p95_ratio_far']:.2f} ({one['worst_level_far']:,} bp); "
        f"of all sums {one['ratio_near_wall']:.2f} and {one['ratio_far_wall']:.2f}; "
        f"cached p95 {one['cached_p95_ms']:.3f} ms"
        + (f", dask adds {one['dask_ms']:.1f} ms" if "dask_ms" in one else "")
        for norm, one in result.items()
    )


def viewport_met(result: Mapping[str, Any]) -> bool | None:
    """None for a result from before views went through dask: it lacks a figure of the bar."""
    bars = {"worst_p95_ratio_near": 1.5, "worst_p95_ratio_far": 1.3, "cached_p95_ms": 5.0, "dask_ms": 5.0}
    if any(key not in one for one in result.values() for key in bars):
        return None
    return all(one[key] <= bar for one in result.values() for key, bar in bars.items())


def simulate(result: Mapping[str, Any]) -> str:
    one, sample = result["map_20mb_cpu_s"]["simulate_map"], result["sample_cold"]["cpu_s"]
    whole = f" · chr1 {result['chr1']['cpu_s']:.0f} s, {result['chr1']['peak_mb']:,.0f} MB" if "chr1" in result else ""
    return f"20 Mb map {one:.1f} s · sample {sample:.1f} s{whole} (CPU)"


def weak_tads(result: Mapping[str, Any]) -> str:
    lines = [f"{result['steps']} steps, {len(result['seeds'])} seeds, {result['maps_per_cell']} map(s) per cell:"]
    for name, values in result["f1_2_bins"].items():
        ends = ", ".join(f"{size} {value:.2f}" for size, value in result["ends_found"][name].items())
        lines.append(f"{name}: F1 {np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}; ends found {ends}")
    return "<br>".join([*lines, f"cooltools insulation: F1 {result['insulation']:.3f}"])


def multitask(result: Mapping[str, Any]) -> str:
    lines = [f"{result['steps']} steps, {len(result['seeds'])} seeds:"]
    for name, row in result["average_precision"].items():
        cells = (f"{key} {value:.3f} ± {result['spread'][name][key]:.3f}" for key, value in row.items())
        lines.append(f"{name}: {', '.join(cells)}")
    gaps = ", ".join(f"{key} {gap:+.3f} ± {error:.3f}" for key, (gap, error) in result["gain"].items())
    return "<br>".join([*lines, f"together − alone (± standard error): {gaps}"])


def few_labels(result: Mapping[str, Any]) -> str:
    lines = [f"{name}: {one['total']:.3f}" for name, one in result["average_precision"].items()]
    gains = ", ".join(f"{gain:+.3f}" for gain in result["gain_by_seed"])
    return "<br>".join([*lines, f"gain of band-MAE {result['gain']:+.3f} (by seed {gains})"])


def insulation(found: Mapping[str, Any]) -> str:
    """Time beside cooltools, and how equal the numbers are."""
    worst = max(found["differences"].values())
    walls = {name: found[name]["wall_s"] for name in ("hicstruct", "cooltools")}
    return (
        f"{walls['hicstruct']:.1f} s / {walls['cooltools']:.1f} s = {found['wall_ratio']:.2f}; difference ≤ {worst:.1g}"
    )


def consensus_speed(found: Mapping[str, Any]) -> str:
    """Time and memory of the whole command."""
    return f"{found['wall_s']:.1f} s by the clock, {found['cpu_s']:.1f} s of processor, {found['peak_mb']:.0f} MB"


def many_workers(found: Mapping[str, Any]) -> str:
    """Speed, memory, and what was the same, part by part."""
    said = []
    if one := found.get("scale"):
        two = one["two"]
        said.append(
            f"one process {one['plain']['wall_s']:.0f} s, one worker {one['one']['wall_s']:.0f} s "
            f"({one['overhead']:.2f} ×), two {two['wall_s']:.0f} s ({one['speedup']:.2f} ×); a worker "
            f"{max(two['worker_mb'], one['one']['worker_mb']):.0f} MB, scheduler {two['scheduler_mb']:.0f} MB; time "
            f"left wrong by {two['left_wrong_most']:.0%} at most, {two['left_wrong_mean']:.0%} in the mean; files "
            f"{_alike(one['same'])}"
        )
    if kills := found.get("kills"):
        said.append(f"{kills['killed']} workers killed in {kills['wall_s']:.0f} s: {_alike(kills['same'])}")
    if client := found.get("client"):
        said.append(f"{client['killed']} clients killed: {_alike(client['same'])}, {client['twice']} pieces done twice")
    if stop := found.get("stop"):
        said.append(f"Ctrl+C {max(stop['seconds']):.1f} s at most")
    if maps := found.get("maps"):
        said.append(f"{sum(maps['maps'].values())} of {len(maps['maps'])} shared maps the same")
    return "<br>".join(said)


def _alike(same: bool) -> str:
    return "the same to the byte" if same else "DIFFERENT"


def bin_sizes(found: Mapping[str, Any]) -> str:
    """Average precision by kind and bin size, each beside its share of the best bin size's."""
    return "<br>".join(
        f"{kind}: "
        + " · ".join(
            f"{int(size) // 1000} kb {table[size][size]:.2f} ({found['share_of_best'][kind][size]:.2f})"
            for size in table
        )
        for kind, table in found["average_precision"].items()
    )


def real_maps(found: Mapping[str, Any]) -> str:
    """One line per map: loops, stripes, boundaries of ours beside the peers, and what is missed."""
    return "<br>".join(f"{name}: {_real_map(one)}" for name, one in found["maps"].items())


def _real_map(one: Mapping[str, Any]) -> str:
    parts = []
    for kind, names in REAL_CALLERS.items():
        callers = one["callers"][kind]
        if kind == "stripe":
            shown = [f"{name} {at(callers, name, 'mb'):.1f} Mb" for name in callers if name == "hicstruct"]
            best = max((value["mb"] for name, value in callers.items() if name != "hicstruct"), default=None)
            shown += [] if best is None else [f"best peer {best:.1f} Mb"]
        else:
            shown = [f"{name} {_tops(callers[name]['share'])}" for name in names if name in callers]
        parts.append(f"{kind} " + ", ".join(shown))
    missed = [bar for bar, met in one["bars"].items() if met is False]
    return " · ".join(parts) + (f" (missed: {', '.join(missed)})" if missed else "")


def _tops(share: Mapping[str, float | None]) -> str:
    return "/".join(
        "–" if share.get(n) is None else f"{share[n]:.2f}" for n in ("20", "50", "100", "all") if n in share
    )


def tracks(found: Mapping[str, Any]) -> str:
    """Frames with and without tracks, and how long large files take to open."""
    p95, opened = found["p95_ms"], found["open"]
    return (
        f"{found['ratio']:.2f} × ({p95['six tracks']:.0f} beside {p95['alone']:.0f} ms); on both sides "
        f"{found['ratio_both_sides']:.2f} ×, map alone on a canvas as low {found['ratio_like_for_like']:.2f} ×; "
        f"six tracks and a second map {found.get('ratio and a second map', float('nan')):.2f} ×, and its log-ratio "
        f"{found.get('ratio and its log-ratio', float('nan')):.2f} ×<br>"
        f"bedGraph of {opened['bedgraph_mb']:.0f} MB {opened['bedgraph_s']:.1f} s, a view of it "
        f"{opened['bedgraph_view_ms']:.0f} ms · 200,000 genes {opened['genes_s']:.1f} s, "
        f"one by name {opened['find_ms']:.1f} ms"
    )
