"""Files that people give in place of labels, known by their first bytes, and what to do with each."""

from __future__ import annotations

import io
import re
import shlex
import zipfile
from pathlib import Path

from napari_hicstruct.errors import LabelError

_TEXT_FILE = "Choose the list of loops, stripes or TADs as a text file."
_AS_MAP = "Open it as the contact map; labels are lists of loops, stripes or TADs."
_PROJECT = "Write a project's labels first: hicstruct export PATH --out FOLDER (--set NAME: one of its sets)."
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook", "Save the sheet as tab-separated text and choose that file."),
    (b"%PDF", "is a PDF document", "Copy the table into a tab-separated text file."),
    (b"{\\rtf", "is a formatted document (RTF)", "Save it as plain text."),
    (b"\x89HDF\r\n", "is an HDF5 file (a cooler, or a matrix of another program)", _AS_MAP),
    (b"HIC\x00", "is a contact map (.hic)", _AS_MAP),
    (b"SQLite format 3", "is an SQLite database (a HiC Structures project?)", _PROJECT),
    (b"BAM\x01", "holds aligned reads (BAM)", _TEXT_FILE),
    (b"CRAM", "holds aligned reads (CRAM)", _TEXT_FILE),
    (b"BCF\x02", "holds variants (BCF)", _TEXT_FILE),
    (b"TBI\x01", "is an index of another file (tabix)", "Choose the file beside it, without .tbi."),
    (b"\x26\xfc\x8f\x88", "is a track (bigWig)", "Choose the list of boundaries or TADs called from it."),
    (b"\x88\x8f\xfc\x26", "is a track (bigWig)", "Choose the list of boundaries or TADs called from it."),
    (b"\xeb\xf2\x89\x87", "is a bigBed file", "Make text of it first: bigBedToBed FILE FILE.bed"),
    (b"\x87\x89\xf2\xeb", "is a bigBed file", "Make text of it first: bigBedToBed FILE FILE.bed"),
    (b"\x93NUMPY", "is a NumPy array", _TEXT_FILE),
    (b"\x80\x04", "is a Python pickle", _TEXT_FILE),
    (b"\x80\x03", "is a Python pickle", _TEXT_FILE),
    (b"\x80\x05", "is a Python pickle", _TEXT_FILE),
    (b"RDX2\n", "is an R workspace", "Write the table with write.table in R."),
    (b"RDX3\n", "is an R workspace", "Write the table with write.table in R."),
    (b"X\n\x00\x00", "is an R object (RDS)", "Write the table with write.table in R."),
    (b"7z\xbc\xaf", "is a 7-Zip archive", "Unpack it first: 7z x FILE"),
    (b"Rar!", "is a RAR archive", "Unpack it first: unrar x FILE"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", "Unpack it first: zstd -d FILE"),
    (b"\x89PNG", "is a picture", _TEXT_FILE),
    (b"\xff\xd8\xff", "is a picture", _TEXT_FILE),
    (b"GIF8", "is a picture", _TEXT_FILE),
    (b"II*\x00", "is a picture", _TEXT_FILE),
    (b"MM\x00*", "is a picture", _TEXT_FILE),
)
_HTML = re.compile(rb"^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_JSON = re.compile(rb'^\s*([{\[]\s*["{\[}\]]|\[\s*-?\d)')


def refuse_other_files(path: Path, data: bytes) -> None:
    """Raise LabelError if ``data`` is plainly a file of another kind, with what it is and what helps."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise _of(path, *_in_zip(path, data))
    for beginning, what, hint in _BEGINNINGS:
        if data.startswith(beginning):
            raise _of(path, what, hint)
    if data[257:262] == b"ustar":
        raise _of(path, "is a tar archive", "Unpack it first: tar xf FILE")
    head = data[:2000]
    if head.startswith(b"version https://git-lfs.github.com/"):
        raise _of(path, "is only a pointer of Git LFS; the file itself was not fetched", "Run: git lfs pull")
    if _HTML.match(head):
        what = "is a web page (HTML), as servers send for a missing or protected file"
        raise _of(path, what, "Download the file itself.")
    if head.lstrip().startswith(b"<?xml"):
        raise _of(path, "is an XML document", _TEXT_FILE)
    if _JSON.match(head):
        raise _of(path, "is a JSON document", _TEXT_FILE)


def _of(path: Path, what: str, hint: str) -> LabelError:
    hint = hint.replace("FILE", path.name).replace("PATH", shlex.quote(str(path)))
    return LabelError(f"{what}, not a list of labels.", where=path, hint=hint)


def _in_zip(path: Path, data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype") if "mimetype" in names else b""
    except Exception:  # a damaged archive is still an archive
        names, kind = [], b""
    sheet = path.suffix.lower() in (".xlsx", ".xlsm", ".ods") or b"spreadsheet" in kind
    if sheet or any(name.startswith("xl/") for name in names):
        return "is a spreadsheet (Excel or OpenDocument)", "Save the sheet as tab-separated text and choose that file."
    if any(name.startswith("word/") for name in names) or b"opendocument" in kind:
        return "is a text document (Word or OpenDocument)", "Save it as plain text."
    if names and all(name.endswith(".npy") for name in names):
        return "is an archive of NumPy arrays (npz)", _TEXT_FILE
    return "is a ZIP archive", "Unpack it first: unzip FILE"
