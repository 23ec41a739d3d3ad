"""The table of bars: what must hold, what was measured last, how to redo it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
        chance = metrics["shifted_control_precision"]
        lines.append(f"{caller}: {top} · AP {metrics['average_precision']:.3f} (shifted {chance:.2f})")
    return "<br>".join(lines)


def _loops_met(result: Mapping[str, Any]) -> bool:
    ours = at(result, "callers", "hicstruct", "precision_at")
    return (ours["50"] or 0) >= 0.74 and (ours["100"] or 0) >= 0.60


def _tads(result: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"{caller} ({min(found['calls'], found['ranked_at'])} calls): "
        + " · ".join(
            f"{truth} {found[truth]['f1_2_bins']:.3f} (shifted precision {found[truth]['shifted_precision']:.2f})"
            for truth in result["truth"]
        )
        for caller, found in result["callers"].items()
    )


def _speed(result: Mapping[str, Any]) -> str:
    lines = [
        f"{name}: {result[name]['wall_s']:.1f} s, CPU {result[name]['cpu_s']:.0f} s, {result[name]['peak_mb']:,.0f} MB"
        for name in ("hicstruct", "chromosight")
        if name in result
    ]
    if "wall_ratio" in result:
        lines.append(f"ratio of wall times {result['wall_ratio']:.2f}, {result['threads']} thread(s) each")
    return "<br>".join(lines)


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
        "≤ chromosight's loops alone; ≤ 1.5 GB",
        _speed,
        lambda result: result.get("met") if result["threads"] == 2 else None,
    ),
    Row("loops_chr21", "loops, GM12878 chr21 at 10 kb", "P@50 ≥ .74, P@100 ≥ .60", _loops, _loops_met),
    Row(
        "tads_chr21",
        "TAD boundaries, same map, as many as HiTAD's, F1@±2 bins",
        "≥ cooltools insulation ranked by boundary strength",
        _tads,
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
