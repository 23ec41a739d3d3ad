"""What the table of bars shows of the benchmarks of review and fine-tuning: one cell of Markdown each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def gain(result: Mapping[str, Any]) -> str:
    """Average precision before and after, map by map."""
    rows = [
        f"{order}, {name}: {one['listed']['before']:.3f} → {one['listed']['after']:.3f} "
        f"({one['listed']['gain']:+.0%}, spread of seeds {one['listed']['spread']:.3f})"
        for order, maps in result["orders"].items()
        for name, one in maps.items()
    ]
    head = f"{result['n']} corrections, {result['train']}, AP of listed loops:"
    return "<br>".join([head, *rows, f"mean gain {result['gain']:+.1%}"])


def kinds(result: Mapping[str, Any]) -> str:
    """Average precision before and after, by what was corrected and what is measured."""
    rows = [
        f"{task}s corrected, {name}: "
        + " · ".join(f"{what} {pair[0]:.3f} → {pair[1]:.3f}" for what, pair in one.items() if what != "runs")
        + f" ({sum(run['taken'] for run in one['runs'])} of {len(one['runs'])} taken)"
        for task, maps in result["tasks"].items()
        for name, one in maps.items()
    ]
    return "<br>".join([f"{result['n']} corrections, AP of the list:", *rows])


def orders(result: Mapping[str, Any]) -> str:
    """Corrections that each order needs."""
    rows = [
        f"{name}: " + " · ".join(f"{order} {n if n is not None else 'more'}" for order, n in needed.items())
        for name, needed in result["needed"].items()
    ]
    return "<br>".join(["corrections to what random reaches at 200:", *rows])


def start(result: Mapping[str, Any]) -> str:
    """Where fine-tuning starts."""
    rows = [
        f"{name}, {which}, after {result['rounds'][-1]}: AP {one['listed'][-1]:.3f}, F1 {one['f1'][-1]:.3f}, "
        f"log loss {one['log loss'][-1]:.3f}"
        for name, starts in result["maps"].items()
        for which, one in starts.items()
    ]
    means = (
        f"{which}: AP {one['listed']:.3f}, F1 {one['f1']:.3f}, log loss {one['log loss']:.4f}"
        for which, one in result["mean"].items()
    )
    return "<br>".join([*rows, f"mean over rounds and maps: {'; '.join(means)}"])


def gate(result: Mapping[str, Any]) -> str:
    """How often the gate was right."""
    n = len(result["runs"]["true"])
    return (
        f"{result['n']} corrections: true taken {result['taken']} of {n}, shuffled refused {result['refused']} of {n}"
    )


def rounds(result: Mapping[str, Any]) -> str:
    """Seconds and average precision of each round."""
    each = " · ".join(f"{one['seconds']:.0f} s, AP {one['precision']:.3f}" for one in result["rounds"])
    return (
        f"{result['map']}, 20 corrections a round, {result['threads']} thread(s): AP {result['base']:.3f}; {each}<br>"
        f"first round {result['gain']:+.0%}; replay maps {result['kept']:.3f} of the base model"
    )


def smoothness(result: Mapping[str, Any]) -> str:
    """Delay of the event loop and speed of learning, by where the training runs."""
    rows = []
    for arm, one in result["medians"].items():
        delay = f"p95 {one['p95_ms']:.0f} ms, start stall {one['start_stall_ms']:.0f} ms" if "p95_ms" in one else ""
        speed = f"{one['steps_per_s']:.2f} steps/s" if "steps_per_s" in one else ""
        rows.append(f"{arm}: {', '.join(part for part in (delay, speed) if part)} (others {one['others']:.1f} cores)")
    return "<br>".join(rows)


def smoothness_met(result: Mapping[str, Any]) -> bool | None:
    """Of the process, where a quiet machine lets it be judged."""
    return all(result["met"]["process"].values()) if result["bar_can_be_judged"] else None


def queue(result: Mapping[str, Any]) -> str:
    """Building and stepping of a large queue."""
    slowest = max(one["wall"] for one in result["build_s"].values())
    return (
        f"{result['candidates']:,} candidates: slowest order built in {slowest:.1f} s, next p95 "
        f"{result['next_ms']['p95']:.1f} ms, A with commit and redraw p95 {result['judge_ms']['p95']:.0f} ms"
    )


def first_use(result: Mapping[str, Any]) -> str:
    """The longest stall of each step, processor time and clock."""
    longest = result["longest_ms"].items()
    steps = (f"{name.replace('_', ' ')} {one['busy']:.0f} ({one['stall']:.0f})" for name, one in longest)
    caught = ", ".join(str(run["catch"]) for run in result["runs"])
    return f"ms of processor time (by the clock): {' · '.join(steps)}; caught {caught}"


def imported(result: Mapping[str, Any]) -> str:
    """Until drawn, undo, and the longest stall of both."""
    times = f"drawn {result['import_s']:.1f} s, undo {result['undo_s']:.1f} s"
    return f"{times}; stalls {result['import_stall_ms']:.0f} and {result['undo_stall_ms']:.0f} ms"


def judging(result: Mapping[str, Any]) -> str:
    """Keys per second and what was lost."""
    return (
        f"{result['keys']} keys: {result['sustained_per_s']:.1f} per second sustained, {result['wrong_or_lost']} lost; "
        f"burst of {result['burst_per_s']:.1f} per second, {result['burst_wrong_or_lost']} lost"
    )
