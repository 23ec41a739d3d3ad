"""The table of bars: what must hold, what was measured last, how to redo it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks._callers import PEER_LOOPS
from benchmarks._harness import ROOT, newest

BEGIN, END = "<!-- table: written by `python -m benchmarks.run --table` -->", "<!-- end of table -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One bar: the benchmark's ``name``, what it is about, the bar, and what to show of a result."""

    name: str
    what: str
    must: str
    show: Callable[[Mapping[str, Any]], str]
    met: Callable[[Mapping[str, Any]], bool | None] = lambda result: result.get("met")
    test: str = ""  # not a benchmark: this test holds the bar


def at(result: Mapping[str, Any], *keys: Any) -> Any:
    """A nested entry."""
    value: Any = result
    for key in keys:
        value = value[str(key)]
    return value


def _loops(result: Mapping[str, Any]) -> str:
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


def _loops_simulated(result: Mapping[str, Any]) -> str:
    return f"AP, {result['maps_per_cell']} map(s) per cell:<br>" + "<br>".join(
        f"{name}: {one['hicstruct']:.3f} · "
        + " · ".join(f"{peer} {one[peer]:.3f}" for peer in PEER_LOOPS if peer in one)
        for name, one in result["cells"].items()
    )


def _stripes(result: Mapping[str, Any]) -> str:
    rows = [
        f"{name}: F1 {one['f1']['hicstruct']['f1']:.2f} / {one['f1']['stripepy']['f1']:.2f}, anchors "
        f"{one['anchor_f1']['hicstruct']['f1']:.2f} / {one['anchor_f1']['stripepy']['f1']:.2f}"
        for name, one in result["cells"].items()
    ]
    head = f"ours / StripePy's best, {result['maps_per_cell']} map(s) per cell:"
    ways = [one["anchor_f1"]["direction_agreement"] for one in result["cells"].values()]
    least = min(way for way in ways if way is not None)
    return "<br>".join([head, *rows, f"least direction agreement {least:.2f}"])


def _tads(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{truth}, best {part['n']}: "
        + " · ".join(
            f"{caller} {rates['f1_2_bins']:.3f} (shifted precision {rates['shifted_precision']:.2f})"
            for caller, rates in part["callers"].items()
        )
        for truth, part in result["truths"].items()
    )


def _tads_simulated(result: Mapping[str, Any]) -> str:
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
        ]
    )


def _robustness(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{name}: "
        + " · ".join(
            f"{caller} " + ", ".join(f"P@{n} {value:.2f}" for n, value in top.items() if value is not None)
            for caller, top in one["precision_at"].items()
        )
        + f" (below at n = {one['below_at']})"
        for name, one in result["maps"].items()
    )


def _depth(result: Mapping[str, Any]) -> str:
    return (
        "<br>".join(
            f"÷{factor}: " + " · ".join(f"{caller} P@50 {value['P@50']['mean']:.2f}" for caller, value in one.items())
            for factor, one in result["factors"].items()
        )
        + f"<br>[picture](results/{result['picture']})"
    )


def _speed(result: Mapping[str, Any]) -> str:
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


def _hffc6(result: Mapping[str, Any]) -> str:
    return (
        "<br>".join(
            f"{name}: {found['called']} loops ({found['piled_up']} piled up) · centre/corner "
            f"{found['centre_to_corner']:.2f} · shifted {found['shifted_control']:.2f}"
            for name, found in result.items()
            if isinstance(found, Mapping)
        )
        + f"<br>[picture](results/{result['picture']})"
    )


def _plain(result: Mapping[str, Any]) -> str:
    """All numbers and texts at the top of a result; of what is nested, the 95th percentiles."""
    shown = []
    for key, value in result.items():
        if isinstance(value, Mapping):
            shown += [f"{key} p95 {v:g} ms" for k, v in value.items() if k == "p95_ms"]
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            shown.append(f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}")
    return " · ".join(shown)


def _gestures_met(result: Mapping[str, Any]) -> bool:
    return all(v["p95_ms"] <= 50 for v in result.values() if isinstance(v, Mapping) and "p95_ms" in v)


def _viewport(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{norm}: worst p95 ratio near {one['worst_p95_ratio_near']:.2f} ({one['worst_level_near']:,} bp), "
        f"far {one['worst_p95_ratio_far']:.2f} ({one['worst_level_far']:,} bp); "
        f"of all sums {one['ratio_near_wall']:.2f} and {one['ratio_far_wall']:.2f}; "
        f"cached p95 {one['cached_p95_ms']:.3f} ms"
        for norm, one in result.items()
    )


def _viewport_met(result: Mapping[str, Any]) -> bool:
    bars = {"worst_p95_ratio_near": 1.5, "worst_p95_ratio_far": 1.3, "cached_p95_ms": 5.0}
    return all(one[key] <= bar for one in result.values() for key, bar in bars.items())


def _simulate(result: Mapping[str, Any]) -> str:
    one, sample = result["map_20mb_cpu_s"]["simulate_map"], result["sample_cold"]["cpu_s"]
    whole = f" · chr1 {result['chr1']['cpu_s']:.0f} s, {result['chr1']['peak_mb']:,.0f} MB" if "chr1" in result else ""
    return f"20 Mb map {one:.1f} s · sample {sample:.1f} s{whole} (CPU)"


ROWS = (
    Row(
        "viewport",
        "viewport of 1024² px at any zoom, simulated chr1 at 5 kb, p95 to data",
        "≤ 1.5 × bare hictkpy within 5 Mb of the diagonal, beyond ≤ 1.3 × the faster of hictkpy and cooler; "
        "cached ≤ 5 ms",
        _viewport,
        _viewport_met,
    ),
    Row(
        "first_picture",
        "from reader call to first picture, same map; memory after a minute of panning; idle CPU",
        "≤ 1 s, only the visible and the coarsest level read; ≤ 400 MB over bare napari; ≤ 5 %",
        _plain,
    ),
    Row("import_time", "import and plugin discovery over napari", "≤ 0.1 s, nothing heavy loaded", _plain),
    Row("edit_latency", "add / move / undo, 10,000 objects in the project (store)", "≤ 50 ms", _plain),
    Row("edit_latency_gui", "the same by gestures in a window", "≤ 50 ms", _plain, _gestures_met),
    Row(
        "predict_speed",
        "predict all tasks, simulated 64 Mb at 5 kb, 2 threads",
        "≤ 0.8 × chromosight's loops alone; ≤ 1.5 GB; `tiny` ≤ 0.3 ×",
        _speed,
        lambda result: result.get("met") if result["threads"] == 2 and "tiny" in result else None,
    ),
    Row(
        "loops_chr21",
        "loops, GM12878 chr21 at 10 kb",
        "P@25 ≥ .96, P@50 ≥ .88, P@100 ≥ .72, P@133 ≥ .64, F1@133 ≥ .54; at or above both peers at every n, above from "
        "30 on",
        _loops,
    ),
    Row(
        "loops_simulated",
        "loops, held-out simulated maps: two simulators, four depths, 5 and 10 kb",
        "average precision above every peer in every cell",
        _loops_simulated,
        lambda result: result["met"] if all(one["above"] for one in result["cells"].values()) else False,
    ),
    Row(
        "robustness",
        "loops on chr21 and its 30–35 Mb four times deeper, in five normalisations",
        "precision at or above chromosight's at every n ≥ 10",
        _robustness,
    ),
    Row(
        "depth_curve",
        "loops on chr21 thinned to 1/2 … 1/16",
        "P@50 at or above chromosight's at every depth",
        _depth,
    ),
    Row(
        "tads_chr21",
        "TAD boundaries, chr21, at equal numbers, F1@±2 bins",
        "≥ .08 above cooltools insulation against Arrowhead ∪ HiTAD at both numbers, against HiTAD not below",
        _tads,
    ),
    Row(
        "tads_simulated",
        "TAD boundaries, held-out simulated maps, at equal numbers, F1@±2 bins (ours / cooltools insulation)",
        "≥ .08 above cooltools insulation; large domains no worse than small ones",
        _tads_simulated,
        lambda result: result["met"] if result["gain"] >= 0.08 else False,
    ),
    Row(
        "stripes_simulated",
        "stripes, held-out simulated maps",
        "F1 above StripePy's best, and its recall at equal precision, in every cell; direction ≥ .95",
        _stripes,
        lambda result: (
            result["met"] if all(rule["above"] for one in result["cells"].values() for rule in one.values()) else False
        ),
    ),
    Row(
        "hffc6",
        "HFFc6 Micro-C at 5 kb, pile-up of the called loops",
        "centre/corner ≥ 2, shifted ≈ 1; by eye: the circles sit on the dots",
        _hffc6,
    ),
    Row(
        "simulate",
        "simulator: 20 Mb at 5 kb; the sample map on first use; chr1 at 5 kb",
        "≤ 5 s of CPU; ≤ 10 s of CPU; ≤ 1.5 GB",
        _simulate,
    ),
    Row(
        "overlays",
        "truth and overlays, ladders 5/10/25/50/100 kb and 5/10/20/40 kb",
        "a point lies within half a bin of its pixel at every zoom level",
        _plain,
        test="tests/gui/test_view_window.py -k half_a_bin",
    ),
)


def table() -> str:
    """The table in Markdown."""
    lines = ["| what | must | measured | met | when, commit | redo |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        entry = newest(row.name)
        redo = f"`python -m benchmarks.run {row.name}`"
        if row.test:
            lines.append(f"| {row.what} | {row.must} | held by a test | – | – | `pytest {row.test}` |")
            continue
        if entry is None:
            lines.append(f"| {row.what} | {row.must} | not measured yet | – | – | {redo} |")
            continue
        met = {True: "yes", False: "**no**", None: "–"}[row.met(entry["result"])]
        when = f"{entry['date'][:10]}, {entry['commit']}"
        lines.append(f"| {row.what} | {row.must} | {row.show(entry['result'])} | {met} | {when} | {redo} |")
    return "\n".join(lines)


def update_readme() -> None:
    """Put the table between its marks in README.md."""
    path = ROOT / "benchmarks" / "README.md"
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    path.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")
