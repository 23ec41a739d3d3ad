"""HiGlass: a view configuration, the tilesets of all labels, and how a server or a notebook takes them."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.outlines import box_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.annotations.writers.browsers import AUTOSQL, interact_rows
from napari_hicstruct.config.files import check_output_file, in_place_of, output_error, write_text, writing
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import LabelError
from napari_hicstruct.evaluation.records import rank_score
from napari_hicstruct.genome import Interval, NameMatcher, display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.figure.request import LabelSet

TILE, MAX_PER_TILE = 1024, 100
"""Side of a tile at the largest zoom, bp; and what is shown in one before one zooms in."""

VIEW, SIZES, INGEST, NOTEBOOK, MAP_UID = "viewconf.json", "chromsizes.tsv", "ingest.sh", "view.py", "map"
_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HiglassRequest:
    """What is written for HiGlass.

    Attributes
    ----------
    out : Path
        Folder.
    sets : tuple of LabelSet
    region : Interval, optional
        What is shown first; None: where the labels are.
    ucsc : bool
        Also write a bigInteract of the loops and stripes of each set, for the UCSC Genome Browser.
    overwrite : bool
    """

    out: Path
    sets: tuple[LabelSet, ...]
    region: Interval | None = None
    ucsc: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Tileset:
    """One file of rectangles.

    Attributes
    ----------
    uid : str
        In the view configuration, and stem of the file.
    name : str
    kind : Kind
    colour : str
    records : tuple of Annotation
    """

    uid: str
    name: str
    kind: Kind
    colour: str
    records: tuple[Annotation, ...]


def iter_higlass(
    source: ContactSource, request: HiglassRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, tuple[list[Path], list[str]]]:
    """Write the folder; gives the files, and notes.

    Raises
    ------
    LabelError
        If there is nothing to show.
    OutputError
    """
    clock, token, notes = Clock(), token or CancelToken(), list[str]()
    tilesets = _tilesets(source, request.sets, notes)
    if not tilesets:
        hint = "Name label files, or a project with accepted or proposed objects."
        raise LabelError("there is nothing to show on this map.", where=source.uri, hint=hint)
    files = [request.out / f"{one.uid}.bed2ddb" for one in tilesets]
    bigs = [request.out / f"{one.uid}.bb" for one in tilesets if request.ucsc and _paired(one)]
    others = [request.out / name for name in (SIZES, INGEST, NOTEBOOK, VIEW)]
    for path in (*files, *bigs, *others):
        check_output_file(path, overwrite=request.overwrite)
    for done, (one, path) in enumerate(zip(tilesets, files, strict=True)):
        token.check()
        yield clock.step("write", done, len(tilesets), one.name)
        write_tileset(one.records, path, source.chromsizes, assembly=source.assembly)
    for one in tilesets if request.ucsc else ():
        if _paired(one):
            write_biginteract(one.records, request.out / f"{one.uid}.bb", source.chromsizes)
    place = request.region or _home(tilesets, source.chromsizes)
    write_text(others[0], "".join(f"{name}\t{size}\n" for name, size in source.chromsizes.items()))
    write_text(others[1], _ingest(source, tilesets))
    write_text(others[2], _notebook(source, tilesets))
    write_text(others[3], json.dumps(view_of(source, tilesets, place), indent=2) + "\n")
    if not split_uri(source.uri)[0].lower().endswith(".mcool"):
        notes.append("HiGlass reads .mcool: make one of this map by cooler zoomify --balance (of .hic: hictk convert).")
    return [*files, *bigs, *others], notes


def _paired(one: Tileset) -> bool:
    return one.kind in (Kind.LOOP, Kind.STRIPE)


def _tilesets(source: ContactSource, sets: Sequence[LabelSet], notes: list[str]) -> list[Tileset]:
    """One for each kind of each set, of what was not rejected and lies on the map."""
    names, found, lost = NameMatcher(source.chromsizes), list[Tileset](), 0
    for number, one in enumerate(sets, 1):
        by_kind: dict[Kind, list[Annotation]] = {}
        for record in one.records:
            chrom = names.match(record.chrom)
            if record.status is Status.REJECTED:
                continue
            if chrom is None or record.span.end > source.chromsizes[chrom]:
                lost += 1
                continue
            ends = (Interval(chrom, part.start, part.end) for part in (record.anchor1, record.anchor2))
            first, second = ends
            by_kind.setdefault(record.kind, []).append(record.with_(anchor1=first, anchor2=second))
        for kind, own in by_kind.items():
            info = KINDS[kind]
            uid = f"{info.stem}-{number}"
            found.append(Tileset(uid, one.name or info.plural, kind, one.colour or info.colour, tuple(own)))
    if lost:
        notes.append(f"{how_many(lost, 'record')} beyond the map's chromosomes left out.")
    return found


# ---------------------------------------------------------------------- tilesets
def write_tileset(
    records: Sequence[Annotation], path: Path, chromsizes: Mapping[str, int], *, assembly: str = ""
) -> Path:
    """Rectangles as HiGlass' server and higlass-python read them (``bed2ddb``: SQLite with an index of places).

    The strongest are seen from afar, the others as one zooms in.  Rows are first anchors, columns second ones.

    Raises
    ------
    OutputError
    """
    offsets, total = _offsets(chromsizes)
    max_zoom = max(0, (-(-total // TILE) - 1).bit_length())
    try:
        with in_place_of(path) as temporary:
            database = sqlite3.connect(temporary)
            try:
                _make_tables(database)
                about = (
                    1,
                    total,
                    assembly or "unknown",
                    "\t".join(chromsizes),
                    "\t".join(map(str, chromsizes.values())),
                )
                sizes = (TILE, max_zoom, TILE * 2**max_zoom, "", _VERSION)
                database.execute("INSERT INTO tileset_info VALUES (?,?,?,?,?,?,?,?,?,?)", (*about, *sizes))
                for row, place in _rows(records, offsets, max_zoom):
                    database.execute("INSERT INTO intervals VALUES (?,?,?,?,?,?,?,?,?,?)", row)
                    database.execute("INSERT INTO position_index VALUES (?,?,?,?,?)", place)
                database.commit()
            finally:
                database.close()
    except (OSError, sqlite3.Error) as error:
        raise output_error(path, error) from error
    return path


def _make_tables(database: sqlite3.Connection) -> None:
    database.execute(
        "CREATE TABLE tileset_info (zoom_step INT, max_length INT, assembly text, chrom_names text, chrom_sizes text,"
        " tile_size REAL, max_zoom INT, max_width REAL, header text, version text)"
    )
    database.execute(
        "CREATE TABLE intervals (id int PRIMARY KEY, zoomLevel int, importance real, fromX int, toX int, fromY int,"
        " toY int, chrOffset int, uid text, fields text)"
    )
    database.execute("CREATE VIRTUAL TABLE position_index USING rtree(id, rFromX, rToX, rFromY, rToY)")


def _offsets(chromsizes: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Where each chromosome begins on HiGlass' one axis, and how long that is."""
    found, at = {}, 0
    for name, size in chromsizes.items():
        found[name] = at
        at += size
    return found, at


def _rows(
    records: Sequence[Annotation], offsets: Mapping[str, int], max_zoom: int
) -> Iterator[tuple[tuple[Any, ...], tuple[int, ...]]]:
    """Rows of both tables, the strongest first, each at the first zoom at which its tiles have room."""
    filled: Counter[tuple[int, int, int]] = Counter()
    ranked = sorted(records, key=lambda one: -_importance(one))
    for number, record in enumerate(ranked):
        box, offset = _box(record), offsets[record.chrom]
        place = tuple(side + offset for side in box)
        zoom = _zoom(place, filled, max_zoom)
        fields = "\t".join(map(str, _fields(record)))
        row = (number, zoom, _importance(record), *place, offset, record.uid, fields)
        yield row, (number, *place)


def _box(record: Annotation) -> tuple[int, int, int, int]:
    """Columns and rows, bp: start and end along x, start and end along y."""
    from napari_hicstruct.annotations.outlines import Triangle

    box = box_of(record, Triangle.STORED)
    return int(box.left), int(box.right), int(box.top), int(box.bottom)


def _importance(record: Annotation) -> float:
    score = rank_score(record)
    return score if score == score else 1.0


def _fields(record: Annotation) -> tuple[Any, ...]:
    first, second = record.anchor1, record.anchor2
    ends = (first.chrom, first.start, first.end, second.chrom, second.start, second.end)
    return (*ends, record.name or record.kind.value, f"{_importance(record):.6g}", record.status.value)


def _zoom(place: Sequence[int], filled: Counter[tuple[int, int, int]], max_zoom: int) -> int:
    for zoom in range(max_zoom + 1):
        width = TILE * 2 ** (max_zoom - zoom)
        left, right, top, bottom = (side // width for side in place)
        tiles = [(zoom, i, j) for i, j in product(range(left, right + 1), range(top, bottom + 1))]
        if len(tiles) > MAX_PER_TILE or all(filled[tile] < MAX_PER_TILE for tile in tiles):
            filled.update(tiles)
            return zoom
    return max_zoom


# ---------------------------------------------------------------------- view, server, notebook, UCSC
def _home(tilesets: Sequence[Tileset], chromsizes: Mapping[str, int]) -> Interval:
    """2 Mb around the strongest object."""
    best = max((record for one in tilesets for record in one.records), key=_importance)
    middle = int(best.span.center)
    return Interval(best.chrom, max(0, middle - 1_000_000), middle + 1_000_000).clamp(chromsizes[best.chrom])


def view_of(source: ContactSource, tilesets: Sequence[Tileset], place: Interval) -> dict[str, Any]:
    """HiGlass' view configuration: the map, and each tileset as outlined rectangles on it."""
    offset = _offsets(source.chromsizes)[0][place.chrom]
    domain = [place.start + offset, place.end + offset]
    marks = [_mark(one) for one in tilesets]
    centre = {"uid": "center", "type": "combined", "contents": [_heatmap(source), *marks]}
    view = {
        "uid": "hicstruct",
        "initialXDomain": domain,
        "initialYDomain": domain,
        "tracks": {name: [centre] if name == "center" else [] for name in _PLACES},
        "layout": {"w": 12, "h": 12, "x": 0, "y": 0},
        "genomePositionSearchBoxVisible": False,
    }
    locks: dict[str, Any] = {
        name: {"locksByViewUid": {}, "locksDict": {}} for name in ("zoomLocks", "locationLocks", "valueScaleLocks")
    }
    return {
        "editable": True,
        "zoomFixed": False,
        "trackSourceServers": ["/api/v1"],
        "exportViewUrl": "/api/v1/viewconfs",
        "views": [view],
        **locks,
    }


def _heatmap(source: ContactSource) -> dict[str, Any]:
    """The map's own track."""
    options = {
        "name": source.name,
        "colorRange": ["white", "rgba(245,166,35,1.0)", "rgba(208,2,27,1.0)", "black"],
        "colorbarPosition": "topRight",
        "heatmapValueScaling": "log",
        "showTooltip": True,
    }
    return {"uid": "heatmap", "type": "heatmap", "server": "/api/v1", "tilesetUid": MAP_UID, "options": options}


def _mark(one: Tileset) -> dict[str, Any]:
    """The track of one tileset: outlines, of loops and boundaries never too small to be seen."""
    options = {
        "name": f"{one.name}: {KINDS[one.kind].plural}",
        "rectangleDomainFillColor": one.colour,
        "rectangleDomainFillOpacity": 0.0,
        "rectangleDomainStrokeColor": one.colour,
        "rectangleDomainOpacity": 1.0,
        "minSquareSize": "8" if one.kind in (Kind.LOOP, Kind.BOUNDARY) else "none",
    }
    kind = "2d-rectangle-domains"
    return {"uid": one.uid, "type": kind, "server": "/api/v1", "tilesetUid": one.uid, "options": options}


_PLACES = ("top", "left", "center", "right", "bottom", "whole", "gallery")


def _ingest(source: ContactSource, tilesets: Sequence[Tileset]) -> str:
    """A script that gives everything to a local HiGlass (higlass-manage)."""
    path = split_uri(source.uri)[0]
    assembly = f" --assembly {source.assembly}" if source.assembly else ""
    lines = [
        "#!/usr/bin/env bash",
        "# Give the map and its labels to a local HiGlass: pip install higlass-manage, higlass-manage start.",
        "set -euo pipefail",
        'cd "$(dirname "$0")"',
        f"higlass-manage ingest --filetype cooler --datatype matrix --uid {MAP_UID}{assembly} '{path}'",
        f"higlass-manage ingest --filetype chromsizes-tsv --datatype chromsizes{assembly} {SIZES}",
    ]
    lines += [
        f"higlass-manage ingest --filetype bed2ddb --datatype 2d-rectangle-domains --uid {one.uid}{assembly}"
        f" {one.uid}.bed2ddb"
        for one in tilesets
    ]
    lines.append(f"echo 'Now drop {VIEW} onto the page, or load it by View → Import.'")
    return "\n".join(lines) + "\n"


def _notebook(source: ContactSource, tilesets: Sequence[Tileset]) -> str:
    """A cell for Jupyter: higlass-python reads the files where they lie."""
    path = split_uri(source.uri)[0]
    marks = "\n".join(f'    "{one.uid}": "{one.colour}",  # {one.name}: {KINDS[one.kind].plural}' for one in tilesets)
    return f'''"""The map and its labels in Jupyter, by higlass-python: ``%run view.py``, then ``view``."""

import json
from pathlib import Path

import higlass as hg

folder = Path(__file__).parent
config = json.loads((folder / "{VIEW}").read_text())
colours = {{
{marks}
}}
tracks = [hg.cooler({path!r}).track("heatmap")]
for name, colour in colours.items():
    mark = hg.bed2ddb(folder / f"{{name}}.bed2ddb").track("2d-rectangle-domains")
    tracks.append(mark.opts(rectangleDomainStrokeColor=colour, rectangleDomainFillOpacity=0.0))
view = hg.view((hg.combine(*tracks), "center"), width=12).domain(
    x=config["views"][0]["initialXDomain"], y=config["views"][0]["initialYDomain"]
)
'''


def write_biginteract(records: Sequence[Annotation], path: Path, chromsizes: Mapping[str, int]) -> Path:
    """UCSC bigInteract: arcs between the anchors of loops and stripes, in an indexed file.

    Raises
    ------
    OutputError
    """
    import pybigtools

    sizes = {display_name(name): size for name, size in chromsizes.items()}
    rows = [tuple(map(str, row)) for row in interact_rows(records)]
    values = [(row[0], int(row[1]), int(row[2]), "\t".join(row[3:])) for row in rows]
    with writing(path), in_place_of(path) as temporary:
        pybigtools.open(str(temporary), "w").write(sizes, sorted(values), autosql=AUTOSQL)
    return path
