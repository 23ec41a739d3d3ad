"""One page about the predictions of one map or of many: counts, quality, pictures, provenance."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from napari_hicstruct.config.files import check_output_file, in_place_of, output_error, try_folder, writing
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.errors import Cancelled, HicStructError, MapError, OutputError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.report.gather import Batch, Entry, Result
    from napari_hicstruct.workflows.report.markup import Markup
    from napari_hicstruct.workflows.report.section import MapReport

T = TypeVar("T")

PAGE = "report.html"
"""Name of a report in the folder of its results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What to report.

    Attributes
    ----------
    folder : Path
        Results of one prediction, or of a batch.
    out : Path or None
        The page; None: ``report.html`` in the folder.
    overwrite : bool
        Replace a file that is no report.
    """

    folder: Path
    out: Path | None = None
    overwrite: bool = False

    @property
    def page(self) -> Path:
        """Where the page goes."""
        return self.folder / PAGE if self.out is None else self.out


@dataclass(frozen=True, slots=True)
class ReportResult:
    """The page, how many maps it shows, how many have no results, and what a person should know."""

    page: Path
    shown: int
    failed: int
    notes: tuple[str, ...] = ()


def report(request: ReportRequest) -> ReportResult:
    """Run :func:`iter_report` to its end."""
    return drain(iter_report(request))


def iter_report(request: ReportRequest, *, token: CancelToken | None = None) -> Generator[Progress, None, ReportResult]:
    """Gather, measure, draw, write; one map after another, each Progress counts maps.

    Raises
    ------
    LabelError
        If there is no result, or one result alone cannot be read.
    OutputError
        If the page cannot be written, or would replace what it is made from or what is no report.
    Cancelled
        Nothing is written then.
    """
    from napari_hicstruct import __version__
    from napari_hicstruct.workflows.report.gather import find_batch
    from napari_hicstruct.workflows.report.page import page

    clock, token = Clock(), token or CancelToken()
    batch = find_batch(request.folder)
    _check_output(request, batch)
    maps, sections, total = [], [], len(batch.entries)
    for number, entry in enumerate(batch.entries, 1):
        token.check()
        yield clock.step(f"map {number:,} of {total:,}", number - 1, total)
        one = yield from _iter_map(entry, alone=total == 1, token=token, counted=(number - 1, total), clock=clock)
        maps.append(one)
        if one.result is not None:
            sections.append(_section(one, number))
        if one.problem:
            yield clock.step("report", number, total, f"{one.title}: {one.problem}", notice=True)
        _let_go(one)
    program = batch.program or _programs(maps)
    text = page(maps, sections, version=__version__, program=program, made=datetime.now().astimezone())
    _write(request.page, text)
    yield clock.step("done", total, total)
    failed = sum(one.result is None for one in maps)
    problems = tuple(f"{one.title}: {one.problem}" for one in maps if one.problem)
    return ReportResult(request.page, total - failed, failed, problems)


def _iter_map(
    entry: Entry, *, alone: bool, token: CancelToken, counted: tuple[int, int], clock: Clock
) -> Generator[Progress, None, MapReport]:
    """All of one map; whatever is wrong with it is said in its section, and never loses the others."""
    from napari_hicstruct.workflows.report.gather import read_result
    from napari_hicstruct.workflows.report.section import MapReport

    one = MapReport(entry, _title(entry.map) or (entry.folder.name if entry.folder else "?"))
    if entry.failed:
        one.problem = entry.error
        return one
    try:
        one.result = read_result(entry)
        one.title = _title(str(one.result.about("map").get("uri"))) or one.title
        yield from _iter_seen(one, one.result, counted, clock, token)
    except Cancelled:
        raise
    except HicStructError as error:
        if one.result is None and alone and not entry.map:
            raise
        one.problem = f"{error} What needs the map is not shown." if one.result else str(error)
    except Exception as error:
        one.problem = _internal(error)
    return one


def _section(one: MapReport, number: int) -> Markup:
    """The part of a map; one that cannot be made does not lose the others."""
    from napari_hicstruct.workflows.report.section import bare_section, section

    try:
        return section(one, number)
    except Exception as error:
        one.problem = _internal(error)
        return bare_section(one, number)


def _internal(error: Exception) -> str:
    logging.getLogger(__name__).warning("a section of a report failed", exc_info=error)
    return f"Internal error ({type(error).__name__}: {error}). Some of it is not shown."


def _iter_seen(
    one: MapReport, result: Result, counted: tuple[int, int], clock: Clock, token: CancelToken
) -> Generator[Progress, None, None]:
    """Add what needs the map itself."""
    from napari_hicstruct.workflows.report.measure import iter_measure
    from napari_hicstruct.workflows.report.pictures import choose, iter_pictures

    source = _open(result)
    one.genome = _is_whole(source, result)
    done, total = counted
    measured = iter_measure(source, result, Clock(), token)
    one.measures = yield from _iter_part(measured, one.title, (done, 0.7, total), clock)
    one.chosen = {kind: choose(records) for kind, records in result.calls.items()}
    drawn = iter_pictures(source, one.chosen, one.notes, Clock(), token)
    one.pictures = yield from _iter_part(drawn, one.title, (done + 0.7, 0.3, total), clock)


def _iter_part(
    job: Generator[Progress, None, T], title: str, part: tuple[float, float, int], clock: Clock
) -> Generator[Progress, None, T]:
    """A part of a map's work, counted in maps: ``part`` is where it begins, its share of a map, and all maps."""
    start, share, total = part
    done = start
    while True:
        try:
            step = next(job)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        done = max(done, start + share * step.fraction)
        yield clock.step(f"{title}: {step.stage}", done, total)


def _open(result: Result) -> ContactSource:
    """The map of a result, if it is there and still the same.

    Raises
    ------
    MapError
    """
    from napari_hicstruct.contacts import open_map

    about = result.about("map")
    uri = str(about["uri"])
    if not Path(split_uri(uri)[0]).exists():
        raise MapError("the map is not there any more.", where=uri)
    source = open_map(uri)
    if source.fingerprint() != about.get("fingerprint"):
        raise MapError("the map has changed since the prediction: its fingerprint is another.", where=uri)
    return source


def _is_whole(source: ContactSource, result: Result) -> bool:
    """Whether all chromosomes were predicted from end to end."""
    from napari_hicstruct.errors import RegionError
    from napari_hicstruct.genome import Interval, parse_region

    regions = result.about("parameters").get("regions")
    try:
        predicted = {parse_region(str(one), source.chromsizes) for one in regions or ()}
    except (RegionError, TypeError):
        return False
    return predicted >= {Interval(chrom, 0, length) for chrom, length in source.chromsizes.items()}


def _title(uri: str) -> str:
    """The map's file name, with the group where it is not the whole file."""
    file, group = split_uri(uri)
    return Path(file).name + (f"::{group}" if group else "")


def _programs(maps: list[MapReport]) -> str:
    """By which versions was predicted."""
    made = [str(one.result.run["made_with"]) for one in maps if one.result and one.result.run.get("made_with")]
    return ", ".join(dict.fromkeys(made))


def _let_go(one: MapReport) -> None:
    """Free what only the section needed; the table needs counts, which need the calls' probabilities alone."""
    one.pictures.clear()
    one.chosen.clear()
    if one.measures is not None:
        one.measures.piles.clear()


# ---------------------------------------------------------------------- the file
def _check_output(request: ReportRequest, batch: Batch) -> None:
    """Refuse what the page must not replace, before anything is read.

    Raises
    ------
    OutputError
    """
    from napari_hicstruct.workflows.report.gather import BATCH, FILES, RUN, read_run

    names = {RUN, BATCH, "boundaries.bedgraph", "stripes.tsv", *(name for names in FILES.values() for name in names)}
    folders = {request.folder, *(entry.folder for entry in batch.entries if entry.folder is not None)}
    inputs: list[str | Path] = [folder / name for folder in folders for name in names]
    for entry in batch.entries:
        with contextlib.suppress(HicStructError):
            inputs.append(split_uri(str(read_run(entry).about("map")["uri"]))[0])
    if request.page.is_dir():
        raise OutputError("is a folder.", where=request.page, hint="Name a file, such as report.html.")
    check_output_file(request.page, inputs, overwrite=request.overwrite or _is_report(request.page))
    if not request.page.parent.is_dir():
        raise output_error(request.page, FileNotFoundError(errno.ENOENT, "no such folder"))
    try_folder(request.page.parent, make=False)


def _is_report(path: Path) -> bool:
    """Whether a file is an earlier report."""
    from napari_hicstruct.workflows.report.page import GENERATOR

    with contextlib.suppress(OSError), path.open("rb") as file:
        return GENERATOR.encode() in file.read(1000)
    return False


def _write(path: Path, text: str) -> None:
    """The page, whole or not at all."""
    with writing(path), in_place_of(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
