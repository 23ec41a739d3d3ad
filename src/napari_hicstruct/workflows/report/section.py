"""One map's part of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind, place_text
from napari_hicstruct.annotations.tally import MIN_LIKELY, CallTally
from napari_hicstruct.evaluation.standing_out import PassRate
from napari_hicstruct.genome import format_bin_size, format_bp
from napari_hicstruct.workflows.report.charts import decay_curve, histogram
from napari_hicstruct.workflows.report.gather import Entry, Result
from napari_hicstruct.workflows.report.markup import Markup, element, joined, single, table
from napari_hicstruct.workflows.report.measure import RATIOS, Measures, Pair
from napari_hicstruct.workflows.report.pictures import Chosen, Picture, draw_pile
from napari_hicstruct.workflows.report.provenance import provenance

LENGTHS = {Kind.LOOP: "distance of the anchors", Kind.STRIPE: "length", Kind.TAD: "size"}
"""What is counted in the histograms, by kind."""

_PILE_WORDS = {
    Kind.LOOP: ("centre over corners", "A dot in the middle of the left half is what loops look like"),
    Kind.STRIPE: ("line over its sides", "A line through the middle of the upper half is what stripes look like"),
    Kind.BOUNDARY: (
        "contacts across over within",
        "Two squares that meet in the middle of the left half, with few contacts across, are what boundaries look like",
    ),
}


@dataclass(slots=True)
class MapReport:
    """All that is shown of one map.

    Attributes
    ----------
    entry : Entry
    title : str
        Name of the map, for people.
    result : Result or None
        None where the prediction failed or cannot be read.
    measures : Measures or None
        None where the map is not there any more, or has changed.
    problem : str
        Why something is not shown; empty where everything is.
    chosen, pictures
        Calls that are shown, and their pictures by uid.
    """

    entry: Entry
    title: str
    result: Result | None = None
    measures: Measures | None = None
    problem: str = ""
    genome: bool = False
    chosen: dict[Kind, Chosen] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def section(one: MapReport, number: int) -> Markup:
    """The part of a map, ``id="map-1"``."""
    parts: list[object] = []
    if one.result is not None:
        notes = [*one.notes, *one.result.notes, *(one.measures.notes if one.measures else ())]
        parts.append(_notes(notes))
        parts += [_calls(one, one.result), _lengths(one.result), _depth(one), _quality(one), _pictures(one)]
        parts.append(provenance(one.entry, one.result, genome=one.genome))
    return bare_section(one, number, parts)


def bare_section(one: MapReport, number: int, parts: Sequence[object] = ()) -> Markup:
    """Title, what is wrong, and what there is."""
    title = element("h2", one.title, id=f"map-{number}-title")
    problem = element("p", one.problem, class_="bad") if one.problem else None
    attributes = {"id": f"map-{number}", "class_": "map", "aria_labelledby": f"map-{number}-title"}
    return element("section", title, problem, *parts, **attributes)


def _notes(notes: Sequence[str]) -> Markup | None:
    unique = list(dict.fromkeys(notes))
    return element("ul", [element("li", note) for note in unique], class_="notes") if unique else None


def share(value: float) -> str:
    """``62 %``; a dash where nothing is known."""
    return f"{100 * value:.0f} %" if value == value else "–"


def number(value: float, digits: int = 2) -> str:
    """``1.83``; a dash where nothing is known."""
    return f"{value:,.{digits}f}" if np.isfinite(value) else "–"


def depth_words(depth: float) -> str:
    """Three digits, whatever the size."""
    return number(depth, 0 if depth >= 100 else 1 if depth >= 10 else 2)


def likely(result: Result, kind: Kind) -> str:
    """How many calls of a kind have a probability of one half or more; a dash where none has a probability."""
    tally = CallTally(result.calls.get(kind, ()))
    return f"{tally.likely[kind]:,}" if tally.share(kind) else "–"


# ---------------------------------------------------------------------- counts, lengths, depth
def _calls(one: MapReport, result: Result) -> Markup:
    heads = (
        "",
        "calls",
        f"with p ≥ {MIN_LIKELY:g}",
        "median length",
        "stand out",
        "by chance",
        "pile-up",
        "pile-up, moved",
    )
    rows = [_call_row(kind, result, one.measures) for kind in KINDS if kind in result.calls]
    if not rows:
        return element("p", "No label file can be shown.", class_="bad")
    return joined(element("h3", "Calls"), table(f"Calls on {one.title}", heads, rows, hidden=True))


def _call_row(kind: Kind, result: Result, measures: Measures | None) -> list[object]:
    records = result.calls[kind]
    lengths = [record.distance for record in records] if kind in LENGTHS else []
    middle = format_bp(float(np.median(lengths))) if lengths else "–"
    rate = measures.rates.get(kind, PassRate()) if measures else PassRate()
    pair = measures.piles.get(kind) if measures else None
    piled = [number(RATIOS[kind](pile)) for pile in pair] if pair else ["–", "–"]
    name = KINDS[kind].plural
    shares = (share(rate.share), share(rate.chance))
    return [name[0].upper() + name[1:], f"{len(records):,}", likely(result, kind), middle, *shares, *piled]


def _lengths(result: Result) -> Markup | None:
    charts = []
    for kind, axis in LENGTHS.items():
        if lengths := [record.distance for record in result.calls.get(kind, ()) if record.distance > 0]:
            charts.append(histogram(lengths, KINDS[kind].named(len(lengths)), axis, KINDS[kind].colour))
    return joined(element("h3", "Sizes"), element("div", charts, class_="row")) if charts else None


def _depth(one: MapReport) -> Markup | None:
    if one.measures is None or one.measures.depth != one.measures.depth:
        return None
    loops, size = (format_bin_size(bins) for bins in one.measures.sizes)
    said = f"Neighbouring bins of {loops} share {depth_words(one.measures.depth)} contacts on average."
    curve = decay_curve(one.measures.decay, one.measures.sizes[1])
    return joined(element("h3", "Depth and decay"), element("p", f"{said} The curve is of bins of {size}."), curve)


# ---------------------------------------------------------------------- quality
def _quality(one: MapReport) -> Markup | None:
    if one.measures is None or not (one.measures.rates or one.measures.piles):
        return None
    lines = [element("li", _rate_words(kind, rate)) for kind, rate in one.measures.rates.items() if rate.calls]
    link = element("a", "What is tested, and what chance means", href="#definitions")
    piles = [_pile(kind, pair) for kind, pair in one.measures.piles.items() if pair[0].n]
    parts = [element("ul", lines), element("p", link, "."), element("div", piles, class_="row")]
    return joined(element("h3", "Quality"), parts)


def _rate_words(kind: Kind, rate: PassRate) -> str:
    name = KINDS[kind].plural
    if not rate.judged:
        return f"{name}: none can be judged."
    left = rate.calls - rate.judged
    unknown = f"; {left:,} cannot be judged" if left else ""
    chance = f" At random places {share(rate.chance)} would." if rate.chance_judged else ""
    return f"{rate.passed:,} of {rate.judged:,} {name} ({share(rate.share)}) stand out{unknown}.{chance}"


def _pile(kind: Kind, pair: Pair) -> Markup:
    ratio, looks = _PILE_WORDS[kind]
    own, moved = (number(RATIOS[kind](pile)) for pile in pair)
    name, n = KINDS[kind].named(pair[0].n), pair[0].n
    png, limit = draw_pile(*pair)
    where = ("above", "below") if kind is Kind.STRIPE else ("left", "right")
    caption = (
        f"Pile-up of {n:,} {name} ({where[0]}), and of the same moved along the diagonal ({where[1]}): {ratio} {own}, "
        f"moved {moved}. {looks}. Observed over expected, blue {max(2 - limit, 0):.2g}, white 1, red {limit:.2g}."
    )
    alt = f"Pile-up of {n:,} {name}: {ratio} {own}; moved {moved}."
    return element("figure", single("img", src=png, alt=alt), element("figcaption", caption), class_="pile")


# ---------------------------------------------------------------------- pictures
def _pictures(one: MapReport) -> Markup | None:
    parts = []
    for kind, both in one.chosen.items():
        for records, words in ((both.strongest, "Strongest"), (both.uncertain, "Most uncertain")):
            if figures := [_call(one.pictures[record.uid]) for record in records if record.uid in one.pictures]:
                parts.append(element("h4", f"{words} {KINDS[kind].plural}"))
                parts.append(element("div", figures, class_="row"))
    if not parts:
        return None
    values = ", ".join(dict.fromkeys(_value_words(picture) for picture in one.pictures.values()))
    said = f"{values[0].upper()}{values[1:]}, white to red; bins that the map does not know are grey, the call is blue."
    return joined(element("h3", "Calls on the map"), element("p", said, class_="soft"), parts)


def _value_words(picture: Picture) -> str:
    return "raw contacts" if picture.values == "raw" else f"balanced contacts ({picture.values})"


def _call(picture: Picture) -> Markup:
    record = picture.record
    p = f"p {record.probability:.2f}" if record.probability == record.probability else "no probability"
    length = "" if record.kind is Kind.BOUNDARY else f", {format_bp(record.distance)}"
    window = f"shown: {_window(picture)}, bins of {format_bin_size(picture.resolution)}"
    alt = f"{KINDS[record.kind].singular} at {place_text(record)}, {p}"
    caption = (place_text(record), single("br"), element("strong", p), length, single("br"), window)
    return element("figure", single("img", src=picture.png, alt=alt), element("figcaption", *caption), class_="call")


def _window(picture: Picture) -> str:
    rows, cols = (f"{part.start / 1e6:.2f}–{part.end / 1e6:.2f}" for part in (picture.rows, picture.columns))
    return f"{rows} Mb" if rows == cols else f"{rows} × {cols} Mb"


def summary_cells(one: MapReport) -> Mapping[str, object]:
    """What the table of all maps says of this one."""
    assert one.result is not None
    found: dict[str, object] = {}
    for kind, info in KINDS.items():
        n = f"{len(one.result.calls[kind]):,}" if kind in one.result.calls else "–"
        found[info.plural] = f"{n} ({likely(one.result, kind)})" if one.result.calls.get(kind) else n
    measures = one.measures or Measures()
    found["depth"] = depth_words(measures.depth)
    found["bins"] = " / ".join(dict.fromkeys(format_bin_size(size) for size in measures.sizes if size)) or "–"
    found["chromosomes"] = f"{len(one.result.searched()):,}"
    found["seconds"] = number(_seconds(one), 1)
    for kind in RATIOS:
        rate = measures.rates.get(kind, PassRate())
        found[f"{KINDS[kind].plural} pass"] = share(rate.share)
    return found


def _seconds(one: MapReport) -> float:
    assert one.result is not None
    seconds = one.result.run.get("seconds") if one.entry.seconds is None else one.entry.seconds
    return float(seconds) if isinstance(seconds, int | float) else float("nan")
