"""A map's own evidence of boundaries as tracks: insulation, border contrast, directionality, weak boundary labels."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct import __version__
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.writers import write_boundaries
from napari_hicstruct.annotations.writers.tracks import BinTrack, write_bedgraph, write_bigwig
from napari_hicstruct.config.files import in_place_of, write_text, writing
from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.contacts.contrast import border_contrast
from napari_hicstruct.contacts.insulation import MIN_VALID_SHARE, boundary_strength, insulation_score
from napari_hicstruct.errors import ConfigError, MapError, OutputError
from napari_hicstruct.genome import Interval, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.lengths import check_bin_size

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource

DEFAULT_WINDOWS = (5, 10, 25, 50)
"""Bins; sides of the sliding squares unless others are asked for."""

DEFAULT_RESOLUTION = 10_000
MIN_WINDOW_BINS = 2
FORMATS = ("bigwig", "bedgraph")
TABLE, BOUNDARIES, RUN = "insulation.tsv", "boundaries.bed", "run.json"


@dataclass(frozen=True, slots=True)
class InsulationRequest:
    """What is measured.

    Attributes
    ----------
    resolution : int
        Bin size, bp; 0: 10 kb where the map gives it, else the finest above, else the coarsest.
    windows : tuple of int
        Sides of the sliding squares, bp; empty: 5, 10, 25 and 50 bins.
    chroms : tuple of str
        Empty: all.
    norm : str or None
        Weights; None: the best that each chromosome has.
    ignore_diags : int
        First diagonals that insulation leaves out.
    """

    resolution: int = 0
    windows: tuple[int, ...] = ()
    chroms: tuple[str, ...] = ()
    norm: str | None = None
    ignore_diags: int = 2


@dataclass(frozen=True, slots=True)
class InsulationResult:
    """A row per bin, the candidate boundaries, and how they came about.

    Attributes
    ----------
    table : DataFrame
        ``chrom start end is_bad_bin``, then for each window (bp) ``log2_insulation_score_W n_valid_pixels_W
        boundary_strength_W border_contrast_W``, then ``directionality weak_boundary_probability``.
    boundaries : tuple of Annotation
        Minima of border contrast; probability, and in ``extra`` prominence and z-scores.
    run : dict
    notes : tuple of str
    """

    table: pd.DataFrame
    boundaries: tuple[Annotation, ...]
    run: dict[str, Any]
    notes: tuple[str, ...]


def iter_insulation(
    source: ContactSource, request: InsulationRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, InsulationResult]:
    """Measure chromosome after chromosome; one without contacts is left out and named.

    Raises
    ------
    ConfigError
        If a window is no multiple of the bins, or too small.
    MapError
        If no level gives the bins, or no chromosome can be read.
    """
    import pandas as pd

    token, clock = token or CancelToken(), Clock()
    resolution = request.resolution or _usual_resolution(source)
    longest = max(source.chromsizes.values())
    check_bin_size(request.resolution, "--resolution", longest)
    windows = check_windows(request.windows, resolution, longest)
    chroms = request.chroms or tuple(source.chromsizes)
    tables, boundaries = [], []
    left_out: dict[str, list[str]] = {}
    for done, chrom in enumerate(chroms):
        yield clock.step("insulation", done, len(chroms), chrom)
        try:
            band = yield from _iter_band(source, chrom, resolution, request, windows, token, clock, (done, len(chroms)))
        except MapError as error:
            if len(chroms) == 1:
                raise
            left_out.setdefault(error.message.replace(f" on {chrom}", ""), []).append(chrom)
            continue
        tables.append(_chromosome(band, source.chromsizes[chrom], windows, request.ignore_diags))
        boundaries += _weak(band, source.chromsizes[chrom], tables[-1])
    notes = [f"left out: {', '.join(names)} ({reason.rstrip('.')})." for reason, names in left_out.items()]
    if not tables:
        raise MapError(f"no chromosome could be measured: {'; '.join(left_out)}", where=source.uri)
    table = pd.concat(tables, ignore_index=True)
    _add_strength(table, [w * resolution for w in windows])
    notes += _empty_tracks(table)
    run = _run_record(source, request, table, notes)
    run["seconds"] = round(clock.step("done", 1, 1).elapsed, 1)
    return InsulationResult(table, tuple(boundaries), run, tuple(notes))


def _empty_tracks(table: pd.DataFrame) -> list[str]:
    """A note if columns have no value in any bin: no track is written of them."""
    empty = [name for name in track_columns(table) if not np.isfinite(table[name]).any()]
    if not empty:
        return []
    hint = "Give a --window that fits into the chromosomes, and fewer --ignore-diags than it has bins."
    return [f"no track is written of {', '.join(empty)}, which has no value in any bin. {hint}"]


def _run_record(
    source: ContactSource, request: InsulationRequest, table: pd.DataFrame, notes: list[str]
) -> dict[str, Any]:
    """What ``run.json`` says."""
    resolution = int(table["end"].iloc[0] - table["start"].iloc[0])
    windows = [int(name.rpartition("_")[2]) for name in table.columns if name.startswith("n_valid_pixels_")]
    return {
        "made_with": f"napari-hicstruct {__version__}",
        "map": source.uri,
        "parameters": {
            "resolution": resolution,
            "windows": windows,
            "norm": request.norm,
            "ignore_diags": request.ignore_diags,
            "weak": WeakConfig(enabled=True).model_dump(mode="json"),
        },
        "chromosomes": list(dict.fromkeys(table["chrom"])),
        "notes": notes,
    }


def check_windows(given: tuple[int, ...], resolution: int, longest: int) -> tuple[int, ...]:
    """Windows (bp) in bins, ascending, each once; none is as long as the longest chromosome (bp).

    Raises
    ------
    ConfigError
    """
    if not given:
        return DEFAULT_WINDOWS
    size = format_bin_size(resolution)
    for window in given:
        if window % resolution or window < MIN_WINDOW_BINS * resolution:
            raise ConfigError(
                f"a window of {window:,} bp is not made of at least {MIN_WINDOW_BINS} whole bins of {size}.",
                where="--window",
                hint=f"Give multiples of {resolution:,}, such as {10 * resolution:,}.",
            )
        if window >= longest:
            what = f"a window of {window:,} bp is no shorter than the longest chromosome, {longest:,} bp."
            raise ConfigError(what, where="--window", hint=f"Give multiples of {resolution:,} below that.")
    return tuple(sorted({window // resolution for window in given}))


def _usual_resolution(source: ContactSource) -> int:
    levels = sorted(source.resolutions)
    if any(DEFAULT_RESOLUTION % level == 0 for level in levels):
        return DEFAULT_RESOLUTION
    return next((level for level in levels if level >= DEFAULT_RESOLUTION), levels[-1])


def _iter_band(  # noqa: PLR0913 - one chromosome of a job
    source: ContactSource,
    chrom: str,
    resolution: int,
    request: InsulationRequest,
    windows: tuple[int, ...],
    token: CancelToken,
    clock: Clock,
    place: tuple[int, int],
) -> Generator[Progress, None, Band]:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.band_loading import iter_load_band

    weak = WeakConfig(enabled=True)
    reach = 2 * max(*windows, *weak.windows, weak.direction_window // 2 + 1)
    steps = iter_load_band(
        source, chrom, resolution=resolution, max_distance=(reach + 1) * resolution, norm=request.norm
    )
    for step in steps:
        token.check()
        if isinstance(step, Band):
            return step
        yield clock.step("insulation", place[0] + 0.9 * step, place[1], chrom)
    raise AssertionError("iter_load_band ends with the band or raises")


def _chromosome(band: Band, length: int, windows: tuple[int, ...], ignore_diags: int) -> pd.DataFrame:
    """The rows of one chromosome, weak labels still missing."""
    import pandas as pd

    from napari_hicstruct.labels.weak import directionality

    size, starts = band.resolution, np.arange(band.n_bins) * band.resolution
    columns: dict[str, Any] = {
        "chrom": band.chrom,
        "start": starts,
        "end": np.minimum(starts + size, length),
        "is_bad_bin": ~band.valid,
    }
    oe = band.observed_over_expected(2 * max(windows))
    for window in windows:
        score, valid = insulation_score(band, window, ignore_diags=ignore_diags)
        columns |= {
            f"log2_insulation_score_{window * size}": score,
            f"n_valid_pixels_{window * size}": valid,
            f"boundary_strength_{window * size}": np.nan,
            f"border_contrast_{window * size}": border_contrast(oe, window),
        }
    columns["directionality"] = directionality(band, WeakConfig().direction_window)
    columns["weak_boundary_probability"] = 0.0
    return pd.DataFrame(columns)


def _weak(band: Band, length: int, table: pd.DataFrame) -> list[Annotation]:
    """Candidate boundaries of a chromosome; fills the table's soft vector."""
    from napari_hicstruct.labels.weak import bumps, weak_minima

    config, size = WeakConfig(enabled=True), band.resolution
    found = weak_minima(band, config)
    soft = bumps(band.n_bins, found.at, found.probability, config.sigma)
    table["weak_boundary_probability"] = np.where(band.valid, soft, np.float32(np.nan))
    records = []
    for at, prominence, z_is, z_di, probability in zip(
        found.at, found.prominence, found.z_insulation, found.z_direction, found.probability, strict=True
    ):
        span = Interval(band.chrom, int(at) * size, min((int(at) + 1) * size, length))
        extra = {"prominence": f"{prominence:.4g}", "z_insulation": f"{z_is:.4g}", "z_directionality": f"{z_di:.4g}"}
        records.append(
            Annotation(
                kind=Kind.BOUNDARY,
                anchor1=span,
                anchor2=span,
                score=float(probability),
                soft_score=float(probability),
                resolution=size,
                source="hicstruct insulation",
                name=f"{band.chrom}_{span.start}",
                extra=extra,
            )
        )
    return records


def _add_strength(table: pd.DataFrame, windows: list[int]) -> None:
    """Boundary strength; which windows hold enough is judged over all chromosomes, as cooltools does."""
    for window in windows:
        valid = table[f"n_valid_pixels_{window}"].to_numpy()
        for _, rows in table.groupby("chrom", sort=False).indices.items():
            score = table[f"log2_insulation_score_{window}"].to_numpy()[rows]
            strength = boundary_strength(score, valid[rows], int(valid.max(initial=0)))
            table.loc[rows, f"boundary_strength_{window}"] = strength


def track_columns(table: pd.DataFrame) -> list[str]:
    """Columns that are written as tracks."""
    prefixes = ("log2_insulation_score_", "border_contrast_", "directionality", "weak_boundary_probability")
    return [name for name in table.columns if name.startswith(prefixes)]


def write_insulation(
    result: InsulationResult, out: str | Path, chromsizes: dict[str, int], formats: tuple[str, ...] = FORMATS
) -> list[Path]:
    """A folder: table, candidate boundaries, one track per column and format, ``run.json``; whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written, or holds something else.
    """
    out, written = Path(out).resolve(), []
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not _is_ours(out))):
        raise OutputError("holds something else than insulation tracks.", where=out, hint="Give a new or empty folder.")
    writers = {"bigwig": (".bw", partial(write_bigwig, chromsizes=chromsizes)), "bedgraph": (".bedgraph", None)}
    with writing(out), in_place_of(out) as folder:
        folder.mkdir()
        written.append(write_text(folder / TABLE, result.table.to_csv(sep="\t", index=False, na_rep="nan")))
        written.append(write_boundaries(result.boundaries, folder / BOUNDARIES))
        for column in track_columns(result.table):
            tracks = [_track(rows, column) for _, rows in result.table.groupby("chrom", sort=False)]
            if not any(np.isfinite(track.values).any() for track in tracks):
                continue
            for name in formats:
                ending, write = writers[name]
                path = folder / f"{column}{ending}"
                written.append(write(tracks, path) if write else write_bedgraph(tracks, path, name=column))
        names = [path.name for path in written]
        run = result.run | {"files": names, "min_valid_share": MIN_VALID_SHARE}
        written.append(write_text(folder / RUN, json.dumps(run, indent=2) + "\n"))
    return [out / path.name for path in written]


def _is_ours(out: Path) -> bool:
    return (out / TABLE).is_file() and (out / RUN).is_file()


def _track(rows: pd.DataFrame, column: str) -> BinTrack:
    starts, ends = rows["start"].to_numpy(), rows["end"].to_numpy()
    size = int(ends[0] - starts[0])
    return BinTrack(str(rows["chrom"].iloc[0]), int(starts[0]), size, rows[column].to_numpy(np.float64), int(ends[-1]))
