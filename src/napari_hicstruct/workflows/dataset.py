"""A map and its label files → a data set to train on: regions by split, windows listed, ignore masks kept."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct import __version__
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.labels.records import Labels
    from napari_hicstruct.training.dataset import Region

SPLITS = ("train", "validation", "test")
MANIFEST, WINDOWS = "manifest.json", "windows.tsv"
_HEADS = {Kind.LOOP: "point", Kind.STRIPE: "mask", Kind.TAD: "boundary", Kind.BOUNDARY: "boundary"}
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
    """

    map: str
    out: Path
    loops: tuple[Path, ...] = ()
    tads: tuple[Path, ...] = ()
    stripes: tuple[Path, ...] = ()
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reviewed: Path | None = None


def iter_make_dataset(
    request: DatasetRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, dict[str, Any]]:
    """Write the data set; gives its manifest.

    Raises
    ------
    MapError, LabelError, ConfigError
        Before anything is written, if map, labels and splits do not fit together.
    OutputError
        If the folder cannot be written.
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.training.dataset import save_region

    token, clock = token or CancelToken(), Clock()
    source = open_map(request.map)
    labels, files = _read_labels(request, source)
    regions = _regions(request, source)
    rows: list[tuple[Any, ...]] = []
    bands: dict[str, tuple[Band | None, Band]] = {}
    for done, (split, region) in enumerate(regions):
        token.check()
        yield clock.step("write regions", done, len(regions), message=str(region))
        if region.chrom not in bands:
            bands = {region.chrom: _bands(source, region.chrom, token)}
        made = _region(bands[region.chrom], labels, region)
        name = f"{split}/{region.chrom}_{region.start}-{region.end}.zarr"
        save_region(made, request.out / name)
        rows += _windows(split, name, made)
    manifest = _manifest(request, source, regions, files, rows)
    _write_text(request.out, manifest, rows)
    return manifest


def _read_labels(request: DatasetRequest, source: ContactSource) -> tuple[Labels, list[dict[str, Any]]]:
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.labels.records import Labels

    records, files, kinds = [], [], set()
    for kind, paths in ((Kind.LOOP, request.loops), (Kind.TAD, request.tads), (Kind.STRIPE, request.stripes)):
        for path in paths:
            found = read_labels(path, chromsizes=source.chromsizes, kind=kind)
            _check_fits(path, found.records, found.unmatched)
            records += found.records
            kinds |= {record.kind for record in found.records}
            problems = [f"line {p.line}: {p.reason}" for p in found.problems]
            files.append({"file": path.name, "records": len(found.records), "problems": problems})
    if not records:
        raise LabelError("there are no labels.", mend="Give at least one of --loops, --tads and --stripes.")
    return Labels(tuple(records), frozenset(kinds), _reviewed(request.reviewed, source)), files


def _check_fits(path: Path, records: Sequence[Any], unmatched: dict[str, int]) -> None:
    if not records:
        lost = f"; it names {', '.join(list(unmatched)[:3])}" if unmatched else ""
        raise LabelError(f"holds no label on this map's chromosomes{lost}.", where=path, mend="Is it the same genome?")


def _reviewed(path: Path | None, source: ContactSource) -> tuple[Interval, ...] | None:
    if path is None:
        return None
    from napari_hicstruct.annotations import read_labels

    found = read_labels(path, chromsizes=source.chromsizes, kind=Kind.TAD)
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
        chosen += [(split, region) for region in wanted if len(region) >= MIN_LENGTH]
    if not any(split == "train" for split, _ in chosen):
        have = ", ".join(list(source.chromsizes)[:4])
        raise ConfigError(
            "no chromosome of 1 Mb or more is left for training.",
            where=source.uri,
            mend=f"Give --train and --validation; this map has {have}. Regions (chr1:0-20M) will do.",
        )
    for k, (split, a) in enumerate(chosen):
        for other, b in chosen[:k]:
            if a.chrom == b.chrom and a.start < b.end and b.start < a.end:
                raise ConfigError(f"{a} ({split}) and {b} ({other}) overlap.", mend="Give regions that do not.")
    return chosen


def _default_split(chrom: str) -> str:
    name = chrom.lower().removeprefix("chr")
    if name == "x":
        return "test"
    return next((split for split, names in _DEFAULT.items() if name.isdigit() and int(name) in names), "")


def _bands(source: ContactSource, chrom: str, token: CancelToken) -> tuple[Band | None, Band]:
    from napari_hicstruct.workflows.predict import PredictRequest, _iter_bands

    request = PredictRequest(regions=(Interval(chrom, 0, source.chromsizes[chrom]),))
    return drain(_iter_bands(source, chrom, request, ModelConfig(), token, Clock()))


def _region(bands: tuple[Band | None, Band], labels: Labels, region: Interval) -> Region:
    from napari_hicstruct.labels.records import reviewed_bins, truth_of
    from napari_hicstruct.training.dataset import Region

    coarse = _cut(bands[1], region)
    fine = _cut(bands[0], region) if bands[0] is not None else _empty(coarse)
    parts: list[Any] = []
    for band in (fine, coarse):
        truth = truth_of(labels.records, region.chrom, band.resolution)
        shift = region.start // band.resolution
        parts.append(
            (_shifted(truth, shift, band.n_bins), reviewed_bins(labels, region, band.resolution)[: band.n_bins])
        )
    heads = frozenset(_HEADS[kind] for kind in labels.kinds)
    return Region(fine, coarse, parts[0][0], parts[1][0], parts[0][1], parts[1][1], heads)


def _cut(band: Band, region: Interval) -> Band:
    from napari_hicstruct.contacts.band import Band

    first, last = region.start // band.resolution, -(-region.end // band.resolution)
    counts = band.counts[:, first:last].copy()
    n = counts.shape[1]
    for d in range(len(counts)):
        counts[d, max(0, n - d) :] = 0
    return Band(band.chrom, band.resolution, first, counts, band.weights[first:last], band.expected)


def _empty(coarse: Band) -> Band:
    """Fine bins of a map that has none: no contacts, every bin bad."""
    from napari_hicstruct.contacts.band import Band

    shape = (2 * coarse.n_diagonals, 2 * coarse.n_bins)
    bad = np.full(shape[1], np.nan, np.float32)
    resolution, first = coarse.resolution // 2, 2 * coarse.first_bin
    return Band(coarse.chrom, resolution, first, np.zeros(shape, np.float32), bad, np.zeros(shape[0], np.float32))


def _shifted(truth: Any, shift: int, n: int) -> Any:
    """Truth in bins from the region's start; what lies outside is left out."""
    from napari_hicstruct.labels.truth import BinTruth

    loops, stripes, borders = truth.loops.copy(), truth.stripes.copy(), truth.boundaries.copy()
    loops[:, :2] -= shift
    stripes[:, :4] -= shift
    borders[:, 0] -= shift
    loops = loops[(loops[:, 0] >= 0) & (loops[:, 1] < n)]
    stripes = stripes[(stripes[:, 1] > 0) & (stripes[:, 0] < n)]
    return BinTruth(loops, stripes, borders[(borders[:, 0] >= 0) & (borders[:, 0] <= n)])


def _windows(split: str, name: str, region: Region) -> list[tuple[Any, ...]]:
    """All coarse windows of a region on the stride of prediction, with what each holds."""
    windows = ModelConfig().windows
    stride = windows.coarse_size - 2 * windows.coarse_margin
    n, reach = region.coarse.n_bins, min(region.coarse.n_diagonals, region.coarse.n_bins)
    loops, borders = region.coarse_truth.loops, region.coarse_truth.boundaries[:, 0]
    out = []
    for row in range(0, n, stride):
        for col in range(row, min(n, row + reach), stride):
            inside = (loops[:, 0] >= row) & (loops[:, 0] < row + stride)
            inside &= (loops[:, 1] >= col) & (loops[:, 1] < col + stride)
            near = (borders >= row) & (borders < row + stride) if row == col else np.zeros(0, bool)
            known = int(region.coarse_known[row : row + stride].sum())
            out.append(
                (split, name, region.coarse.resolution, row, col, stride, int(inside.sum()), int(near.sum()), known)
            )
    return out


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
        "splits": {split: [str(region) for own, region in regions if own == split] for split in SPLITS},
        "windows": {split: sum(row[0] == split for row in rows) for split in SPLITS},
        "loops_in_windows": {split: sum(row[6] for row in rows if row[0] == split) for split in SPLITS},
    }


def _write_text(out: Path, manifest: dict[str, Any], rows: list[tuple[Any, ...]]) -> None:
    header = "split\tregion\tresolution\trow\tcol\tsize\tloops\tboundaries\tknown_bins"
    lines = [header, *("\t".join(map(str, row)) for row in rows)]
    (out / WINDOWS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def make_dataset(request: DatasetRequest) -> dict[str, Any]:
    """:func:`iter_make_dataset` run to its end."""
    return drain(iter_make_dataset(request))
