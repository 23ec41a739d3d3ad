"""Contact maps as other programs and people leave them, small, each with what it really holds.

Every builder writes one file below a folder and gives its address.  All that can be read hold the same contacts
(:func:`truth`), so a test can hold the right values and not only that nothing crashed.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cooler
import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SIZES = {"chr1": 1_995_000, "chr2": 1_200_000, "chr3": 600_000}
FINE, COARSE = 5_000, 10_000
DOTS = ((15, 45), (30, 75), (50, 100), (20, 90), (60, 110))
"""Bins (5 kb) of the dots on every chromosome."""
N_FINE = sum(-(-length // FINE) for length in SIZES.values())


def offsets(sizes: Mapping[str, int], resolution: int) -> dict[str, int]:
    """First bin of each chromosome."""
    ends = np.cumsum([-(-length // resolution) for length in sizes.values()])
    return dict(zip(sizes, [0, *ends[:-1].tolist()], strict=True))


@cache
def upper() -> Matrix:
    """Upper triangle at 5 kb of all chromosomes in the order of :data:`SIZES`, trans contacts included.

    Every chromosome has dots at known places, chr2 the clearest.
    """
    rng = np.random.default_rng(17)
    chrom = np.repeat(np.arange(3), [-(-length // FINE) for length in SIZES.values()])
    distance = np.abs(np.subtract.outer(np.arange(N_FINE), np.arange(N_FINE)))
    mean = np.where(np.equal.outer(chrom, chrom), 60 / (1 + distance) ** 0.9, 0.02)
    index = np.arange(N_FINE)
    for first, strength in zip(offsets(SIZES, FINE).values(), (4, 9, 4), strict=True):
        for i, j in DOTS:
            near = np.add.outer((index - first - i) ** 2, (index - first - j) ** 2)
            mean *= 1 + strength * np.exp(-near / 3)
    return np.triu(rng.poisson(mean)).astype(float)


def cis(chrom: str, resolution: int = FINE) -> Matrix:
    """The symmetric matrix of one chromosome."""
    start, n = offsets(SIZES, FINE)[chrom], -(-SIZES[chrom] // FINE)
    fine = upper()[start : start + n, start : start + n]
    if resolution != FINE:
        fine = summed(fine, resolution // FINE)
    return fine + np.triu(fine, 1).T


def summed(fine: Matrix, factor: int) -> Matrix:
    """Upper triangle of blocks, contacts within a bin counted once."""
    n = -(-len(fine) // factor)
    padded = np.zeros((n * factor, n * factor))
    padded[: len(fine), : len(fine)] = np.triu(fine)
    blocks: Matrix = padded.reshape(n, factor, n, factor).sum(axis=(1, 3))
    return blocks


def write(
    uri: str | Path,
    resolution: int = FINE,
    *,
    order: tuple[str, ...] = tuple(SIZES),
    lengths: Mapping[str, int] | None = None,
    values: Callable[[Matrix], Matrix] | None = None,
    columns: Mapping[str, NDArray[np.float64]] | None = None,
    spelling: Callable[[str], str] = str,
    empty: tuple[str, ...] = (),
    dtype: type = np.int32,
    mode: str = "w",
) -> str:
    """A cooler of some chromosomes in some order; cis contacts as in :func:`cis`, those of ``empty`` left out."""
    sizes = {name: (lengths or SIZES)[name] for name in order}
    bins = cooler.binnify(pd.Series({spelling(name): length for name, length in sizes.items()}), resolution)
    for name, column in (columns or {}).items():
        bins[name] = column
    first = offsets(sizes, resolution)
    parts = []
    for name in order:
        matrix = np.triu(cis(name, resolution))
        matrix = matrix if values is None else values(matrix)
        row, col = np.nonzero(matrix)
        kept = (row < -(-sizes[name] // resolution)) & (col < -(-sizes[name] // resolution)) & (name not in empty)
        row, col = row[kept], col[kept]
        pixels = {"bin1_id": row + first[name], "bin2_id": col + first[name], "count": matrix[row, col].astype(dtype)}
        parts.append(pd.DataFrame(pixels))
    cooler.create_cooler(str(uri), bins, pd.concat(parts), ordered=True, dtypes={"count": dtype}, mode=mode)
    return str(uri)


def ladder(path: Path, *levels: Mapping[str, object], base: tuple[int, ...] = (FINE, COARSE)) -> str:
    """An ``.mcool`` put together level by level; each mapping holds arguments of :func:`write`."""
    for number, (resolution, options) in enumerate(zip(base, levels, strict=True)):
        write(f"{path}::/resolutions/{resolution}", resolution, mode="a" if number else "w", **options)  # type: ignore[arg-type]
    return str(path)


def fixed_length_attributes(path: str) -> None:
    """Store the text attributes of all coolers in the file as fixed-length strings, as HiCMatrix did."""
    with h5py.File(path, "r+") as file:
        groups = [file] if "bins" in file else [file[f"resolutions/{name}"] for name in file["resolutions"]]
        for group in groups:
            for name in ("format", "bin-type", "generated-by", "storage-mode"):
                text = str(group.attrs[name])
                del group.attrs[name]
                group.attrs.create(name, np.bytes_(text))


# ---- maps that can be read ----------------------------------------------------------------------------------------


def plain(folder: Path) -> str:
    """Nothing peculiar."""
    return write(folder / "plain.cool")


def fixed_strings(folder: Path) -> str:
    """Attributes as HiCMatrix wrote them."""
    path = write(folder / "fixed.cool")
    fixed_length_attributes(path)
    return path


def fixed_strings_ladder(folder: Path) -> str:
    """The same in every level of an ``.mcool``."""
    path = ladder(folder / "fixed.mcool", {}, {})
    fixed_length_attributes(path)
    return path


def attributes_in_arrays(folder: Path) -> str:
    """Attributes as arrays of one, the bin size as a float."""
    path = write(folder / "arrays.cool")
    with h5py.File(path, "r+") as file:
        for name in ("format", "bin-type", "storage-mode"):
            file.attrs[name] = np.array([str(file.attrs[name])], dtype="S20")
        file.attrs["bin-size"] = np.array([float(FINE)])
    return path


def other_order(folder: Path) -> str:
    """The coarse level has its chromosomes the other way round."""
    return ladder(folder / "order.mcool", {}, {"order": ("chr3", "chr1", "chr2")})


def other_spelling(folder: Path) -> str:
    """The coarse level says 1 for chr1."""
    return ladder(folder / "spelling.mcool", {}, {"spelling": lambda name: name[3:], "order": ("chr2", "chr1", "chr3")})


def one_missing(folder: Path) -> str:
    """The fine level lacks chr2, the coarse one has it."""
    return ladder(folder / "missing.mcool", {"order": ("chr1", "chr3")}, {})


def whole_last_bins(folder: Path) -> str:
    """The coarse level ends chromosomes with whole bins."""
    lengths = {name: -(-length // COARSE) * COARSE for name, length in SIZES.items()}
    return ladder(folder / "whole.mcool", {}, {"lengths": lengths})


def fine_level_empty(folder: Path) -> str:
    """No contacts at 5 kb, all of them at 10 kb."""
    return ladder(folder / "empty5.mcool", {"empty": tuple(SIZES)}, {})


def coarse_level_empty(folder: Path) -> str:
    """No contacts at 10 kb, all of them at 5 kb."""
    return ladder(folder / "empty10.mcool", {}, {"empty": tuple(SIZES)})


def fine_level_partial(folder: Path) -> str:
    """At 5 kb only chr2 has contacts."""
    return ladder(folder / "partial.mcool", {"empty": ("chr1", "chr3")}, {})


def fine_level_cut_short(folder: Path) -> str:
    """At 5 kb writing ended after a third of chr1."""
    path = ladder(folder / "short.mcool", {}, {})
    with h5py.File(path, "r+") as file:
        level = file[f"resolutions/{FINE}"]
        end = int(level["indexes/bin1_offset"][133])
        for name in ("bin1_id", "bin2_id", "count"):
            data = level[f"pixels/{name}"][:end]
            del level[f"pixels/{name}"]
            level[f"pixels/{name}"] = data
        level["indexes/bin1_offset"][133:] = end
    return path


def bins_cut_away(folder: Path) -> str:
    """A capture map: of chr1 only the bins from 500 kb to 1.5 Mb, of chr2 all but ten."""
    bins = cooler.binnify(pd.Series(SIZES), FINE)
    keep = ((bins.chrom == "chr1") & (bins.start >= 500_000) & (bins.start < 1_500_000)) | (
        (bins.chrom == "chr2") & ~bins.start.between(300_000, 345_000)
    )
    rows = np.flatnonzero(keep)
    matrix = np.zeros((N_FINE, N_FINE))
    for name, first in offsets(SIZES, FINE).items():
        n = -(-SIZES[name] // FINE)
        matrix[first : first + n, first : first + n] = np.triu(cis(name))
    kept = matrix[np.ix_(rows, rows)]
    row, col = np.nonzero(kept)
    pixels = pd.DataFrame({"bin1_id": row, "bin2_id": col, "count": kept[row, col].astype(np.int32)})
    path = folder / "capture.cool"
    cooler.create_cooler(str(path), bins[keep].reset_index(drop=True), pixels, ordered=True)
    return str(path)


def renamed_folder(folder: Path) -> str:
    """``::`` in the name of the folder."""
    inside = folder / "a::b"
    inside.mkdir()
    path = write(folder / "plain2.cool")
    return str(shutil.move(path, inside / "map.cool"))


def latin1_name(folder: Path) -> str:
    """A file name of bytes that are no UTF-8."""
    path = write(folder / "plain3.cool")
    target = os.fsdecode(os.fsencode(folder) + b"/cart\xe9.cool")
    os.rename(path, target)
    return target


def infinite_pixels(folder: Path) -> str:
    """A few infinite and negative values among floats."""
    path = write(folder / "inf.cool", dtype=float)
    with h5py.File(path, "r+") as file:
        count = file["pixels/count"][:]
        count[[3, 70]] = np.inf
        count[[100, 500]] = -np.inf
        count[[900]] = -7
        file["pixels/count"][:] = count
    return path


def rye(folder: Path) -> str:
    """One chromosome of 1.2 Gb with contacts near its end."""
    first, n = 110_000, 400
    bins = cooler.binnify(pd.Series({"1R": 1_200_000_000}), COARSE)
    row, col = np.triu_indices(n)
    count = np.random.default_rng(4).poisson(50 / (1 + col - row) ** 0.8).astype(np.int32)
    pixels = pd.DataFrame({"bin1_id": row + first, "bin2_id": col + first, "count": count})
    path = folder / "rye.cool"
    cooler.create_cooler(str(path), bins, pixels[count > 0], ordered=True)
    return str(path)


@dataclass(frozen=True, slots=True)
class Readable:
    """A map that is read: where its contacts are, and what is said about it.

    Attributes
    ----------
    build : callable
        Writes it into a folder, gives its address.
    resolutions : mapping of str to tuple of int
        Bin sizes at which each chromosome's contacts are there.
    note : str
        What its notes must say (a regular expression); empty for nothing to say.
    """

    build: Callable[[Path], str]
    resolutions: Mapping[str, tuple[int, ...]]
    note: str = ""


BOTH = (FINE, COARSE)
ONE = dict.fromkeys(SIZES, (FINE,))
TWO = dict.fromkeys(SIZES, BOTH)
READABLE: dict[str, Readable] = {
    "plain": Readable(plain, ONE),
    "fixed-length attributes": Readable(fixed_strings, ONE),
    "fixed-length attributes, mcool": Readable(fixed_strings_ladder, TWO),
    "attributes in arrays": Readable(attributes_in_arrays, ONE),
    "other order of chromosomes": Readable(other_order, TWO),
    "other spelling of chromosomes": Readable(other_spelling, TWO),
    "a level lacks a chromosome": Readable(one_missing, {**TWO, "chr2": (COARSE,)}, "5 kb level has no chr2"),
    "a level ends with whole bins": Readable(whole_last_bins, TWO),
    "fine level empty": Readable(fine_level_empty, dict.fromkeys(SIZES, (COARSE,)), "5 kb level holds no contacts"),
    "coarse level empty": Readable(coarse_level_empty, ONE, "10 kb level holds no contacts"),
    "fine level partial": Readable(
        fine_level_partial, {"chr1": (COARSE,), "chr2": BOTH, "chr3": (COARSE,)}, "5 kb level holds no contacts on chr1"
    ),
    "fine level cut short": Readable(
        fine_level_cut_short,
        dict.fromkeys(SIZES, (COARSE,)),
        "5 kb level holds only 3.% of the contacts' extent on chr1",
    ),
    ":: in a folder's name": Readable(renamed_folder, ONE),
    "a name that is no UTF-8": Readable(latin1_name, ONE),
}


# ---- maps and files that are refused -------------------------------------------------------------------------------


def _text(name: str, text: str | bytes) -> Callable[[Path], str]:
    def build(folder: Path) -> str:
        path = folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return build


def hicexplorer(folder: Path) -> str:
    """HiCExplorer's own HDF5."""
    path = folder / "matrix.h5"
    with h5py.File(path, "w") as file:
        file.attrs["PYTABLES_FORMAT_VERSION"] = "2.1"
        for name in ("chr_list", "start_list", "end_list", "extra_list"):
            file[f"intervals/{name}"] = np.arange(3)
        for name in ("data", "indices", "indptr", "shape"):
            file[f"matrix/{name}"] = np.arange(3)
    return str(path)


def fanc(folder: Path) -> str:
    """FAN-C's HDF5."""
    path = folder / "fanc.hic"
    with h5py.File(path, "w") as file:
        file.attrs["PYTABLES_FORMAT_VERSION"] = "2.1"
        file["regions"] = np.arange(3)
        file["edges/chrpair_0_0"] = np.arange(3)
    return str(path)


def zipped_map(folder: Path) -> str:
    """A map compressed as a whole."""
    path = Path(plain(folder))
    target = folder / "map.mcool.gz"
    target.write_bytes(gzip.compress(path.read_bytes(), 1))
    return str(target)


def pipe(folder: Path) -> str:
    """A named pipe that nobody writes to."""
    path = folder / "pipe.cool"
    os.mkfifo(path)
    return str(path)


def signed(folder: Path) -> str:
    """A log ratio of two maps."""
    rng = np.random.default_rng(2)
    return write(folder / "log2.cool", values=lambda m: np.triu(rng.normal(0, 1, m.shape)), dtype=float)


def over_expected(folder: Path) -> str:
    """Observed over expected, stored as a map."""
    rng = np.random.default_rng(3)
    return write(folder / "oe.cool", values=lambda m: np.triu(rng.gamma(5, 0.2, m.shape)), dtype=float)


PAIRS = "## pairs format v1.0\n#columns: readID chr1 pos1 chr2 pos2 strand1 strand2\nr1\tchr1\t1\tchr1\t9\t+\t-\n"
REFUSED: dict[str, tuple[Callable[[Path], str], str]] = {
    "HiCExplorer": (hicexplorer, r"HiCExplorer.*hicConvertFormat -m .* --inputFormat h5 --outputFormat cool"),
    "FAN-C": (fanc, r"FAN-C.*fanc to-cooler"),
    "pairs": (_text("reads.pairs", PAIRS), r"read pairs.*cooler cload pairs"),
    "pairs, gzip": (_text("reads.pairs.gz", gzip.compress(PAIRS.encode())), r"read pairs.*cooler cload pairs"),
    "compressed map": (zipped_map, r"compressed.*gunzip"),
    "git-lfs": (
        _text("map.mcool", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n"),
        r"git-lfs pointer.*git lfs pull",
    ),
    "web page": (_text("map.hic", "\n<!DOCTYPE html><html>404</html>"), r"web page.*Download"),
    "JSON": (_text("map.cool", '{"error": "not found"}'), r"JSON.*Download"),
    "pipe": (pipe, r"is a pipe"),
    "zip": (_text("map.zip", b"PK\x03\x04" + b"0" * 50), r"zip archive.*unzip"),
    "bigWig": (_text("track.bw", b"\x26\xfc\x8f\x88" + b"0" * 50), r"bigWig"),
    "labels": (_text("loops.bedpe", "chr1\t1\t2\tchr1\t5\t6\t.5\n" * 3), r"pairs of intervals.*give the contact map"),
    "text pixels": (_text("map.matrix", "1\t1\t5\n1\t2\t3\n2\t2\t8\n"), r"without bins.*cooler load"),
    "project": (_text("p.hicproj", b"SQLite format 3\x00" + b"0" * 90), r"project.*--project"),
}
