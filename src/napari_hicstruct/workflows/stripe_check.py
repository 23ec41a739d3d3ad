"""The stripe check: one stripe on raw counts, exactly as its coordinates say, rows = x and columns = y.

Nothing is turned to look better: if a rectangle does not sit on the stripe here, the coordinates are wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config.files import check_output_file, in_place_of, output_error
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.contacts.protocol import RAW, ContactSource
from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.errors import ConfigError, LabelError, MapError
from napari_hicstruct.genome import Interval, bin_range, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress

WANTED_RESOLUTION = 5_000
MARGIN, MARGIN_SHARE = 250_000, 0.25
COLOUR_PERCENTILE = 98.0
EDGE_WIDTH, EDGE, FILL_ALPHA = 1.4, "deepskyblue", 0.22
MIN_FILLED = 8.0
"""Points that the narrow side needs on the screen to be filled: a stripe of one bin could not be judged under it."""
BAD_BIN = (0.92, 0.92, 0.92, 1.0)
_INCHES, _DPI = 6.0, 150


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """How a stripe is shown.

    Attributes
    ----------
    resolution : int
        Bin size wanted, bp; the nearest that there is is drawn.
    margin : int or None
        bp on each side; None: max(250 kb, 25 % of the length).
    percentile : float
        Of the window's counts; the colour maximum.
    balanced : bool
        Balanced contacts instead of raw counts.
    transpose : bool
        Outline the transposed rectangle, too, dashed.
    """

    resolution: int = WANTED_RESOLUTION
    margin: int | None = None
    percentile: float = COLOUR_PERCENTILE
    balanced: bool = False
    transpose: bool = False


@dataclass(frozen=True, slots=True)
class StripeCheck:
    """What is drawn.

    Attributes
    ----------
    resolution : int
        Bin size that is drawn (bp).
    note : str
        Names the resolution where it is not the wanted one; else empty.
    window : Interval
        Rows and columns of the picture, whole bins.
    counts : array (n, n) of float32
        As ``values`` says; NaN where a bin is bad.
    limit : float
        Colour maximum.
    box : tuple of float
        The stripe in whole bins, bp: top, left, bottom and right; rows = x, columns = y.
    values : str
        What the numbers are: ``contacts``, ``balanced contacts (weight)``, ``normalised contacts``.
    """

    resolution: int
    note: str
    window: Interval
    counts: NDArray[np.float32]
    limit: float
    box: tuple[float, float, float, float]
    values: str

    def outline(self, edge: float) -> tuple[float, float, float, float]:
        """The middle of a line, ``edge`` bp wide, that runs round the stripe and covers none of its pixels."""
        top, left, bottom, right = self.box
        return top - edge / 2, left - edge / 2, bottom + edge / 2, right + edge / 2

    def fill_alpha(self, point: float) -> float:
        """How much the inside is tinted where a point on the screen is so many bp; 0 for narrow stripes."""
        top, left, bottom, right = self.box
        return FILL_ALPHA if min(bottom - top, right - left) >= MIN_FILLED * point else 0.0


def nearest_resolution(resolutions: Sequence[int], wanted: int) -> int:
    """The resolution closest to ``wanted`` (bp); the finer one of two equally close."""
    return min(sorted(resolutions), key=lambda resolution: abs(resolution - wanted))


def check_window(record: Annotation, length: int, margin: int | None = None) -> Interval:
    """Bounding interval of x and y, plus ``margin`` or max(250 kb, 25 % of its length), clamped to the chromosome."""
    span = record.span
    if margin is None:
        margin = max(MARGIN, round(MARGIN_SHARE * len(span)))
    return span.expand(margin, length)


def bin_box(record: Annotation, resolution: int) -> tuple[float, float, float, float]:
    """The stripe in whole bins, floor of the starts and ceiling of the ends: top, left, bottom, right (bp)."""
    (top, bottom), (left, right) = (
        bin_range(part.start, part.end, resolution) for part in (record.anchor1, record.anchor2)
    )
    return top * float(resolution), left * float(resolution), bottom * float(resolution), right * float(resolution)


def check_stripe(source: ContactSource, record: Annotation, options: CheckOptions | None = None) -> StripeCheck:
    """Read the window of one stripe and work out what to draw (bp throughout)."""
    options = options or CheckOptions()
    resolution = nearest_resolution(source.resolutions_of(record.chrom), options.resolution)
    length = source.chromsizes[record.chrom]
    window = check_window(record, length, options.margin).snap(resolution)
    norm = source.default_norm(resolution, record.chrom) if options.balanced else RAW
    counts = source.fetch(window.clamp(length), window.clamp(length), resolution=resolution, norm=norm)
    finite = counts[np.isfinite(counts)]
    limit = float(np.percentile(finite, options.percentile)) if finite.size else 0.0
    if limit <= 0:
        limit = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    sizes = format_bin_size(resolution), format_bin_size(options.resolution)
    note = "" if resolution == options.resolution else f"drawn at {sizes[0]}: the map has no {sizes[1]} bins"
    return StripeCheck(resolution, note, window, counts, limit, bin_box(record, resolution), _values(source, norm))


def _values(source: ContactSource, norm: str) -> str:
    if norm != RAW:
        return f"balanced contacts ({norm})"
    return "contacts" if source.value_kind is ValueKind.COUNTS else str(source.value_kind)


def draw_check(check: StripeCheck, title: str, path: Path, *, transpose: bool = False) -> Path:
    """The check as a picture.

    Raises
    ------
    OutputError
        If it cannot be written, or its ending names no kind of picture.
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(_INCHES, _INCHES), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    n, start, size = len(check.counts), check.window.start / 1e6, check.resolution / 1e6
    colours = matplotlib.colormaps["Reds"].with_extremes(bad=BAD_BIN)
    edges = (start, start + n * size, start + n * size, start)
    picture = axes.imshow(check.counts, cmap=colours, vmin=0, vmax=check.limit, extent=edges, interpolation="nearest")
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(f"extent (pos3–pos4), {check.window.chrom} (Mb)")
    axes.set_ylabel(f"anchor (pos1–pos2), {check.window.chrom} (Mb)")
    figure.colorbar(picture, ax=axes, shrink=0.7, label=f"{check.values}, {format_bin_size(check.resolution)} bins")
    figure.draw_without_rendering()  # the layout is known now, and with it how many bp a point is
    point = n * check.resolution / (axes.get_window_extent().width * 72 / figure.dpi)
    top, left, bottom, right = (side / 1e6 for side in check.outline(EDGE_WIDTH * point))
    face = (*matplotlib.colors.to_rgb(EDGE), check.fill_alpha(point))
    shared = {"edgecolor": EDGE, "linewidth": EDGE_WIDTH}
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, facecolor=face, joinstyle="miter", **shared))
    if transpose:
        turned = Rectangle((top, left), bottom - top, right - left, facecolor="none", linestyle="--", **shared)
        axes.add_patch(turned)
    try:
        with in_place_of(path) as temporary:
            figure.savefig(temporary)
    except OSError as error:
        raise output_error(path, error) from error
    except ValueError as error:
        kinds = ", ".join(sorted(figure.canvas.get_supported_filetypes()))
        raise ConfigError(f"'{path.suffix}' is no kind of picture.", where=path, hint=f"Use {kinds}.") from error
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeCheckRequest:
    """Which stripes of a file are drawn, and where to.

    Attributes
    ----------
    labels : Path
        A file of stripes, of any format.
    numbers : tuple of int
        Data lines of the file, from 1; empty: all.
    out : Path
        A picture for one stripe, a folder for several.
    options : CheckOptions
    overwrite : bool
        Replace pictures that exist.
    """

    labels: Path
    numbers: tuple[int, ...]
    out: Path
    options: CheckOptions
    overwrite: bool = False


def iter_stripe_checks(
    source: ContactSource, request: StripeCheckRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, tuple[list[Path], list[str]]]:
    """Draw the stripes; gives the pictures, and notes.

    Raises
    ------
    LabelError
        If the file holds no stripes of the map, or a number is none of it.
    OutputError, ConfigError, MapError
    """
    stripes, notes = _chosen(source, request)
    clock, token = Clock(), token or CancelToken()
    pictures = _pictures(request, stripes)
    for path in pictures.values():
        check_output_file(path, [request.labels, split_uri(source.uri)[0]], overwrite=request.overwrite)
    written = []
    for done, (number, record) in enumerate(stripes.items()):
        token.check()
        yield clock.step("draw", done, len(stripes), f"stripe {number:,}")
        check = check_stripe(source, record, request.options)
        if not np.nan_to_num(check.counts).any():
            notes.append(f"stripe {number:,} is not drawn: the map has no contacts there.")
            continue
        x, y = (f"{part.start:,}–{part.end:,}" for part in (record.anchor1, record.anchor2))
        title = "\n".join(filter(None, [f"stripe {number:,}  {record.chrom}  anchor {x}  extent {y}", check.note]))
        written.append(draw_check(check, title, pictures[number], transpose=request.options.transpose))
    if not written:
        places = ", ".join(dict.fromkeys(record.chrom for record in stripes.values()))
        raise MapError(f"has no contacts where the stripes lie ({places}): nothing to draw.", where=source.uri)
    return written, notes


def _pictures(request: StripeCheckRequest, numbers: Collection[int]) -> dict[int, Path]:
    """The picture of each stripe, by its number."""
    if len(numbers) == 1 and request.out.suffix:
        return dict.fromkeys(numbers, request.out)
    width = max(4, len(str(max(numbers))))
    return {number: request.out / f"stripe_{number:0{width}d}.png" for number in numbers}


def _chosen(source: ContactSource, request: StripeCheckRequest) -> tuple[dict[int, Annotation], list[str]]:
    """Stripes by the number of their data line."""
    from napari_hicstruct.annotations import read_labels

    found = read_labels(request.labels, chromsizes=source.chromsizes, kind=Kind.STRIPE)
    if found.records and all(len(one.anchor1) == len(one.anchor2) for one in found.records):
        text = "holds pairs of intervals of one length, as lists of loops do, no stripes."
        raise LabelError(text, where=request.labels, hint="Give a list of stripes: a short anchor and a long extent.")
    rows = found.rows or tuple(range(1, len(found.records) + 1))
    by_number = dict(zip(rows, found.records, strict=True))
    notes = [str(problem) for problem in found.problems]
    notes += [f"{count:,} on {chrom}, which the map does not have" for chrom, count in found.unmatched.items()]
    for number in request.numbers:
        if number not in by_number:
            why = f"its line cannot be used ({notes[0]})" if number <= max(by_number, default=0) and notes else ""
            raise LabelError(
                f"has no stripe {number:,} to draw{': ' + why if why else ''}.",
                where=request.labels,
                hint=f"Choose from 1 to {max(by_number):,}." if by_number else "",
            )
    return {number: by_number[number] for number in request.numbers or by_number}, notes
