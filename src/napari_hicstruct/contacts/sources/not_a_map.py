"""Files that are no contact map, but that people take for one: what each is, and the command that helps."""

from __future__ import annotations

import errno
import gzip
import os
import re
import shlex
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.errors import MapError

if TYPE_CHECKING:
    import h5py

FORMATS = "Contact maps are .cool, .mcool and .hic files."
HEAD_BYTES = 4096
"""As much of a file is looked at."""

_URL = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "is a zip archive, not a contact map.", "Unpack it: unzip {file}"),
    (b"BZh", "is compressed with bzip2.", "Unpack it: bunzip2 {file}"),
    (b"\xfd7zXZ", "is compressed with xz.", "Unpack it: unxz {file}"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd.", "Unpack it: zstd -d {file}"),
    (b"7z\xbc\xaf", "is a 7-zip archive.", "Unpack it: 7z x {file}"),
    (b"version https://git-lfs", "is a git-lfs pointer, not the file itself.", "Get the file: git lfs pull"),
    (b"/annex/objects/", "is a git-annex pointer, not the file itself.", "Get the file: git annex get {file}"),
    (
        b"SQLite format 3",
        "is a database or project, not a contact map.",
        "Open it with its map: hicstruct view MAP --project {file}",
    ),
    (b"\x26\xfc\x8f\x88", "is a bigWig track, not a contact map.", FORMATS),
    (b"\x88\x8f\xfc\x26", "is a bigWig track, not a contact map.", FORMATS),
    (b"\xeb\xf2\x89\x87", "is a bigBed track, not a contact map.", FORMATS),
    (b"\x87\x89\xf2\xeb", "is a bigBed track, not a contact map.", FORMATS),
    (b"\x93NUMPY", "is a NumPy array, which says no bins or chromosomes.", "Make a .cool: cooler load"),
    (b"%PDF", "is a PDF document, not a contact map.", FORMATS),
    (b"CRAM", "is a CRAM file of aligned reads.", "Make pairs (pairtools parse), then cooler cload pairs."),
    (b"BAM\x01", "is a BAM file of aligned reads.", "Make pairs (pairtools parse), then cooler cload pairs."),
    (b"@HD\t", "is a SAM file of aligned reads.", "Make pairs (pairtools parse), then cooler cload pairs."),
    (b"## pairs format", "is a list of read pairs, not a binned map.", "{pairs}"),
    (b"#columns: readID", "is a list of read pairs, not a binned map.", "{pairs}"),
    (b"HiCMatrix (directory=", "is a matrix of HOMER.", "Convert it: hicConvertFormat --inputFormat homer"),
)
_PAIRS = "Bin it: cooler cload pairs -c1 2 -p1 3 -c2 4 -p2 5 CHROMSIZES:5000 {file} map.cool"
_PAGE = (b"<!doctype html", b"<html", b"<head", b"<?xml")


def check_regular(path: str) -> bytes:
    """The first :data:`HEAD_BYTES` of a file that can be read at once; a pipe or a folder is never waited for.

    Raises
    ------
    MapError
        If there is no such file, it may not be read, is empty, a folder, a pipe or a web address.
    """
    if not path:
        raise MapError("no contact map is named.", hint=FORMATS)
    if _URL.match(path) and not os.path.lexists(path):
        hint = f"Download it: curl -LO {shlex.quote(path)}"
        raise MapError("is a web address; maps are read from files.", where=path, hint=hint)
    try:
        kind = os.stat(path).st_mode
        if stat.S_ISDIR(kind):
            raise MapError("is a folder, not a contact map.", where=path, hint=FORMATS)
        if not stat.S_ISREG(kind):
            raise MapError("is a pipe or a device, not a file.", where=path, hint="Save the map as a file first.")
        with open(path, "rb") as file:
            start = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise MapError("does not exist.", where=path, hint="Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        denied = getattr(error, "errno", 0) in (errno.EACCES, errno.EPERM)
        hint = "Check the file's permissions." if denied else "Check the path, and the disk it is on."
        raise MapError(f"cannot be read ({reason}).", where=path, hint=hint) from error
    if not start:
        raise MapError("is empty.", where=path, hint="Copy or download it again.")
    return start


def refusal(path: str, start: bytes) -> MapError:
    """The error for a file whose first bytes are those of no contact map."""
    if start.startswith(b"\x1f\x8b"):
        return _compressed(path, start)
    return _named(path, start) or MapError("is not a contact map.", where=path, hint=FORMATS)


def _named(path: str, start: bytes) -> MapError | None:
    said: Callable[[str, str], MapError] = lambda what, hint: MapError(what, where=path, hint=_filled(hint, path))  # noqa: E731
    for magic, what, hint in _MAGIC:
        if start.startswith(magic):
            return said(what, hint)
    if start[257:262] == b"ustar":
        return said("is a tar archive, not a contact map.", "Unpack it: tar xf {file}")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGE):
        return said("is a web page, not the file itself.", "Download it again; the page may say why it was sent.")
    if text.startswith(b"{"):
        return said("is a JSON text (a server's error message?), not a contact map.", "Download the file again.")
    return _text_table(path, start)


def _text_table(path: str, start: bytes) -> MapError | None:
    """Text with columns of a known kind."""
    if b"\x00" in start:
        return None
    lines = [line.split() for line in start.split(b"\n")[:-1] if line.strip() and not line.startswith(b"#")][:20]
    if len(lines) < 2 or any(len(fields) != len(lines[0]) for fields in lines[1:]):
        return None
    first, n = lines[-1], len(lines[-1])
    numeric = [_is_number(field) for field in first]
    if n == 3 and all(numeric):
        what = "is a text table of pixels without bins."
        hint = "Make a .cool: cooler load -f coo BINS.bed {file} map.cool"
    elif n >= 7 and numeric[1] and numeric[2] and numeric[4] and numeric[5]:
        what = "is a table of pairs of intervals, not a contact map."
        hint = (
            "If these are labels, give the contact map that they lie on in its place; pixels become a map by: "
            "cooler load -f bg2 CHROMSIZES:5000 {file} out.cool"
        )
    elif n >= 3 and numeric[1] and numeric[2] and not numeric[0]:
        what, hint = (
            "is a table of intervals, not a contact map.",
            "If these are labels, give the contact map that they lie on in its place.",
        )
    elif n > 20 and sum(numeric) > 0.9 * n:
        what, hint = "is a dense matrix in text, which says no bins.", "Make a .cool of its pixels: cooler load -f coo"
    else:
        return None
    return MapError(what, where=path, hint=_filled(hint, path))


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _filled(text: str, path: str) -> str:
    quoted = shlex.quote(path)
    return text.replace("{pairs}", _PAIRS).replace("{file}", quoted)


def _compressed(path: str, start: bytes) -> MapError:
    """What is inside a gzip file decides what helps: a map must be unpacked, pairs need not be."""
    try:
        with gzip.open(path, "rb") as file:
            inside = file.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        inside = b""
    if inside.startswith((b"\x89HDF", b"HIC\x00")) or not inside:
        what, hint = "is compressed; contact maps are read in place.", "Unpack it: gunzip {file}"
        return MapError(what, where=path, hint=_filled(hint, path))
    named = _named(path, inside)
    return named or MapError("is compressed and holds no contact map.", where=path, hint=FORMATS)


def hdf5_refusal(root: h5py.Group, path: str) -> MapError:
    """The error for an HDF5 file that holds no cooler."""
    name = shlex.quote(path)
    out = shlex.quote(str(Path(path).with_suffix(".cool")))
    if "intervals/chr_list" in root and "matrix/indptr" in root:
        convert = f"hicConvertFormat -m {name} --inputFormat h5 --outputFormat cool -o {out}"
        return MapError("is a matrix of HiCExplorer.", where=path, hint=f"Convert it: {convert}")
    if "regions" in root and ("edges" in root or "expected_values" in root):
        return MapError("is a PyTables file of FAN-C.", where=path, hint=f"Convert it: fanc to-cooler {name} {out}")
    if "PYTABLES_FORMAT_VERSION" in root.attrs:
        what = "is a PyTables file (FAN-C or similar), whatever its name says."
        return MapError(what, where=path, hint=f"Convert it to .cool; FAN-C's with: fanc to-cooler {name} {out}")
    if {"obs", "var"} <= set(root):
        return MapError("is an AnnData file, not a contact map.", where=path, hint=FORMATS)
    if "heatmap" in root or "genomeIdxToLabel" in root:
        return MapError("is a heat map of hiclib.", where=path, hint="Make a .cool of it: cooler load -f coo")
    if "resolutions" in root or {"chroms", "bins"} & set(root):
        what = "is a cooler file whose writing has not ended: parts of it are missing."
        return MapError(what, where=path, hint="Wait until it is written, or make it again.")
    return MapError("is an HDF5 file without a contact map.", where=path, hint=FORMATS)
