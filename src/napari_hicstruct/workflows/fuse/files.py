"""Two picture files become one, with the decision mask beside it where it is asked for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.config.files import check_output_file
from napari_hicstruct.errors import OutputError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.fuse.image_files import check_place, check_writable, read_picture, write_picture
from napari_hicstruct.workflows.fuse.images import FusedImages, FuseImagesRequest, checked_pair, iter_fuse_images


@dataclass(frozen=True, slots=True)
class FuseFilesRequest:
    """Two pictures as files, and where the result belongs.

    Attributes
    ----------
    a, b : Path
    out : Path
        ``.png``, ``.tif`` or ``.npy``.
    preset, model, device, threads
        As in :class:`~napari_hicstruct.workflows.fuse.images.FuseImagesRequest`.
    mask : Path, optional
        Gets the decision mask, ``.tif`` or ``.npy``.
    overwrite : bool
        Replace files that exist; inputs are never replaced.
    """

    a: Path
    b: Path
    out: Path
    preset: str = "lytro"
    model: Path | None = None
    mask: Path | None = None
    device: str = "auto"
    threads: int | None = None
    overwrite: bool = False


def iter_fuse_files(request: FuseFilesRequest, token: CancelToken) -> Generator[Progress, None, FusedImages]:
    """Read, fuse and write; a generator of Progress.

    Raises
    ------
    ImageError
        If a picture cannot be read, or they do not go together.
    ConfigError, ModelError
    OutputError
        If a file cannot be written, exists, or is one of the inputs.
    """
    yield Clock().step("read pictures", 0, 2)
    a, b = read_picture(request.a), read_picture(request.b)
    first, _, _ = checked_pair(a, b)
    targets = [request.out] if request.mask is None else [request.out, request.mask]
    if len({path.resolve() for path in targets}) < len(targets) or _one_file(targets):
        raise OutputError("is asked for twice: for picture and mask.", where=request.out, hint="Give two names.")
    for path in targets:
        check_output_file(path, (request.a, request.b), overwrite=request.overwrite)
    check_writable(request.out, first)
    for path in targets:  # a mask that cannot be written must not leave a picture without it
        check_place(path)
    if request.mask is not None:
        check_writable(request.mask, first[..., 0].astype("f4") if first.shape[-1] in (3, 4) else first.astype("f4"))
    made = yield from iter_fuse_images(
        FuseImagesRequest(a, b, request.preset, request.model, request.device, request.threads), token
    )
    write_picture(request.out, made.fused)
    if request.mask is not None:
        write_picture(request.mask, made.mask)
    return made


def _one_file(paths: list[Path]) -> bool:
    """True if two names are of one file that exists."""
    found = [(one.st_dev, one.st_ino) for one in (path.stat() for path in paths if path.exists())]
    return len(set(found)) < len(found)
