"""Public pictures with labels, each cut into a part to learn from and another to judge on, and domains of maps.

Where a package ships no labels, they are made by the recipe that is written here: then a figure says how well the
network learns that recipe, not how well it sees what a person would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._harness import BenchmarkError, scratch
from napari_hicstruct.workflows.segment.compare import halves
from napari_hicstruct.workflows.segment.sample import ImageSample

Arrays = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures of one kind.

    Attributes
    ----------
    name : str
    train, test : tuple of ImageSample
        Separate: the left and right halves of one picture, or maps of other seeds.
    preset : str
    truth : str
        Where the labels are from.
    """

    name: str
    train: tuple[ImageSample, ...]
    test: tuple[ImageSample, ...]
    preset: str
    truth: str


def coins() -> Arrays:
    """Coins of scikit-image; labels by its own recipe: watershed on the Sobel picture from sure coin and sure rest."""
    from scipy import ndimage
    from skimage import data
    from skimage.filters import sobel
    from skimage.morphology import remove_small_objects
    from skimage.segmentation import watershed

    image = data.coins()
    markers = np.where(image < 30, 1, np.where(image > 150, 2, 0))
    found = ndimage.binary_fill_holes(watershed(sobel(image), markers) == 2)
    found = remove_small_objects(ndimage.binary_opening(found, iterations=2), max_size=200)
    return image, ndimage.label(found)[0]


def ihc() -> Arrays:
    """Colon in immunohistochemistry of scikit-image, in colours; labels by its stains.

    1 where haematoxylin (nuclei), 2 where DAB (the marker) is above Otsu's threshold of the smoothed stain; specks of
    fewer than 40 pixels left out.
    """
    from scipy import ndimage
    from skimage import data
    from skimage.color import rgb2hed
    from skimage.filters import threshold_otsu
    from skimage.morphology import remove_small_objects

    image = data.immunohistochemistry()
    stains = ndimage.gaussian_filter(rgb2hed(image), (1.5, 1.5, 0))
    labels = np.zeros(image.shape[:2], np.uint8)
    for value, k in ((1, 0), (2, 2)):
        labels[remove_small_objects(stains[..., k] > threshold_otsu(stains[..., k]), max_size=40)] = value
    return image, labels


def retina() -> Arrays:
    """Fundus of scikit-image at half its size, in colours; labels: vessels by Sato's ridge filter with hysteresis."""
    from scipy import ndimage
    from skimage import data
    from skimage.filters import apply_hysteresis_threshold, sato
    from skimage.morphology import remove_small_objects
    from skimage.transform import downscale_local_mean

    whole = data.retina()
    image = downscale_local_mean(whole[: whole.shape[0] // 2 * 2, : whole.shape[1] // 2 * 2], (2, 2, 1))
    green = ndimage.gaussian_filter(image[..., 1], 1)
    eye = ndimage.binary_erosion(image[..., 0] > 30, iterations=12)
    ridges = sato(green, sigmas=(1.5, 2.5, 3.5), black_ridges=True) * eye
    high, low = np.percentile(ridges[eye], [96, 90])
    vessels = remove_small_objects(apply_hysteresis_threshold(ridges, low, high), max_size=150)
    return image.astype(np.uint8), vessels.astype(np.uint8)


def page() -> Arrays:
    """Scanned page of scikit-image under uneven light; labels: letters by Sauvola's local threshold."""
    from skimage import data
    from skimage.filters import threshold_sauvola

    image = data.page()
    return image, (image < threshold_sauvola(image, window_size=25)).astype(np.uint8)


def nuclei(folder: Path) -> Arrays:
    """Nuclei of the package StarDist with their labels, drawn by people (from the Data Science Bowl 2018)."""
    import tifffile

    try:
        return tifffile.imread(folder / "img2d.tif"), tifffile.imread(folder / "mask2d.tif").astype(np.int32)
    except OSError as error:
        hint = "Unpack the wheel of stardist and give its stardist/data/images by --stardist."
        raise BenchmarkError(f"{folder} holds no img2d.tif and mask2d.tif. {hint}") from error


TRAIN_SEEDS, TEST_SEEDS = tuple(range(7_101, 7_107)), tuple(range(7_201, 7_205))
DOMAIN_BINS, DOMAIN_RESOLUTION, DOMAIN_DEPTH = 256, 10_000, 1_000.0
MAX_DOMAIN_BINS = 60
"""Larger ones are left out: at this depth a picture hardly shows them, and a few would be most of the area."""


def domains(seed: int) -> Arrays:
    """256 bins of 10 kb of a simulated map as a picture of log2 observed/expected; labels: its true domains of up
    to 600 kb.

    A pixel has the number of the smallest domain that holds both its bins; what is in none is 0.  Simulated maps are
    kept, for they take seconds.
    """
    path = scratch("picture_domains") / f"{seed}-{DOMAIN_BINS}-{DOMAIN_DEPTH:.0f}.npz"
    if not path.exists():
        np.savez_compressed(path, **dict(zip(("image", "labels"), _simulated(seed), strict=True)))
    with np.load(path) as file:
        return file["image"], file["labels"]


def _simulated(seed: int) -> Arrays:
    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.synth import simulate_map

    config = SimulationConfig(length=7_000_000, resolution=DOMAIN_RESOLUTION)
    made = simulate_map(config, seed)
    counts = made.sample(DOMAIN_DEPTH, np.random.default_rng([seed, 2]))
    n, first = made.n_bins, (made.n_bins - DOMAIN_BINS) // 2
    image = np.zeros((n, n), np.float32)
    for d in range(min(n, counts.shape[0])):
        weight = made.bias[: n - d] * made.bias[d:]
        row = counts[d, : n - d] / np.where(weight > 0, weight, 1)
        seen = ~(made.masked[: n - d] | made.masked[d:])
        mean = row[seen].mean() if seen.any() else 0.0
        value = np.where(seen, np.log2((row + 1) / (mean + 1)), 0)  # a count more: 0 where nothing is to be expected
        at = np.arange(n - d)
        image[at, at + d] = image[at + d, at] = value
    labels = np.zeros((n, n), np.int32)
    found = made.truth.domains
    found = found[found["end"] - found["start"] <= MAX_DOMAIN_BINS * DOMAIN_RESOLUTION]
    order = np.argsort(found["start"] - found["end"], kind="stable")
    for number, k in enumerate(order, 1):
        at = slice(int(found["start"][k]) // DOMAIN_RESOLUTION, int(found["end"][k]) // DOMAIN_RESOLUTION)
        labels[at, at] = number
    inner = (slice(first, first + DOMAIN_BINS),) * 2
    return image[inner], labels[inner]


_BY_RECIPE = "the recipe in benchmarks/_pictures.py"


def picture_sets(stardist: Path | None) -> list[PictureSet]:
    """All sets; nuclei only where the folder of StarDist's pictures is given."""
    made: list[tuple[str, Callable[[], Arrays], str, str]] = [
        ("coins", coins, "nuclei", _BY_RECIPE),
        ("ihc", ihc, "generic", _BY_RECIPE),
        ("retina", retina, "generic", _BY_RECIPE),
        ("page", page, "generic", _BY_RECIPE),
    ]
    if stardist is not None:
        made.insert(0, ("nuclei", lambda: nuclei(stardist), "nuclei", "people"))
    sets = []
    for name, make, preset, truth in made:
        left, right = halves(ImageSample(name, *make()))
        sets.append(PictureSet(name, (left,), (right,), preset, truth))
    parts = [tuple(ImageSample(f"map {seed}", *domains(seed)) for seed in s) for s in (TRAIN_SEEDS, TEST_SEEDS)]
    sets.append(PictureSet("domains", parts[0], parts[1], "domains", "the simulator"))
    return sets
