"""What becomes of many maps: a folder for each, and ``batch.json``, which says what is done and what failed."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.wording import how_many

FORMAT = 1
FILE = "batch.json"
"""What a folder of many results says of itself."""


@dataclass(frozen=True, slots=True)
class MapOutcome:
    """What the work on one map has left.

    Attributes
    ----------
    files : tuple of Path
    notes : tuple of str
        For people.
    summary : mapping
        Its figures, of JSON's own types.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapJob:
    """The work on one map of many.

    Attributes
    ----------
    map : str
        As it was given.
    name : str
        Of its result, in the batch's folder.
    run : callable
        Gives the generator that does it; for workers it must pickle.
    inputs : tuple of str or Path
        Files and folders that it reads.
    settings : object
        What the result depends on besides; its ``repr`` counts.
    """

    map: str
    name: str
    run: Callable[[CancelToken], Generator[Progress, None, MapOutcome]]
    inputs: tuple[str | Path, ...] = ()
    settings: object = None

    def key(self, program: str) -> str:
        """The same while program, settings and input files are the same."""
        files = [(str(path), _states(Path(path))) for path in self.inputs]
        return hashlib.sha256(repr((program, self.name, self.settings, files)).encode()).hexdigest()[:32]


def _states(path: Path) -> list[tuple[str, int, int]]:
    """Size and time of a file, or of those in a folder; empty if there is nothing."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return [(file.name, (about := file.stat()).st_size, about.st_mtime_ns) for file in files]
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class MapResult:
    """What became of one map of a batch.

    Attributes
    ----------
    map : str
        As it was given.
    folder : str or None
        Of its result, in the batch's folder; None where there is none.
    status : str
        ``done`` or ``failed``.
    error : str or None
        Why it failed, in one line.
    seconds : float
    files : tuple of str
        As seen from the batch's folder.
    notes : tuple of str
    summary : mapping
    key : str
        By which a later run knows whether it would do the same.
    """

    map: str
    folder: str | None
    status: str
    error: str | None
    seconds: float
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


def folders_of(maps: Sequence[str]) -> list[str]:
    """A folder's name for each map: its file's stem (and group), numbered where two are alike."""
    names = []
    for uri in maps:
        path, group = split_uri(uri)
        stem = Path(path).name.removesuffix(Path(path).suffix)
        names.append(stem if not group else f"{stem}_{group.strip('/').replace('/', '_')}")
    many, seen = {name for name, n in Counter(names).items() if n > 1}, Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}_{seen[name]}" if name in many else name)
    return found


class BatchRecord:
    """What became of the maps so far; ``batch.json`` is written anew as each ends.

    Parameters
    ----------
    out : Path
    jobs : sequence of MapJob
    program : str
        Name and version.
    resume : bool
        Take what an earlier run has done of the same, where its files are still there.
    """

    def __init__(self, out: Path, jobs: Sequence[MapJob], program: str, *, resume: bool) -> None:
        self._out, self._jobs, self._program = out, jobs, program
        self._keys = [job.key(program) for job in jobs]
        former = {one.key: one for one in read_batch(out) if one.status == "done"} if resume else {}
        self._found = {k: former[key] for k, key in enumerate(self._keys) if key in former and self._whole(former[key])}

    def _whole(self, one: MapResult) -> bool:
        return bool(one.files) and all((self._out / file).exists() for file in one.files)

    @property
    def left(self) -> list[int]:
        """Numbers of the jobs that have not ended."""
        return [k for k in range(len(self._jobs)) if k not in self._found]

    @property
    def results(self) -> list[MapResult]:
        """Of the jobs that have ended, in their order."""
        return [self._found[k] for k in sorted(self._found)]

    def end(self, number: int, ended: MapOutcome | str, seconds: float) -> None:
        """A job has ended: with its outcome, or with the reason why it failed.

        Raises
        ------
        OutputError
            If ``batch.json`` cannot be written.
        """
        job, key = self._jobs[number], self._keys[number]
        if isinstance(ended, str):
            self._found[number] = MapResult(job.map, None, "failed", one_line(ended), round(seconds, 1), key=key)
        else:
            folder = job.name if (self._out / job.name).is_dir() else None
            files = tuple(os.path.relpath(file, self._out) for file in ended.files)
            rest = (files, ended.notes, ended.summary, key)
            self._found[number] = MapResult(job.map, folder, "done", None, round(seconds, 1), *rest)
        self.write()

    def write(self) -> None:
        """Write ``batch.json``.

        Raises
        ------
        OutputError
        """
        text = {"format": FORMAT, "program": self._program, "maps": [asdict(one) for one in self.results]}
        with writing(self._out / FILE), in_place_of(self._out / FILE) as file:
            file.write_text(json.dumps(text, indent=1), encoding="utf-8")


def one_line(text: str) -> str:
    """``text`` without line breaks."""
    return " ".join(text.split())


def read_batch(out: Path) -> list[MapResult]:
    """What ``batch.json`` of a folder says; nothing where there is none that this version reads."""
    try:
        about = json.loads((out / FILE).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            return []
        listed = [{name: tuple(one.get(name, ())) for name in ("files", "notes")} for one in about["maps"]]
        return [MapResult(**{**one, **lists}) for one, lists in zip(about["maps"], listed, strict=True)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def said_of(found: Iterable[MapResult]) -> str:
    """``17 results, 3 maps failed``, for people."""
    status = Counter(one.status for one in found)
    text = how_many(status["done"], "result")
    return f"{text}, {how_many(status['failed'], 'map')} failed" if status["failed"] else text
