"""Fusion of two pictures or two contact maps, from Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import is_path_like
from napari_hicstruct.api.arguments import path as a_path
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.maps import ContactMap
from napari_hicstruct.api.pictures import array_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken

if TYPE_CHECKING:
    from napari_hicstruct.workflows.fuse.images import FusedImages
    from napari_hicstruct.workflows.fuse.maps import FusedMap

Fusible = Any
"""What ``a`` and ``b`` may be: an array, a napari ``Image`` layer, a picture's path; a map or its path."""


@checked
def fuse(
    a: Fusible,
    b: Fusible,
    preset: str = "",
    *,
    out: str | Path | None = None,
    resolution: int | None = None,
    region: str | None = None,
    counts: bool = False,
    model: str | Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> FusedImages | FusedMap:
    """Fuse two pictures, or two contact maps, of one thing, as ``hicstruct fuse`` does.

    A network gives a decision mask: how much of each is believed where.  Both inputs stay as they are.

    Parameters
    ----------
    a, b : array, napari Image layer, path, or ContactMap
        Pictures of one shape and type: Y × X, Y × X × 3 for colours, or a stack Z × Y × X.  Or contact maps with bins
        of one assembly.
    preset : {"lytro", "microscopy", "hic"}, optional
        ``lytro`` for photographs, ``microscopy`` for noisy pictures, ``hic`` for maps.  Default: by what is given.
    out : path, optional
        Maps: the ``.mcool`` to write.  Pictures: a file for the fused one, if it is to be written.
    resolution : int, optional
        Maps: finest bins of the result, bp.  Default: the finest of both.
    region : str, optional
        Maps: only here, as ``"chr1:5M-10M"``.
    counts : bool
        Maps: write whole pseudo-counts, no fractions.
    model : path, optional
        A folder that ``hicstruct fuse-train`` wrote, instead of a preset.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    threads : int, optional
        Threads of the processor.  Default: as many as there are.
    overwrite : bool
        Replace `out`.  What is read is never replaced.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    FusedImages or FusedMap
        Of pictures ``fused`` (type and shape of `a`), ``mask`` (share of `a`, float32), ``notes``, ``model``.  Of maps
        ``path``, ``shares`` (a data frame, a row for each chromosome), ``notes``, ``model``.

    Raises
    ------
    ImageError
        If a picture cannot be read, or the two do not go together.
    MapError
        If a map cannot be read, or the two do not go together.
    ConfigError
        If an argument is wrong.
    ModelError
        If `model` cannot be used.
    OutputError
        If `out` cannot be written, exists, or is one of the inputs.

    Examples
    --------
    A chequered floor, once sharp on the left, once on the right:

    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> import napari_hicstruct as hs
    >>> y, x = np.mgrid[:64, :96]
    >>> floor = ((y // 4 + x // 4) % 2).astype(np.float32)
    >>> soft = gaussian_filter(floor, 2)
    >>> a, b = np.where(x < 48, floor, soft), np.where(x < 48, soft, floor)
    >>> made = hs.fuse(a, b)
    >>> float(made.mask[:, :40].mean()) > 0.9, float(made.mask[:, 56:].mean()) < 0.1
    (True, True)
    """
    kinds = {_is_map(one) for one in (a, b)}
    if len(kinds) > 1:
        raise ConfigError("a and b are a map and a picture.", hint="Give two maps, or two pictures.")
    if preset and model is not None:
        raise ConfigError("preset and model both give a network.", hint="Give one of them.")
    common: dict[str, Any] = {
        "model": None if model is None else Path(model),
        "device": device,
        "threads": threads,
    }
    if kinds == {True}:
        if preset not in ("", "hic"):
            raise ConfigError(f"preset='{preset}' is of pictures.", hint="Leave it out: maps have the preset hic.")
        return run(_of_maps(a, b, out, (resolution, region, counts), common | {"overwrite": overwrite}), progress)
    if resolution is not None or region is not None or counts:
        raise ConfigError("resolution, region and counts go with maps.", hint="Leave them out for pictures.")
    return _fuse_pictures((a, b), preset or "lytro", out, common | {"overwrite": overwrite}, progress)


def _is_map(given: Any) -> bool:
    """True for maps and for paths that are no picture's."""
    from napari_hicstruct.workflows.fuse.image_files import is_picture

    if isinstance(given, ContactMap):
        return True
    return is_path_like(given) and not is_picture(str(given))


def _of_maps(a: Any, b: Any, out: Any, places: tuple[Any, ...], common: dict[str, Any]) -> Any:
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest, iter_fuse_maps

    if out is None:
        raise ConfigError("maps are fused into a file.", hint="Add out='fused.mcool'.")
    resolution, region, counts = places
    first, second = (one.uri if isinstance(one, ContactMap) else str(a_path("a", one)) for one in (a, b))
    where = None if region is None else parse_region(region)
    request = FuseMapsRequest(first, second, Path(out), resolution=resolution, region=where, counts=counts, **common)
    return iter_fuse_maps(request, CancelToken())


def _fuse_pictures(
    given: tuple[Any, Any], preset: str, out: Any, common: dict[str, Any], progress: ProgressOption
) -> FusedImages:
    """Pictures of any source; the inputs of a file that is written are known where they are files."""
    from napari_hicstruct.config.files import check_output_file
    from napari_hicstruct.workflows.fuse.image_files import check_place, check_writable, write_picture
    from napari_hicstruct.workflows.fuse.images import FuseImagesRequest, checked_pair, iter_fuse_images

    overwrite = common.pop("overwrite")
    a, b = (_pixels(one) for one in given)
    if out is not None:
        inputs = [Path(one) for one in given if is_path_like(one)]
        check_output_file(Path(out), inputs, overwrite=overwrite)
        check_writable(Path(out), checked_pair(a, b)[0])
        check_place(Path(out))
    made = run(iter_fuse_images(FuseImagesRequest(a, b, preset, **common), CancelToken()), progress)
    if out is not None:
        write_picture(Path(out), made.fused)
    return made


def _pixels(given: Any) -> Any:
    """An array of what is given: a path's picture, a layer's data, or itself."""
    from napari_hicstruct.workflows.fuse.image_files import read_picture

    if is_path_like(given):
        return read_picture(Path(a_path("a", given)))
    return array_of(given, "a picture")
