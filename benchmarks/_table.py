"""The table of bars: what must hold, what was measured last, how to redo it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import _cells as cells
from benchmarks import _compare_cells as comparing
from benchmarks import _fusion_cells as fusion
from benchmarks import _gate_cells as gates
from benchmarks import _learning_cells as learning
from benchmarks import _picture_cells as pictures
from benchmarks import _repair_cells as repair
from benchmarks import _segmentation_cells as segmentation
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


ROWS = (
    Row(
        "viewport",
        "viewport of 1024² px at any zoom, simulated chr1 at 5 kb, p95 to data",
        "≤ 1.5 × bare hictkpy within 5 Mb of the diagonal, beyond ≤ 1.3 × the faster of hictkpy and cooler; "
        "cached ≤ 5 ms; dask adds ≤ 5 ms",
        cells.viewport,
        cells.viewport_met,
    ),
    Row(
        "first_picture",
        "from reader call to first picture, same map; memory after a minute of panning; idle CPU",
        "≤ 1 s, only the visible and the coarsest level read; ≤ 400 MB over bare napari; ≤ 5 %",
        cells.plain,
    ),
    Row("import_time", "import and plugin discovery over napari", "≤ 0.1 s, nothing heavy loaded", cells.plain),
    Row("edit_latency", "add / move / undo, 10,000 objects in the project (store)", "≤ 50 ms", cells.plain),
    Row("edit_latency_gui", "the same by gestures in a window", "≤ 50 ms", cells.plain, cells.gestures_met),
    Row(
        "predict_speed",
        "predict all tasks, simulated 64 Mb at 5 kb, 2 threads",
        "≤ 0.8 × chromosight's loops alone; ≤ 1.5 GB; `tiny` ≤ 0.3 ×",
        cells.speed,
        lambda result: result.get("met") if result["threads"] == 2 and "tiny" in result else None,
    ),
    Row(
        "loops_chr21",
        "loops, GM12878 chr21 at 10 kb",
        "P@25 ≥ .96, P@50 ≥ .88, P@100 ≥ .72, P@133 ≥ .64, F1@133 ≥ .54; at or above both peers at every n, above from "
        "30 on",
        cells.loops,
    ),
    Row(
        "loops_simulated",
        "loops, held-out simulated maps: two simulators, four depths, 5 and 10 kb",
        "average precision above every peer in every cell",
        cells.loops_simulated,
        lambda result: result["met"] if all(one["above"] for one in result["cells"].values()) else False,
    ),
    Row(
        "robustness",
        "loops on chr21 and its 30–35 Mb four times deeper, in five normalisations",
        "precision at or above chromosight's at every n ≥ 10",
        cells.robustness,
    ),
    Row(
        "depth_curve",
        "loops on chr21 thinned to 1/2 … 1/16",
        "P@50 at or above chromosight's at every depth",
        cells.depth,
    ),
    Row(
        "consensus",
        "what several callers agree on, chr21: loops judged by RAD21 ChIA-PET, boundaries by each left-out caller",
        "P@50 and AP above the best single caller and above the plain count, `em` ≥ `count`; boundaries: AP above the "
        "best single caller in each case",
        cells.consensus,
    ),
    Row(
        "consensus_simulated",
        "the same of four callers on held-out simulated maps, 10 kb: two simulators, four depths",
        "average precision above the best caller alone in every cell; calibration error ≤ .05",
        cells.consensus_simulated,
    ),
    Row(
        "consensus_speed",
        "five callers of 20,000 loops each become one list, the whole command",
        "≤ 5 s, ≤ 500 MB",
        cells.consensus_speed,
    ),
    Row(
        "insulation",
        "insulation, border contrast, directionality, weak boundaries of a simulated human chr1, 10 kb, four windows",
        "≤ 0.5 × cooltools insulation, equal to 10⁻⁶",
        cells.insulation,
    ),
    Row(
        "many_workers",
        "a simulated genome of human size at 10 kb by worker processes; each shared map with and without workers",
        "one to two workers ≥ 1.7 ×; ≤ 1.5 GB a worker, scheduler ≤ 300 MB; one worker ≤ 1.1 × one process; time left "
        "right within 30 % after the first tenth; the same files whoever is killed, nothing done twice; Ctrl+C ≤ 5 s",
        cells.many_workers,
    ),
    Row(
        "tads_chr21",
        "TAD boundaries, chr21, at equal numbers, F1@±2 bins",
        "≥ .08 above cooltools insulation against Arrowhead ∪ HiTAD at both numbers, against HiTAD not below",
        cells.tads,
    ),
    Row(
        "tads_simulated",
        "TAD boundaries, held-out simulated maps, at equal numbers, F1@±2 bins (ours / cooltools insulation)",
        "≥ .08 above cooltools insulation; large domains no worse than small ones",
        cells.tads_simulated,
        lambda result: result["met"] if result["gain"] >= 0.08 else False,
    ),
    Row(
        "multitask",
        "one network for three tasks beside one for each; proxy networks, average precision",
        "together at least as good as alone on every output",
        cells.multitask,
        lambda result: result["met"],
    ),
    Row(
        "weak_tads",
        "TAD boundaries learnt without labels, and without the band branch; proxy networks, simulated maps, F1@±2 bins",
        "without labels ≥ insulation + .03 and at most .05 below the labelled network",
        cells.weak_tads,
    ),
    Row(
        "few_labels",
        "a tenth of the labels, from nothing and from band-MAE; proxy networks, mean average precision",
        "the gain, whatever its sign",
        cells.few_labels,
    ),
    Row(
        "stripes_simulated",
        "stripes, held-out simulated maps",
        "F1 above StripePy's best, and its recall at equal precision, in every cell; direction ≥ .95",
        cells.stripes,
        lambda result: (
            result["met"] if all(rule["above"] for one in result["cells"].values() for rule in one.values()) else False
        ),
    ),
    Row(
        "real_maps",
        "seven real maps, judged by the map itself: loops, stripes, boundaries (share that passes of the top "
        "20/50/100/all; Mb of stripe)",
        "10 kb: loops ≥ .05 above chromosight and mustache (or ≥ .95), of all ≥ .65 and no fewer that pass; stripes "
        "≥ 1.3 × the best peer's Mb, share ≥ .75, both Epha4 stripes; boundaries not below insulation; 25 kb: loops, "
        "boundaries not below chromosight, insulation",
        cells.real_maps,
    ),
    Row(
        "bin_sizes",
        "one simulated truth in bins of 1, 2, 5, 10 and 25 kb: average precision on what spans three of them",
        "each ≥ .9 of the best bin size's on the same truth",
        cells.bin_sizes,
    ),
    Row(
        "hffc6",
        "HFFc6 Micro-C at 5 kb, pile-up of the called loops",
        "centre/corner ≥ 2, shifted ≈ 1; by eye: the circles sit on the dots",
        cells.hffc6,
    ),
    Row(
        "simulate",
        "simulator: 20 Mb at 5 kb; the sample map on first use; chr1 at 5 kb",
        "≤ 5 s of CPU; ≤ 10 s of CPU; ≤ 1.5 GB",
        cells.simulate,
    ),
    Row(
        "repair_phantom",
        "label repair, eight phantoms of a heart (64³, ten touching classes), four faults at three strengths",
        "Dice above and 95 % Hausdorff below median, Gaussian, opening–closing and fits of each heart alone at the two "
        "stronger strengths, at the weakest no worse than the input; smallest class ≥ .8, never lost; rules kept; "
        "stage 3 within .01 of stage 1, ≤ 10 MB; 64³ and 256³ agree to .97; ≤ 15 min; 256³ within 2 GB",
        repair.phantom,
    ),
    Row(
        "repair_hic",
        "votes of real callers on simulated maps, 10 kb, repaired; two simulators, two depths, three seeds",
        "boundary F1 and loop AP above the votes at every number of callers without repair, and above the consensus of "
        "two callers or more",
        repair.votes,
    ),
    Row(
        "selectors_images",
        "selectors E0–E6 on pictures (nuclei, coins, a stained section: left half learnt, right half judged) and on "
        "domains of simulated maps; the same small network, the same few steps of two crops",
        "all rows, three seeds; the best named with its spread, also if it is E0",
        segmentation.selectors,
    ),
    Row(
        "fusion_images",
        "two pictures in different focus become one; pairs from seven pictures of scikit-image that no training has "
        "seen, each peer by its best setting",
        "PSNR, SSIM and Q^AB/F above mean, max, Laplacian pyramid, wavelet and guided filter, mask IoU ≥ .9; with "
        "noise (microscopy) PSNR and SSIM above them, noise in flat parts at most the better input's in every pair; "
        "520 × 520 ≤ 3 s, ≤ 1.5 GB",
        fusion.images,
    ),
    Row(
        "fusion_hic",
        "two Hi-C maps become one: chr21 shared out in two and three, simulated experiments; 5 kb sharp and 10 kb deep "
        "(simulated, HFFc6 thinned); faults in one of two",
        "replicates: SCC with both together and with a third not below the sum's, loops at equal n not below; unlike "
        "bins: SCC, SSIM on O/E and loop AP at 5 kb above each input, their sum and plain smoothing; faults: AUC of "
        "the mask ≥ .9, gone; chr21 at 10 kb ≤ 60 s, ≤ 1.5 GB",
        fusion.maps,
    ),
    Row(
        "finetune_gain",
        "50 corrections of one half of a map, average precision on the other; 3 maps, 3 seeds",
        "up by 15 % in the mean over maps, on no map down by more than the spread of the seeds",
        learning.gain,
    ),
    Row(
        "finetune_kinds",
        "50 corrections of stripes, or of TADs, of one half of a map, average precision on the other; 2 maps, 3 seeds",
        "–",
        learning.kinds,
    ),
    Row(
        "active_learning",
        "corrections needed to what a random order reaches at 200; 3 maps, 3 seeds",
        "≤ 100 with the default order",
        learning.orders,
    ),
    Row(
        "finetune_start",
        "each fine-tune from the base model with all corrections, or from the last model; 3 maps, 3 seeds",
        "the default (base) no worse in average precision and in log loss, means over rounds and maps",
        learning.start,
    ),
    Row(
        "finetune_gate",
        "fine-tunes on true and on shuffled corrections, 10 each",
        "≥ 9 of 10 taken, ≥ 9 of 10 refused",
        learning.gate,
    ),
    Row(
        "finetune_rounds",
        "five rounds of 20 corrections in a process of its own; click to new predictions of 2 Mb in view; forgetting",
        "first round ≤ 90 s with a gain of 15 %; replay maps ≥ 0.98 of the base model",
        learning.rounds,
    ),
    Row(
        "window_smoothness",
        "event-loop delay while training and panning at 1500×950, two cores",
        "p95 ≤ 100 ms, one stall ≤ 500 ms at the start",
        learning.smoothness,
        learning.smoothness_met,
    ),
    Row(
        "queue_speed",
        "review queue of 100,000 candidates",
        "builds ≤ 3 s, next ≤ 50 ms",
        learning.queue,
        lambda result: result["held"],
    ),
    Row(
        "judging_speed",
        "100 candidates accepted and rejected by keys in a real window",
        "≥ 5 per second sustained, no key lost",
        learning.judging,
        lambda result: result["held"],
    ),
    Row(
        "gallery",
        "gallery of 5,000 loops in a real window: first page, longest stall while scrolling, judged by keys",
        "≤ 1 s; ≤ 100 ms; ≥ 4 per second",
        pictures.gallery,
    ),
    Row(
        "pileup",
        "pile-up of loops beside coolpup.py's, by the same expected; TADs stretched to one size; seconds",
        "largest difference ≤ 10⁻⁶; correlation ≥ .97",
        pictures.pileup,
    ),
    Row(
        "first_use",
        "longest stall of the window at the first use of lasso, *Why*, folds, key sheet; four callers on chr21",
        "≤ 150 ms of processor time; the first drawing catches",
        learning.first_use,
        lambda result: result["held"],
    ),
    Row(
        "import_window",
        "100,000 loops imported in a real window: until drawn, undo, longest stall of the event loop",
        "≤ 10 s, ≤ 2 s, ≤ 100 ms",
        learning.imported,
        lambda result: all(result["met"].values()),
    ),
    Row(
        "epi",
        "enhancer–promoter pairs in lines that training never saw: simulated grammar of motifs, gate and controls",
        "AUPR ≥ .05 above every control and ≥ .75; seen − unseen ≤ .15; gates found AUC ≥ .9, 10–30 % open; support "
        "at most .03 below numbers",
        gates.epi,
        gates.epi_met,
    ),
    Row(
        "cell_gate",
        "the gate of maps: simulated protocols beyond training, chr21 thinned, ordinary maps; cost of adapting",
        "above the ungated model on what is shifted, within .01 on what is ordinary; ≤ 5 s on two cores, ≤ 200 MB",
        gates.cell_gate,
    ),
    Row(
        "compare",
        "two maps: simulated pairs with planted changes, real maps against thinned copies, Epha4 WT and DelB, two maps "
        "of the size of chr1 at 10 kb",
        "false changes ≤ FDR at .05 and .2; order above differences of scores; nothing in thinned copies; lost TAD "
        "first, border among the first two; ≤ 2 min, ≤ 2 GB",
        comparing.compare,
        lambda result: all(result["met"].values()),
    ),
    Row(
        "tracks_view",
        "a frame of panning and zooming with six tracks below the map (and a second map), 1500×950, p95; beside "
        "the map alone",
        "≤ 1.5 × of the map alone",
        cells.tracks,
    ),
    Row(
        "track_alignment",
        "tracks below the map and on its right, five zooms from 60 kb to 18 Mb",
        "within half a bin of the map's pixel",
        cells.plain,
        test="tests/gui/test_tracks_window.py -k every_zoom",
    ),
    Row(
        "overlays",
        "truth and overlays, ladders 5/10/25/50/100 kb and 5/10/20/40 kb",
        "a point lies within half a bin of its pixel at every zoom level",
        cells.plain,
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
