"""The whole page: head, table of all maps, one section each, what the figures mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from napari_hicstruct.annotations.tally import MIN_LIKELY
from napari_hicstruct.evaluation.standing_out import DRAWS, MIN_DEPTH, MIN_DEVIATIONS, MIN_RISE, MIN_SHIFT_BINS
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.evaluate.pile_up import SHIFTS
from napari_hicstruct.workflows.report.markup import Markup, element, joined, single, table
from napari_hicstruct.workflows.report.measure import ALONG_BINS, SEED
from napari_hicstruct.workflows.report.section import MapReport, summary_cells
from napari_hicstruct.workflows.report.style import STYLE

GENERATOR = "napari-hicstruct report"
"""By which a page is known as ours: it may be replaced."""


def page(maps: Sequence[MapReport], sections: Sequence[Markup], *, version: str, program: str, made: datetime) -> str:
    """The page as text.

    Parameters
    ----------
    maps : sequence of MapReport
    sections : sequence of Markup
        Those of the maps that have one, in order.
    version : str
        Of the program that writes the report.
    program : str
        That predicted; empty: not known.
    made : datetime
    """
    title = "Loops, stripes and TADs: report"
    head = [
        single("meta", charset="utf-8"),
        single("meta", name="viewport", content="width=device-width, initial-scale=1"),
        single("meta", name="generator", content=f"{GENERATOR} {version}"),
        element("title", title),
        Markup(f"<style>{STYLE}</style>"),
    ]
    body = [
        element("a", "To the maps", href="#maps", class_="skip"),
        element("header", element("h1", title), _facts(maps, version, program, made)),
        element("main", _overview(maps), _failures(maps), list(sections), _definitions()),
    ]
    return f"<!DOCTYPE html>\n{element('html', element('head', head), element('body', body), lang='en')}\n"


def _facts(maps: Sequence[MapReport], version: str, program: str, made: datetime) -> Markup:
    failed = sum(one.result is None for one in maps)
    done = f"{how_many(len(maps), 'map')}: {len(maps) - failed:,} done, {failed:,} failed"
    words = [done, f"made {made:%Y-%m-%d %H:%M} by napari-hicstruct {version}"]
    if program:
        words.append(f"predicted by {program}")
    return element("p", " · ".join(words), class_="soft")


def _overview(maps: Sequence[MapReport]) -> Markup:
    shown = [(number, one) for number, one in enumerate(maps, 1) if one.result is not None]
    parts: list[object] = [element("h2", "Maps", id="maps")]
    if shown:
        cells = [summary_cells(one) for _, one in shown]
        rows = [
            [element("a", one.title, href=f"#map-{number}"), *values.values()]
            for (number, one), values in zip(shown, cells, strict=True)
        ]
        caption = (
            f"Calls, in brackets those with p ≥ {MIN_LIKELY:g}; depth is the mean number of contacts of neighbouring "
            "bins; bins of loops / of all else; seconds that the prediction took; calls pass that stand out of the map."
        )
        parts.append(table(caption, ["map", *cells[0]], rows))
    return element("section", parts, aria_labelledby="maps")


def _failures(maps: Sequence[MapReport]) -> Markup | None:
    failed = [one for one in maps if one.result is None]
    if not failed:
        return None
    rows = [[one.title, element("td", one.problem, class_="text bad")] for one in failed]
    content = (element("h2", "Maps without results", id="failed"), table("Why", ["map", "reason"], rows, hidden=True))
    return element("section", content, aria_labelledby="failed")


def _definitions() -> Markup:
    shifts = " and ".join(f"{shift // 1000:,} kb" for shift in SHIFTS if shift > 0)
    texts = {
        "p": "The calibrated probability that the model gives to a call. The list also holds calls that it takes "
        f"for less likely than not; those with p ≥ {MIN_LIKELY:g} are counted by themselves.",
        "depth": "Mean number of contacts of two neighbouring bins, over the bins that the map knows.",
        "loop stands out": "Its 3×3 pixels hold at least "
        f"{MIN_DEVIATIONS:g} standard deviations more contacts than distance, coverage and the strongest of its four "
        "neighbourhoods (donut, lower left, row, column; HiCCUPS, Rao et al. 2014) let expect; one bright pixel is not "
        "enough.",
        "stripe stands out": f"The best row of its anchor holds at least {MIN_DEVIATIONS:g} standard deviations and "
        f"{100 * (MIN_RISE - 1):.0f} % more contacts than the stronger of its two sides, over its whole length.",
        "boundary stands out": "Within one bin of it the contacts across, over those within its two sides, have a "
        f"valley of {MIN_DEPTH:g} log2 ({100 * (1 - 2**-MIN_DEPTH):.0f} %) or more, at least {MIN_DEVIATIONS:g} "
        "standard deviations of counting deep.",
        "by chance": f"The same test of the same calls at {how_many(DRAWS, 'random place')} of their chromosome, at "
        f"least {MIN_SHIFT_BINS} bins away, distance kept (seed {SEED}). Real structures lie at some of them.",
        "what a high share says": "That the map itself shows what is called. The program ranks calls by such contacts, "
        "too, so this is no independent proof; a low share, or one near chance, is a warning.",
        "pile-up": "The mean window around all calls, observed over expected; beside it the same calls moved by "
        f"{shifts} to either side. Loops: mean of the 3×3 middle over that of the 3×3 corners, above 1 where there are "
        f"dots. Stripes: bins {ALONG_BINS.start} to {ALONG_BINS.stop - 1} from the diagonal, the middle three rows "
        "over those five or more away, above 1 where there are lines. Boundaries: contacts across over those within, "
        "of ten bins, below 1 where there are borders. Calls too near the diagonal or an end are left out.",
    }
    terms = [joined(element("dt", name), element("dd", text)) for name, text in texts.items()]
    content = (element("h2", "What the figures mean", id="definitions"), element("dl", terms))
    return element("section", content, class_="map", aria_labelledby="definitions")
