"""What a report is made of: the results of one prediction, or of a batch, as they lie in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import HicStructError, LabelError
from napari_hicstruct.wording import how_many

RUN, BATCH = "run.json", "batch.json"
FORMAT = 1
"""Of ``batch.json``; newer ones are refused."""

FILES: dict[Kind, tuple[str, ...]] = {
    Kind.LOOP: ("loops.bedpe",),
    Kind.STRIPE: ("stripes.bedpe", "stripes.tsv"),
    Kind.TAD: ("tads.bed",),
    Kind.BOUNDARY: ("boundaries.bed",),
}
"""Label files of a result; of several names the first that exists."""

_AGAIN = "Predict this map again."
_REPAIR = "Repair it, or take it out: then every sub-folder that holds a run.json counts."


@dataclass(frozen=True, slots=True)
class Entry:
    """One map of a batch.

    Attributes
    ----------
    map : str
        As it was given.
    folder : Path or None
        Where its results lie.
    error : str
        Why it was not predicted; empty where it was.
    seconds : float or None
        That its prediction took.
    """

    map: str
    folder: Path | None
    error: str = ""
    seconds: float | None = None

    @property
    def failed(self) -> bool:
        """Whether its prediction failed."""
        return bool(self.error)


@dataclass(frozen=True, slots=True)
class Batch:
    """The maps of a folder, and by which program they were predicted."""

    entries: tuple[Entry, ...]
    program: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a prediction left.

    Attributes
    ----------
    run : mapping
        Its ``run.json``.
    calls : dict of Kind to list of Annotation
        By kind; kinds that were not called are not there.
    notes : list of str
        What is missing or was left out.
    files : list of Path
        That were read.
    """

    run: Mapping[str, Any]
    calls: dict[Kind, list[Annotation]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def about(self, part: str) -> Mapping[str, Any]:
        """``map``, ``model`` or ``parameters`` of the run; empty where it says nothing."""
        found = self.run.get(part)
        return found if isinstance(found, Mapping) else {}

    def searched(self) -> list[str]:
        """Chromosomes that were predicted; where the run does not say, those with calls."""
        norms = self.about("parameters").get("norms")
        if isinstance(norms, Mapping) and norms:
            return [str(chrom) for chrom in norms]
        return list(dict.fromkeys(record.chrom for records in self.calls.values() for record in records))


def find_batch(folder: Path) -> Batch:
    """The maps of a folder: those of its ``batch.json``, its own result, or the results in its sub-folders.

    Raises
    ------
    LabelError
        If there is no result, or ``batch.json`` is damaged or newer than this program.
    """
    if not folder.is_dir():
        what = "is a file, no folder of results." if folder.exists() else "there is no such folder."
        raise LabelError(what, where=folder, hint="Give the folder that 'hicstruct predict' wrote to (its --out).")
    if (folder / BATCH).exists():
        return _listed(folder)
    if (folder / RUN).exists():
        return Batch((Entry("", folder),))
    inner = sorted(path.parent for path in folder.glob(f"*/{RUN}"))
    if not inner:
        what = f"holds no result of 'hicstruct predict': no {RUN}, no {BATCH}, no sub-folder with a {RUN}."
        raise LabelError(what, where=folder, hint="Give the folder that 'hicstruct predict' wrote to (its --out).")
    return Batch(tuple(Entry("", path) for path in inner))


def _listed(folder: Path) -> Batch:
    """The maps that ``batch.json`` names."""
    place = folder / BATCH
    content = read_json(place, hint=_REPAIR)
    version, maps = content.get("format"), content.get("maps")
    if isinstance(version, int) and version > FORMAT:
        what = f"was written by a newer program (format {version}; this one reads {FORMAT})."
        raise LabelError(what, where=place, hint="Update napari-hicstruct.")
    if version != FORMAT or not isinstance(maps, list) or not maps:
        raise LabelError("is no list of predicted maps.", where=place, hint=_REPAIR)
    entries = tuple(_entry(folder, one, f"map {number}", place) for number, one in enumerate(maps, 1))
    return Batch(entries, str(content.get("program") or ""))


def _entry(folder: Path, one: object, number: str, place: Path) -> Entry:
    """One map of ``batch.json``."""
    if not isinstance(one, Mapping) or one.get("status") not in ("done", "failed"):
        raise LabelError(f"{number} is neither done nor failed.", where=place, hint=_REPAIR)
    name, inner, seconds = one.get("map"), one.get("folder"), one.get("seconds")
    if not isinstance(name, str) or not isinstance(inner, str | None):
        raise LabelError(f"{number} has no name, or a folder that is none.", where=place, hint=_REPAIR)
    took = float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None
    if one["status"] == "failed":
        return Entry(name, None, str(one.get("error") or "no reason is given"), took)
    path = folder / inner if inner else None
    if path is not None and not path.resolve().is_relative_to(folder.resolve()):
        raise LabelError(f"{number} names a folder outside this one ({inner}).", where=place, hint=_REPAIR)
    return Entry(name, path, "", took)


def read_json(path: Path, *, hint: str) -> Mapping[str, Any]:
    """A JSON file that holds an object.

    Raises
    ------
    LabelError
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabelError(f"cannot be read ({error.strerror or error}).", where=path, hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise LabelError("is damaged: it is no JSON.", where=path, hint=hint) from error
    if not isinstance(content, Mapping):
        raise LabelError("is damaged: it holds no object.", where=path, hint=hint)
    return content


def read_run(entry: Entry) -> Result:
    """The ``run.json`` of a map, without its calls.

    Raises
    ------
    LabelError
        If it is missing, damaged, or not of a prediction.
    """
    if entry.folder is None or not (entry.folder / RUN).exists():
        where = entry.folder or entry.map
        raise LabelError(f"there is no {RUN}, so nothing is known of this prediction.", where=where, hint=_AGAIN)
    path = entry.folder / RUN
    result = Result(read_json(path, hint=_AGAIN), files=[path])
    if not result.about("map").get("uri") or not result.about("model") or not result.about("parameters"):
        what = "names no map, model and parameters: it is of no prediction, or damaged."
        raise LabelError(what, where=path, hint=_AGAIN)
    return result


def read_result(entry: Entry) -> Result:
    """All that a prediction left; label files that cannot be read become notes.

    Raises
    ------
    LabelError
        If its ``run.json`` is missing, damaged, or not of a prediction.
    """
    result = read_run(entry)
    assert entry.folder is not None  # read_run refuses
    named = result.run.get("files")
    listed = [name for name in named if isinstance(name, str)] if isinstance(named, Sequence) else []
    for kind, names in FILES.items():
        path = next((entry.folder / name for name in names if (entry.folder / name).is_file()), None)
        if path is not None:
            _read_calls(result, kind, path)
        elif missing := [name for name in names if name in listed]:
            result.notes.append(f"{missing[0]} is missing: no {KINDS[kind].plural} are shown.")
    return result


def _read_calls(result: Result, kind: Kind, path: Path) -> None:
    """Add the calls of one file."""
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.evaluation.records import select

    if not path.stat().st_size:
        result.notes.append(f"{path.name} is empty, without even a header: no {KINDS[kind].plural} are shown.")
        return
    try:
        found = read_labels(path, kind=kind)
    except HicStructError as error:
        result.notes.append(f"{path.name} cannot be read: {error.message} No {KINDS[kind].plural} are shown.")
        return
    result.files.append(path)
    result.calls[kind] = select(found.records, kind)
    if bad := len(found.problems):
        result.notes.append(f"{path.name}: {how_many(bad, 'line')} left out, the first: {found.problems[0]}")
    if rejected := sum(record.kind is kind for record in found.records) - len(result.calls[kind]):
        result.notes.append(f"{path.name}: {how_many(rejected, KINDS[kind].singular, KINDS[kind].plural)} rejected.")
    counts = result.run.get("counts")
    expected = counts.get(kind.value) if isinstance(counts, Mapping) else None
    if isinstance(expected, int) and expected != len(result.calls[kind]) + rejected:
        n = len(result.calls[kind]) + rejected
        result.notes.append(f"{path.name} holds {n:,}, predicted were {expected:,}: it was changed since.")
