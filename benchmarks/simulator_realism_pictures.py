"""Simulated ranges as bands beside the real maps, one picture per statistic of ``benchmarks.simulator_realism``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import simulator_realism as realism
from benchmarks._harness import BenchmarkError, data_dir, say
from benchmarks.simulator_realism import Floats, Subject

SEEDS = range(9_000, 9_024)
COLORS = ("#D55E00", "#0072B2", "#56B4E9", "#CC79A7", "#E69F00")  # Okabe–Ito, one per real map
Save = Callable[[Figure, str, int], None]


def realism_pictures(save: Save) -> None:
    """Measure the simulated maps of ``SEEDS`` and the real ones at hand; draw and print."""
    try:
        real = realism.real_subjects(data_dir())
    except BenchmarkError as error:
        say(str(error))
        real = []
    sims = [realism.simulated_subject(seed) for seed in SEEDS]
    save(_decay(sims, real), "simulator-decay.png", 80)
    save(_variance(sims, real), "simulator-variance.png", 80)
    save(_insulation(sims, real), "simulator-insulation.png", 80)
    save(_loops(sims, real), "simulator-loops.png", 80)
    save(_stripes(sims, real), "simulator-stripes.png", 80)
    save(_sparsity(sims, real), "simulator-sparsity.png", 80)
    _say_numbers(sims, real)


def _band(axes: Axes, x: Floats, rows: Sequence[Floats], name: str = "simulated, all / middle half") -> None:
    """Range of all rows (pale), middle half (darker), median."""
    with np.errstate(invalid="ignore"):
        low, first, middle, third, high = np.nanpercentile(np.stack(rows), [0, 25, 50, 75, 100], axis=0)
    axes.fill_between(x, low, high, color="0.88", lw=0, label=name)
    axes.fill_between(x, first, third, color="0.72", lw=0)
    axes.plot(x, middle, color="0.4", lw=1)


def _panels(count: int, width: float = 4.6) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width * count, 3.6), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def _legend(figure: Figure, axes: Axes) -> None:
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=7)


def _decay(sims: Sequence[Subject], real: Sequence[Subject]) -> Figure:
    figure, (left, right) = _panels(2)
    grid = np.geomspace(10_000, 3_000_000, 60)

    def on_grid(subject: Subject) -> Floats:
        distance, mean = realism.decay(subject.band)
        held = grid <= distance[-1]
        return np.where(held, np.exp(np.interp(np.log(grid), np.log(distance), np.log(mean))), np.nan)

    _band(left, grid, [on_grid(s) for s in sims])
    _band(right, np.arange(3.0), [realism.slopes(s.band) for s in sims])
    for subject, color in zip(real, COLORS, strict=False):
        reach = 600_000 if "Micro" in subject.name else 3_000_000  # the excerpt holds 1 Mb
        curve = on_grid(subject)
        left.plot(grid[grid <= reach], curve[grid <= reach], color=color, lw=1.4, label=subject.name)
        right.plot(np.arange(3.0), realism.slopes(subject.band), "o-", color=color, lw=1.2, ms=4)
    left.set(xscale="log", yscale="log", xlabel="distance (bp)", ylabel="mean contacts, 50 kb = 1")
    right.set(ylabel="slope of P(s)", xlabel="range of distances (kb)")
    right.set_xticks([0, 1, 2], [f"{a // 1000}–{b // 1000}" for a, b in realism.SLOPES])
    _legend(figure, left)
    return figure


def _variance(sims: Sequence[Subject], real: Sequence[Subject]) -> Figure:
    figure, panels = _panels(2)
    at = realism.OCTAVES[:-1] * np.sqrt(2)
    for axes, box in zip(panels, (1, 5), strict=True):
        _band(axes, at[:6], [realism.roughness(s.band, box)[:6] for s in sims])
        for subject, color in zip(real, COLORS, strict=False):
            values = realism.roughness(subject.band, box)[:6]
            if "Micro" in subject.name:
                values[5:] = np.nan
            axes.plot(at[:6], values, "o-", color=color, lw=1.2, ms=4, label=subject.name)
        axes.set(
            xscale="log", xlabel="distance (bp)", ylabel="sd of O/E beyond Poisson", title=f"boxes of {box}×{box} bins"
        )
    _legend(figure, panels[0])
    return figure


def _insulation(sims: Sequence[Subject], real: Sequence[Subject]) -> Figure:
    figure, (left, right) = _panels(2)
    windows, scales = np.array(realism.WINDOWS, float), np.array(realism.SCALES, float)

    def spreads(subject: Subject) -> Floats:
        return np.array([np.nanstd(realism.insulation(subject.band, w)) for w in realism.WINDOWS])

    def spectrum(subject: Subject) -> Floats:
        return realism.fluctuation(realism.insulation(subject.band, 100_000))

    for axes, x, measure in ((left, windows, spreads), (right, scales, spectrum)):
        _band(axes, x, [measure(s) for s in sims])
        for subject, color in zip(real, COLORS, strict=False):
            axes.plot(x, measure(subject), "o-", color=color, lw=1.2, ms=4, label=subject.name)
        axes.set(xscale="log", ylim=(0, None))
        axes.set_xticks(x, [f"{v / 1e3:.0f}" for v in x])
        axes.set_xticks([], minor=True)
    left.set(xlabel="window (kb)", ylabel="sd of log2 insulation")
    right.set(xlabel="scale (kb)", ylabel="sd of steps of that width", title="insulation of 100 kb, by scale")
    _legend(figure, right)
    return figure


def _loops(sims: Sequence[Subject], real: Sequence[Subject]) -> Figure:
    labelled = [(s, c) for s, c in zip(real, COLORS, strict=False) if len(s.loops)]
    shown = [s for s in sims if len(s.loops) >= 10]
    examples = [s for s, _ in labelled] + shown[:3]
    figure, panels = _panels(len(examples) + 1, 2.5)
    for axes, subject in zip(panels, examples, strict=False):
        axes.imshow(np.log2(realism.pile_up(subject)), cmap="RdBu_r", vmin=-1.5, vmax=1.5)
        axes.set_title(f"{subject.name}, {len(subject.loops)} loops", fontsize=8)
        axes.set_xticks([])
        axes.set_yticks([])
    offset = np.arange(-7.0, 8.0) * realism.RESOLUTION / 1e3
    _band(panels[-1], offset, [realism.pile_up(s)[7] for s in shown])
    for subject, color in labelled:
        panels[-1].plot(offset, realism.pile_up(subject)[7], color=color, lw=1.4)
    panels[-1].set(xlabel="from the loop (kb)", title="middle row, rim = 1")
    return figure


def _stripes(sims: Sequence[Subject], real: Sequence[Subject]) -> Figure:
    figure, (left, right) = _panels(2)
    profiles = [realism.stripe_profile(s) for s in sims if len(s.loops) >= 10]
    kb = realism.RESOLUTION / 1e3
    distance, offset = np.arange(4.0, 44.0) * kb, np.arange(-8.0, 9.0) * kb
    _band(left, distance, [along[:40] for along, _ in profiles])
    _band(right, offset, [across for _, across in profiles])
    for subject, color in zip(real, COLORS, strict=False):
        if len(subject.loops):
            along, across = realism.stripe_profile(subject)
            left.plot(distance, along[:40], color=color, lw=1.2, label=subject.name)
            right.plot(offset, across, color=color, lw=1.4)
    left.set(xlabel="distance from the diagonal (kb)", ylabel="anchor row over both sides", ylim=(0.6, 3.2))
    right.set(xlabel="from the anchor (kb), outside of the loop first", ylabel="O/E, rim = 1")
    _legend(figure, left)
    return figure


def _sparsity(sims: Sequence[Subject], real: Sequence[Subject]) -> Figure:
    # the Micro-C excerpt holds no empty pixel at all
    sparse = [(s, c) for s, c in zip(real, COLORS, strict=False) if realism.zero_share(s.band)[2:300].max() > 0.05]
    figure, panels = _panels(max(1, len(sparse)), 3.0)
    reach = 300
    for axes, (subject, color) in zip(panels, sparse, strict=False):
        x = np.arange(2.0, reach) * realism.RESOLUTION
        maps = [realism.at_depth_of(s.sim, subject.band) for s in sims if s.sim is not None]
        _band(axes, x, [realism.zero_share(band)[2:reach] for band in maps])
        axes.plot(x, realism.zero_share(subject.band)[2:reach], color=color, lw=1.4, label=subject.name)
        axes.set(xscale="log", xlabel="distance (bp)", ylabel="share of empty pixels", ylim=(0, 1))
        axes.set_title(f"{subject.name}, {subject.band.depth:.0f} contacts\nper pixel at 10 kb", fontsize=8)
    return figure


def _say_numbers(sims: Sequence[Subject], real: Sequence[Subject]) -> None:
    """The text's figures: slopes, spread of coverage, how many loops and how large."""
    for subject in (*real, *sims):
        spread, low = realism.coverage(subject.band)
        sizes = (subject.loops[:, 1] - subject.loops[:, 0]) * realism.RESOLUTION // 1000
        loops = f"{len(sizes)} loops, median {np.median(sizes):.0f} kb" if len(sizes) else "no loops"
        slopes = " ".join(f"{v:.2f}" for v in realism.slopes(subject.band))
        held = np.flatnonzero(subject.band.valid)
        bad = 1 - len(held) / (held[-1] - held[0] + 1)  # an excerpt's surroundings are not bad, but absent
        say(f"{subject.name}: slopes {slopes}; coverage sd {spread:.2f}, low {low:.3f}, bad {bad:.3f}; {loops}")
