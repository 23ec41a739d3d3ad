"""The structures that are compared: read from files, given as records, or predicted on both maps."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.records import Annotation, Status
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.compare.requests import CompareRequest

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.jobs import CancelToken, Progress
    from napari_hicstruct.workflows.compare.maps import Maps

Given = tuple[Path | Annotation, ...]


def iter_calls(
    request: CompareRequest, maps: Maps, token: CancelToken, notes: list[str]
) -> Generator[Progress, None, tuple[list[Annotation], list[Annotation]]]:
    """Structures of A and of B, on the chromosomes of the comparison and named as A names them.

    Raises
    ------
    ConfigError
        If calls of one map only are given.
    LabelError
        If a file cannot be read.
    """
    if (request.calls_a is None) != (request.calls_b is None):
        given, missing = ("A", "B") if request.calls_b is None else ("B", "A")
        hint = "Give the calls of both, or of neither: then they are predicted."
        raise ConfigError(f"calls of {given} are given, but none of {missing}.", hint=hint)
    found: list[list[Annotation]] = []
    for source, given_calls in ((maps.a[0], request.calls_a), (maps.b[0], request.calls_b)):
        if given_calls is None:
            own = yield from _iter_predicted(request, maps, source, token, notes)
        else:
            own = _read(given_calls, source, notes)
        found.append(_placed(own, maps))
    return found[0], found[1]


def _placed(records: Sequence[Annotation], maps: Maps) -> list[Annotation]:
    """Those on compared chromosomes that nobody rejected, under A's names of them."""
    matcher, wanted = NameMatcher(maps.a[0].chromsizes), set(maps.chroms)
    kept = []
    for record in records:
        name = matcher.match(record.chrom)
        if name not in wanted or record.status is Status.REJECTED:
            continue
        span = maps.span(name)
        if not (span.start <= record.span.start and record.span.end <= span.end):
            continue
        if name != record.chrom:
            first, second = (Interval(name, one.start, one.end) for one in (record.anchor1, record.anchor2))
            record = record.with_(anchor1=first, anchor2=second)
        kept.append(record)
    return kept


def _read(given: Given, source: ContactSource, notes: list[str]) -> list[Annotation]:
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.workflows.evaluate.material import label_files_of

    records = [one for one in given if isinstance(one, Annotation)]
    for path in (one for one in given if not isinstance(one, Annotation)):
        for file, kind in label_files_of(Path(path)):
            found = read_labels(file, chromsizes=source.chromsizes, kind=kind)
            records += found.records
            notes += [f"{file.name}: {note}" for note in found.notes]
            if found.unmatched:
                left = how_many(sum(found.unmatched.values()), "record")
                notes.append(f"{file.name}: {left} on chromosomes that {source.name} lacks left out.")
    return records


def _iter_predicted(
    request: CompareRequest, maps: Maps, source: ContactSource, token: CancelToken, notes: list[str]
) -> Generator[Progress, None, list[Annotation]]:
    from napari_hicstruct.workflows.models import find_model
    from napari_hicstruct.workflows.predict import iter_predict
    from napari_hicstruct.workflows.predict.request import PredictRequest

    regions, shortest = [], PredictRequest(regions=()).min_length(source)
    for chrom in maps.chroms:
        span, own = maps.span(chrom), maps.spelt(source, chrom)
        if len(span) >= shortest:
            regions.append(Interval(own, span.start, span.end))
    asked = PredictRequest(
        regions=tuple(regions),
        tasks=find_model(request.model).tasks,
        model=request.model,
        device=request.device,
        threads=request.threads,
    )
    result = yield from iter_predict(source, asked, token=token)
    notes += [f"{source.name}: {note}" for note in result.notes]
    return [one for one in result.annotations if not one.probability < request.min_probability]
