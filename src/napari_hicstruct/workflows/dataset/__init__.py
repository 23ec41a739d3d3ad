"""A map and its label files → a data set to train on: regions by split, windows listed, where labels are known."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band_pair import bins_for, iter_band_pair
from napari_hicstruct.errors import ConfigError, LabelError, OutputError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.dataset.regions import (
    COLUMNS,
    Tracks,
    label_region,
    load_tracks,
    pieces,
    snap,
    window_rows,
)
from napari_hicstruct.workflows.predict.request import check_levels

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.labels.records import Labels

SPLITS = ("train", "validation", "test")
MANIFEST, WINDOWS = "manifest.json", "windows.tsv"
_DEFAULT = {"train": range(1, 17), "validation": range(17, 19), "test": range(19, 23)}
MIN_LENGTH = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRequest:
    """What is to become a data set.

    Attributes
    ----------
    map : str
        Contact map (path or URI).
    loops, tads, stripes : tuple of Path
        Label files by what they hold.
    out : Path
        Folder to write.
    splits : dict of str to tuple of str
        Chromosomes or regions (``chr1:0-50M``) by split; empty: 1–16, 17–18, 19–22 and X.
    reviewed : Path, optional
        BED of where labels are complete; elsewhere only what is labelled is known.
    tracks : dict of str to path
        1-D tracks (bigWig) by the name that a model's ``tracks`` give them.
    weak : tuple of Kind
        Kinds whose labels are what the map itself shows; they need no file.
    resolution : int
        Coarse bin size, bp; fine bins are half of it.  0: 10 kb, or what the map has nearest to it.
    """

    map: str
    out: Path
    loops: tuple[Path, ...] = ()
    tads: tuple[Path, ...] = ()
    stripes: tuple[Path, ...] = ()
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reviewed: Path | None = None
    tracks: dict[str, str] = field(default_factory=dict)
    weak: tuple[Kind, ...] = ()
    resolution: int = 0

    @property
    def weak_heads(self) -> frozenset[str]:
        """Heads that are labelled by the map itself."""
        return frozenset(KINDS[kind].head for kind in self.weak)

    def bins(self, source: ContactSource) -> ModelConfig:
        """Which bins of a map the data set is in."""
        return bins_for(source, ModelConfig(), self.resolution)


def iter_make_dataset(
    request: DatasetRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, dict[str, Any]]:
    """Write the data set; gives its manifest.  An older data set is replaced when the new one is whole, never before.

    Raises
    ------
    MapError, LabelError, ConfigError
        If map, labels and splits do not fit together.
    OutputError
        If the folder cannot be written, or holds something else than a data set.
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.tracks.binned import check_tracks

    token = token or CancelToken()
    source = open_map(request.map)
    check_levels(source, "no data set can be made of it", request.bins(source))
    check_tracks(tuple(request.tracks), request.tracks)
    labels, files = _read_labels(request, source)
    regions = _regions(request, source)
    with _folder_of(request.out) as folder:
        rows, silent = yield from _write_regions(request, folder, source, labels, regions, token)
        _check_rows(rows, source)
        manifest = _manifest(request, source, regions, files, rows) | {"notes": _notes(files, silent)}
        _write_text(folder, manifest, rows)
    return manifest


def _write_regions(
    request: DatasetRequest,
    folder: Path,
    source: ContactSource,
    labels: Labels,
    regions: list[tuple[str, Interval]],
    token: CancelToken,
) -> Generator[Progress, None, tuple[list[tuple[Any, ...]], list[str]]]:
    """Rows of the window list, and the chromosomes in which no label lies."""
    from napari_hicstruct.training.dataset import save_region

    clock = Clock()
    bin_size = request.bins(source).coarse_resolution
    parts = [(split, part) for split, region in regions for part in pieces(region, bin_size)]
    rows: list[tuple[Any, ...]] = []
    silent: set[str] = set()
    bands: dict[str, tuple[Band | None, Band]] = {}
    tracks: Tracks = {}
    for done, (split, part) in enumerate(parts):
        token.check()
        yield clock.step("write regions", done, len(parts), message=str(part))
        if part.chrom not in bands:
            bands = {part.chrom: drain(iter_band_pair(source, part.chrom, request.bins(source), token=token))}
            tracks = load_tracks(bands[part.chrom], request.tracks, source.chromsizes[part.chrom])
        made = label_region(bands[part.chrom], labels, part, tracks, request.weak_heads)
        if not made.heads:
            silent.add(part.chrom)
            continue
        name = f"{split}/{part.chrom}_{part.start}-{part.end}.zarr"
        save_region(made, folder / name)
        rows += [(split, name, *row) for row in window_rows(made)]
    return rows, sorted(silent)


@contextlib.contextmanager
def _folder_of(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of ``out`` when all is written; until then an older data set stays whole.

    What is no data set is never replaced.
    """
    out = out.resolve()  # a link to a folder, or ".", has no name beside which something could be written
    with writing(out, what="the data set could not be written"):
        if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not _is_ours(out))):
            raise OutputError("holds something else than a data set.", where=out, hint="Give a new or an empty folder.")
        with in_place_of(out) as folder:
            folder.mkdir()
            yield folder


def _is_ours(out: Path) -> bool:
    return {path.name for path in out.iterdir()} <= {MANIFEST, WINDOWS, *SPLITS}


def _read_labels(request: DatasetRequest, source: ContactSource) -> tuple[Labels, list[dict[str, Any]]]:
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.labels.records import Labels

    records, files, kinds = [], [], set()
    for kind, paths in ((Kind.LOOP, request.loops), (Kind.TAD, request.tads), (Kind.STRIPE, request.stripes)):
        for path in paths:
            found = read_labels(path, chromsizes=source.chromsizes, kind=kind)
            _check_labels(path, found.records)
            records += found.records
            kinds |= {record.kind for record in found.records}
            problems = [f"line {p.line}: {p.reason}" for p in found.problems]
            files.append(
                {
                    "file": path.name,
                    "records": len(found.records),
                    "problems": problems,
                    "not_on_the_map": dict(found.unmatched),
                }
            )
    _check_kinds(kinds, request.weak)
    if not records and not request.weak:
        hint = "Give at least one of --loops, --tads and --stripes, or --weak."
        raise LabelError("there are no labels.", hint=hint)
    return Labels(tuple(records), frozenset(kinds), _reviewed(request.reviewed, source)), files


def _check_kinds(given: set[Kind], weak: Sequence[Kind]) -> None:
    """A kind of label comes from files or from the map, not from both: nobody could tell which is right."""
    heads = {KINDS[kind].head: kind for kind in given}
    if both := next((kind for kind in weak if KINDS[kind].head in heads), None):
        hint = f"Leave {both} out of --weak, or leave its file out."
        raise ConfigError(f"--weak names {both}, for which there is a file too.", hint=hint)


def _check_labels(path: Path, records: Sequence[Any]) -> None:
    if not records:  # the reader itself refuses labels of another genome
        hint = "Leave it out, or choose another file."
        raise LabelError("holds no labels, only its header.", where=path, hint=hint)


def _reviewed(path: Path | None, source: ContactSource) -> tuple[Interval, ...] | None:
    if path is None:
        return None
    from napari_hicstruct.annotations import read_labels

    found = read_labels(path, chromsizes=source.chromsizes, kind=Kind.TAD)
    _check_labels(path, found.records)
    return tuple(record.anchor1 for record in found.records)


def _regions(request: DatasetRequest, source: ContactSource) -> list[tuple[str, Interval]]:
    """Split and region, in the order of the splits; regions of different splits never overlap."""
    from napari_hicstruct.genome import parse_region

    chosen: list[tuple[str, Interval]] = []
    for split in SPLITS:
        if request.splits:
            wanted = [parse_region(text, source.chromsizes) for text in request.splits.get(split, ())]
        else:
            wanted = [Interval(c, 0, n) for c, n in source.chromsizes.items() if _default_split(c) == split]
        bin_size = request.bins(source).coarse_resolution
        wanted = [snap(region, source.chromsizes[region.chrom], bin_size) for region in wanted]
        chosen += [(split, region) for region in wanted if len(region) >= MIN_LENGTH]
    if not any(split == "train" for split, _ in chosen):
        have = ", ".join(list(source.chromsizes)[:4])
        raise ConfigError(
            "no chromosome of 1 Mb or more is left for training.",
            where=source.uri,
            hint=f"Give --train and --validation; this map has {have}. Regions (chr1:0-20M) will do.",
        )
    for k, (split, a) in enumerate(chosen):
        for other, b in chosen[:k]:
            if a.chrom == b.chrom and a.start < b.end and b.start < a.end:
                raise ConfigError(f"{a} ({split}) and {b} ({other}) overlap.", hint="Give regions that do not.")
    return chosen


def _default_split(chrom: str) -> str:
    name = chrom.lower().removeprefix("chr")
    if name == "x":
        return "test"
    return next((split for split, names in _DEFAULT.items() if name.isdigit() and int(name) in names), "")


def _notes(files: list[dict[str, Any]], silent: list[str]) -> list[str]:
    """What a person should know: labels that lie nowhere on the map, chromosomes without labels."""
    said = []
    for entry in files:
        for name, count in entry["not_on_the_map"].items():
            said.append(
                f"{entry['file']}: {how_many(count, 'label')} on {name}, which the map lacks. Is it the same genome?"
            )
        if entry["problems"]:
            lines = how_many(len(entry["problems"]), "line")
            said.append(f"{entry['file']}: {lines} left out; the first: {entry['problems'][0]}.")
    if silent:
        said.append(f"Left out, as no label lies there: {', '.join(silent)}. --reviewed says that this is a finding.")
    return said


def _check_rows(rows: list[tuple[Any, ...]], source: ContactSource) -> None:
    if not sum(_positives(rows, "train").values()):
        hint = "Give --train chromosomes or regions that the label files name."
        raise LabelError("no label lies in what is for training.", where=source.uri, hint=hint)


def _manifest(
    request: DatasetRequest,
    source: ContactSource,
    regions: list[tuple[str, Interval]],
    files: list[dict[str, Any]],
    rows: list[tuple[Any, ...]],
) -> dict[str, Any]:
    return {
        "made_with": f"napari-hicstruct {__version__}",
        "map": {"uri": source.uri, "fingerprint": source.fingerprint(), "assembly": source.assembly},
        "labels": files,
        "weak": [str(kind) for kind in request.weak],
        "bin_size": request.bins(source).coarse_resolution,
        "tracks": {name: Path(path).name for name, path in request.tracks.items()},
        "splits": {split: [str(region) for own, region in regions if own == split] for split in SPLITS},
        "windows": {split: sum(row[0] == split for row in rows) for split in SPLITS},
        "labelled": {split: _positives(rows, split) for split in SPLITS},
    }


def _positives(rows: list[tuple[Any, ...]], split: str) -> dict[str, int]:
    """Loops, stripes and boundaries at the coarse bin size: windows' centres lie side by side, so each counts once."""
    at = COLUMNS.index("resolution")
    coarse = max((row[at] for row in rows), default=0)
    mine = [row for row in rows if row[0] == split and row[at] == coarse]
    return {name: sum(row[COLUMNS.index(name)] for row in mine) for name in ("loops", "stripes", "boundaries")}


def _write_text(out: Path, manifest: dict[str, Any], rows: list[tuple[Any, ...]]) -> None:
    lines = ["\t".join(COLUMNS), *("\t".join(map(str, row)) for row in rows)]
    (out / WINDOWS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def make_dataset(request: DatasetRequest) -> dict[str, Any]:
    """:func:`iter_make_dataset` run to its end."""
    return drain(iter_make_dataset(request))
