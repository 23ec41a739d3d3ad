"""Regions of users' data sets on disk (zarr): contacts, labels and where these are known; written once, drawn for ever.

A region is a zarr group of its own, so windows are cut from it by the very code that cuts simulated maps: training sees
them thinned, reversed and shifted, and what prediction sees later is made the same way (ADR 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import in_place_of, why, why_and_hint
from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.errors import ModelError, OutputError
from napari_hicstruct.labels.corrections import Marks
from napari_hicstruct.labels.scope import Scope
from napari_hicstruct.labels.truth import BinTruth
from napari_hicstruct.labels.weak import weak_boundaries

Track = NDArray[np.float32]
FORMAT = 1
_BROKEN, _HINT = "is not a whole region of a data set.", "Make it again with hicstruct dataset."
_TRUTH = ("loops", "stripes", "boundaries")
WEAK = "weak_boundary"
"""Array of the coarse bins: probability of a boundary by the map alone, shape (n_bins,)."""


@dataclass(frozen=True, slots=True)
class Region:
    """One labelled region.

    Attributes
    ----------
    fine, coarse : Band
        ``fine`` holds no contacts and only bad bins where the map has no fine bins.
    fine_truth, coarse_truth : BinTruth
        In bins from the region's start.
    fine_known, coarse_known : bool, shape (n_bins,)
        Bins in which absence is a label.
    heads : frozenset of str
        Kinds of heads (point, mask, boundary) for which labels were given.
    tracks : mapping of str to (float32, float32)
        1-D tracks by name, scaled over the whole chromosome, in fine and in coarse bins of the region.
    marks : mapping of str to (Marks, Marks)
        By head, in fine and in coarse bins: where a person's judgments hold (``labels.corrections.marks``).
    """

    fine: Band
    coarse: Band
    fine_truth: BinTruth
    coarse_truth: BinTruth
    fine_known: NDArray[np.bool_]
    coarse_known: NDArray[np.bool_]
    heads: frozenset[str]
    tracks: Mapping[str, tuple[Track, Track]] = field(default_factory=dict)
    marks: Mapping[str, tuple[Marks, Marks]] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """Where and of which heads labels are known."""
        fine, coarse = ({head: own[k] for head, own in self.marks.items()} for k in range(2))
        return Scope(self.fine_known, self.coarse_known, self.heads, fine, coarse)


def save_region(region: Region, path: Path) -> None:
    """Write a region as a zarr group; a folder beside it first, then renamed.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    import zarr

    try:
        with in_place_of(path) as folder:
            _fill(zarr.open_group(folder, mode="w"), region)
    except OSError as error:
        said = f"the data set could not be written ({error.strerror or why(error)})."
        raise OutputError(said, where=path, hint=why_and_hint(error)[1]) from error


def _fill(group: Any, region: Region) -> None:
    names = {"heads": sorted(region.heads), "tracks": list(region.tracks), "marks": sorted(region.marks)}
    group.attrs.update({"format": FORMAT, **names})
    parts = {"fine": (region.fine, region.fine_truth, region.fine_known)}
    parts["coarse"] = (region.coarse, region.coarse_truth, region.coarse_known)
    for name, (band, truth, known) in parts.items():
        inner = group.create_group(name)
        inner.attrs.update({"chrom": band.chrom, "resolution": band.resolution, "first_bin": band.first_bin})
        inner.attrs["scale"] = band.scale
        arrays = {"counts": band.counts, "weights": band.weights, "expected": band.expected, "known": known}
        for key, values in (arrays | {key: getattr(truth, key) for key in _TRUTH}).items():
            inner.create_array(key, data=values)
        if region.tracks:
            inner.create_array("tracks", data=np.stack([both[name == "coarse"] for both in region.tracks.values()]))
        for head, both in region.marks.items():
            inner.create_array(f"marks_{head}", data=both[name == "coarse"])
    # for people to look at, training makes its own by its own settings
    group["coarse"].create_array(WEAK, data=weak_boundaries(region.coarse, WeakConfig()).insulation)


def region_heads(path: Path) -> tuple[frozenset[str], int, tuple[str, ...]]:
    """Heads with labels, the coarse bin size (bp) and the names of the tracks, without reading contacts.

    Raises
    ------
    ModelError
        As :func:`load_region`.
    """
    try:
        group = _open(path)
        return frozenset(group.attrs["heads"]), int(group["coarse"].attrs["resolution"]), _names(group)
    except (KeyError, ValueError, OSError) as error:
        raise ModelError(_BROKEN, where=path, hint=_HINT) from error


def _open(path: Path) -> Any:
    import zarr

    group: Any = zarr.open_group(path, mode="r")
    if int(group.attrs["format"]) > FORMAT:
        raise ModelError("was written by a newer version.", where=path, hint="Update.")
    return group


def _names(group: Any) -> tuple[str, ...]:
    return tuple(group.attrs.get("tracks", ()))  # data sets made before tracks have none


def load_region(path: Path) -> Region:
    """Read what :func:`save_region` wrote.

    Raises
    ------
    ModelError
        If it is no region of a data set, or was written by a newer version.
    """
    try:
        group = _open(path)
        fine, coarse = (_read(group[name]) for name in ("fine", "coarse"))
        heads, names = frozenset(group.attrs["heads"]), _names(group)
        both = [np.asarray(group[name]["tracks"][...]) if names else () for name in ("fine", "coarse")]
        tracks = dict(zip(names, zip(*both, strict=True), strict=True))
        marks = {head: _marks(group, head) for head in group.attrs.get("marks", ())}
    except (KeyError, ValueError, OSError, RuntimeError) as error:  # codecs raise RuntimeError on damaged chunks
        raise ModelError(_BROKEN, where=path, hint=_HINT) from error
    return Region(fine[0], coarse[0], fine[1], coarse[1], fine[2], coarse[2], heads, tracks, marks)


def _marks(group: Any, head: str) -> tuple[Marks, Marks]:
    fine, coarse = (np.asarray(group[name][f"marks_{head}"][...]) for name in ("fine", "coarse"))
    return fine, coarse


def _read(group: Any) -> tuple[Band, BinTruth, NDArray[np.bool_]]:
    values = {key: np.asarray(group[key][...]) for key in ("counts", "weights", "expected", "known", *_TRUTH)}
    attributes = group.attrs
    where = (str(attributes["chrom"]), int(attributes["resolution"]), int(attributes["first_bin"]))
    scale = float(attributes.get("scale", 1))  # data sets of before 0.6 have none
    band = Band(*where, values["counts"], values["weights"], values["expected"], scale=scale)
    return band, BinTruth(*(values[key] for key in _TRUTH)), values["known"].astype(bool)


def thinned(region: Region, factor: float, rng: np.random.Generator) -> tuple[Band, Band]:
    """Both bands with each contact kept with a chance of ``1 / factor`` (fine and coarse independently).

    Maps stored normalised hold equivalent counts with fractions: those are rounded up or down by chance, so that the
    expectation stays.
    """
    return _thin(region.fine, factor, rng), _thin(region.coarse, factor, rng)


def _thin(band: Band, factor: float, rng: np.random.Generator) -> Band:
    whole = np.floor(band.counts)
    part = band.counts - whole
    if part.any():
        whole += rng.random(part.shape, np.float32) < part
    counts = rng.binomial(whole.astype(np.int64), 1 / factor).astype(np.float32)
    return replace(band, counts=counts, expected=(band.expected / factor).astype(np.float32))
