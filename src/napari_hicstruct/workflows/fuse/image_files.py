"""Pictures as files: PNG, JPEG (read only), TIFF and npy, with their types and colours kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import try_folder, write_bytes
from napari_hicstruct.errors import ImageError, OutputError
from napari_hicstruct.wording import how_many

Pixels = NDArray[Any]

TIFF, NPY, PNG, JPEG = (".tif", ".tiff"), (".npy",), (".png",), (".jpg", ".jpeg")
READ = (*PNG, *TIFF, *NPY, *JPEG)
WRITTEN = (*PNG, *TIFF, *NPY)

_PNG_MARK, _SIXTEEN_BITS, _COLOURS = b"\x89PNG\r\n\x1a\n", 16, (2, 6)


def is_picture(path: str | Path) -> bool:
    """True if the name ends as a picture's does."""
    return str(path).lower().endswith(READ)


def read_picture(path: Path) -> Pixels:
    """A picture as it is stored: ``(Y, X)``, ``(Y, X, colours)``, or of TIFF and npy a stack ``(Z, Y, X)``.

    Raises
    ------
    ImageError
        If there is no such file, or it cannot be read as what its name says.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder, no picture." if path.is_dir() else "there is no such file."
        raise ImageError(what, where=path, hint="Is the path spelt right?")
    readers = {TIFF: _read_tiff, NPY: _read_npy, PNG: _read_png, JPEG: _read_pillow}
    read = next((one for endings, one in readers.items() if path.name.lower().endswith(endings)), None)
    if read is None:
        raise ImageError("is no kind of picture that is read.", where=path, hint=f"Give {', '.join(READ)}.")
    try:
        found = read(path)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("does not fit into memory.", where=path, hint="Is its header damaged?") from error
    except Exception as error:  # nobody can list all that a library may raise at a damaged file
        hint = "Is it complete, and what its name says?"
        raise ImageError("is not readable as a picture.", where=path, hint=hint) from error
    return np.ascontiguousarray(found, found.dtype.newbyteorder("="))


def check_writable(path: Path, picture: Pixels) -> None:
    """Refuse, before the work, what could not be written afterwards.

    Raises
    ------
    OutputError
        If the name ends as no picture's that is written, or that kind cannot hold the type of the values.
    """
    name = Path(path).name.lower()
    if not name.endswith(WRITTEN):
        lossy = " JPEG would change what was fused." if name.endswith(JPEG) else ""
        hint = f"Give a name that ends in {', '.join(WRITTEN)}."
        raise OutputError(f"is no kind of picture that is written.{lossy}", where=path, hint=hint)
    coloured = picture.ndim == 3 and picture.shape[-1] in (3, 4)
    fits = picture.dtype in (np.bool_, np.uint8) or (picture.dtype == np.uint16 and not coloured)
    if name.endswith(PNG) and not (fits and (picture.ndim == 2 or coloured)):
        kind = "stacks" if picture.ndim == 3 and not coloured else f"{'RGB of ' if coloured else ''}{picture.dtype}"
        raise OutputError(f"PNG is not written for {kind}.", where=path, hint="Give a name that ends in .tif or .npy.")


def check_place(path: Path) -> None:
    """Refuse, before the work, a place where nothing can be written.

    Raises
    ------
    OutputError
        If it is a folder, or in one that is missing or may not be written.
    """
    if path.is_dir():
        raise OutputError("is a folder.", where=path, hint="Choose another name.")
    try_folder(path.parent, make=False)


def write_picture(path: Path, picture: Pixels) -> Path:
    """Write a picture by the ending of its name, whole or not at all.

    Raises
    ------
    OutputError
        As :func:`check_writable`, or if the file cannot be written.
    """
    check_writable(path, picture)
    writers: dict[tuple[str, ...], Callable[[Any, Pixels], None]] = {
        TIFF: _write_tiff,
        NPY: lambda file, values: np.save(file, values, allow_pickle=False),
        PNG: _write_png,
    }
    write = next(one for endings, one in writers.items() if Path(path).name.lower().endswith(endings))
    file = io.BytesIO()
    write(file, picture)
    return write_bytes(path, file.getvalue())


def _read_npy(path: Path) -> Pixels:
    values = np.load(path, allow_pickle=False)
    if not isinstance(values, np.ndarray):
        raise TypeError("an archive of several arrays")
    return values


def _read_tiff(path: Path) -> Pixels:
    import tifffile

    with tifffile.TiffFile(path) as tif:
        if len(tif.series) != 1:  # which of them is meant, nobody has said
            raise ImageError(
                f"holds {how_many(len(tif.series), 'picture')}.", where=path, hint="Save one of them as its own file."
            )
        series = tif.series[0]
        values, axes = series.asarray(), series.axes
    if "S" in axes and axes[-1] != "S":  # colours stored plane by plane
        values = np.moveaxis(values, axes.index("S"), -1)
    return np.asarray(values)


def _read_png(path: Path) -> Pixels:
    with path.open("rb") as file:
        head = file.read(26)
    if head[:8] == _PNG_MARK and head[24] == _SIXTEEN_BITS and head[25] in _COLOURS:
        # the library would drop the lower eight bits without a word
        raise ImageError("is a PNG of 16-bit colours, which is not read.", where=path, hint="Save it as TIFF.")
    return _read_pillow(path)


def _read_pillow(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as opened:
        picture: Image.Image = opened
        if picture.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV"):
            picture = picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
        elif picture.mode == "LA":
            picture = picture.convert("RGBA")
        values = np.asarray(picture)
    return values.astype(np.uint16) if values.dtype == np.int32 else values  # 16-bit grey, as older ones read it


def _write_png(file: Any, values: Pixels) -> None:
    from PIL import Image

    Image.fromarray(values).save(file, format="PNG")


def _write_tiff(file: Any, values: Pixels) -> None:
    import tifffile

    coloured = values.ndim == 3 and values.shape[-1] in (3, 4)
    stored = values.astype(np.uint8) * 255 if values.dtype == bool else values
    tifffile.imwrite(file, stored, photometric="rgb" if coloured else "minisblack", compression="zlib")
