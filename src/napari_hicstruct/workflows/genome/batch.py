"""Many maps, one after another: what fails is named, the rest goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from napari_hicstruct.config.files import in_place_of, output_error
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import Clock, Progress
from napari_hicstruct.wording import how_many

FORMAT = 1
FILE = "batch.json"
"""What a folder of many results says of itself."""


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
    """

    map: str
    folder: str | None
    status: str
    error: str | None
    seconds: float


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


def iter_batch(
    maps: Sequence[str],
    out: Path,
    iter_one: Callable[[str, Path], Generator[Progress, None, object]],
    *,
    program: str,
) -> Generator[Progress, None, list[MapResult]]:
    """Run ``iter_one(map, folder)`` for each map; ``batch.json`` is written as each ends.

    Raises
    ------
    OutputError
        If ``out`` cannot be written.
    Cancelled
    """
    clock, found = Clock(), list[MapResult]()
    for k, (uri, name) in enumerate(zip(maps, folders_of(maps), strict=True)):
        one = Clock()
        try:
            yield from _iter_named(iter_one(uri, out / name), clock, name, (k, len(maps)))
            found.append(MapResult(uri, name, "done", None, round(one.step("", 0, 0).elapsed, 1)))
        except Cancelled:
            raise
        except HicStructError as error:
            found.append(MapResult(uri, None, "failed", str(error), round(one.step("", 0, 0).elapsed, 1)))
            yield clock.step(name, k + 1, len(maps), f"{uri} failed: {error}", notice=True)
        _write(out, program, found)
    return found


def _iter_named(
    job: Generator[Progress, None, object], clock: Clock, name: str, place: tuple[int, int]
) -> Generator[Progress, None, None]:
    """Steps of the work on one of many maps, as those of the whole."""
    try:
        for step in job:
            text = f"{name} · {step.stage}"
            yield clock.step(text, place[0] + step.fraction, place[1], step.message, notice=step.notice)
    finally:
        job.close()


def _write(out: Path, program: str, found: Sequence[MapResult]) -> None:
    text = {"format": FORMAT, "program": program, "maps": [asdict(one) for one in found]}
    try:
        with in_place_of(out / FILE) as file:
            file.write_text(json.dumps(text, indent=1), encoding="utf-8")
    except OSError as error:
        raise output_error(out / FILE, error) from error


def said_of(found: Sequence[MapResult]) -> str:
    """``17 results, 3 maps failed``, for people."""
    failed = [one for one in found if one.status == "failed"]
    text = how_many(len(found) - len(failed), "result")
    return f"{text}, {how_many(len(failed), 'map')} failed" if failed else text
