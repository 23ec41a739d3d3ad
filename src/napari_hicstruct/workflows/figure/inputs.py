"""Labels and tracks as people name them: files, projects, ``NAME=FILE``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import LabelError, RegionError
from napari_hicstruct.genome import Interval, parse_region
from napari_hicstruct.tracks.finding import around_gene, genes_named, may_be_gene
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.figure.request import LabelSet, TrackRow

PROJECT_ENDING = ".hicproj"
_MAX_NAME = 32
_NO_GENES = "To go to a gene, give a track of genes (GTF, GFF or BED12)."


def named_file(text: str) -> tuple[str, str]:
    """``NAME=FILE`` as both; a file alone has no name.  A file whose own name holds ``=`` is itself."""
    name, sign, path = text.partition("=")
    return (name.strip(), path) if sign and name.strip() and not Path(text).exists() else ("", text)


def read_sets(texts: Iterable[str], source: ContactSource) -> tuple[tuple[LabelSet, ...], list[str]]:
    """Label sets of files and projects, and notes.

    Raises
    ------
    LabelError, ProjectError
        If one cannot be read or does not fit the map.
    """
    sets: list[LabelSet] = []
    notes: list[str] = []
    for text in texts:
        name, path = named_file(text)
        if path.endswith(PROJECT_ENDING):
            sets += _project_sets(Path(path))
        else:
            found = _file_set(name, Path(path), source, notes)
            sets.append(found)
    return tuple(sets), notes


def _file_set(name: str, path: Path, source: ContactSource, notes: list[str]) -> LabelSet:
    from napari_hicstruct.annotations import read_labels

    if path.is_dir():
        raise LabelError("is a folder, not a label file.", where=path, hint="Name the files in it, one by one.")
    found = read_labels(path, chromsizes=source.chromsizes)
    if found.problems:
        notes.append(f"{path.name}: {how_many(len(found.problems), 'line')} left out, the first: {found.problems[0]}")
    if found.unmatched:
        names = ", ".join(list(found.unmatched)[:5])
        count = how_many(sum(found.unmatched.values()), "record")
        notes.append(f"{path.name}: {count} left out, the map has no {names}.")
    return LabelSet(name or _short(path.name.split(".gz")[0].rpartition(".")[0] or path.name), tuple(found.records))


def _project_sets(path: Path) -> list[LabelSet]:
    """The sets of a project that its window shows, in their colours."""
    from napari_hicstruct.annotations import Project

    with Project.open(path, read_only=True) as project:
        return [
            LabelSet(
                _short(one.name),
                tuple(project.query(set_ids=[one.id])),
                one.colour,
                Triangle(one.triangle) if one.triangle else Triangle.STORED,
            )
            for one in project.sets()
            if one.visible
        ]


def _short(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"


def region_or_gene(text: str, source: ContactSource, tracks: Iterable[TrackRow]) -> Interval:
    """A region, or a gene of the tracks with its surroundings.

    Raises
    ------
    RegionError
        If it is neither.
    """
    try:
        return parse_region(text, source.chromsizes)
    except RegionError as error:
        if not may_be_gene(text):
            raise
        known = [one.track for one in tracks if hasattr(one.track, "find")]
        found = genes_named(text, known, source.chromsizes)
        if found:
            return around_gene(found[0], source.chromsizes, source.resolutions[0])
        hint = (
            f"No gene of the tracks is called {text.strip()}." if known else f"{error.hint or ''} {_NO_GENES}".strip()
        )
        raise RegionError(error.message, where=error.where, hint=hint) from None


def open_tracks(texts: Iterable[str]) -> tuple[TrackRow, ...]:
    """Tracks of files, in this order.

    Raises
    ------
    TrackError, ConfigError
    """
    from napari_hicstruct.tracks import open_track

    return tuple(TrackRow(open_track(path, name=name)) for name, path in map(named_file, texts))
