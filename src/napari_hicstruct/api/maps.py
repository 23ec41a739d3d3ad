"""A contact map in Python: arrays, dask arrays and data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.api.regions import Region, to_interval
from napari_hicstruct.contacts.protocol import COMPUTED, RAW, ContactSource
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.genome import NameMatcher, format_bin_size, n_bins

if TYPE_CHECKING:
    import dask.array as da
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from napari_hicstruct.workflows.open_map import MapSummary

MAX_FETCH_BYTES = 4 * 2**30
"""Of one block that :meth:`ContactMap.fetch` gives; more than that is what :meth:`ContactMap.to_dask` is for."""

TRANSFORMS = ("none", "oe")


class ContactMap:
    """A Hi-C or Micro-C contact map of one or several bin sizes.  Made by :func:`~napari_hicstruct.open_map`.

    Nothing of the contacts is read before it is asked for, and nothing is ever written into the file.  Cheap to pickle
    (it holds a path, not a handle) and safe in threads.

    Parameters
    ----------
    source : ContactSource
        The open file.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> m
    <ContactMap hicstruct-sample: 1 chromosome, bins of 5 kb, 10 kb, 25 kb, 50 kb, 100 kb>
    >>> m.fetch("chr1:5M-6M", 10_000).shape
    (100, 100)
    """

    def __init__(self, source: ContactSource) -> None:
        self._source = source

    def __repr__(self) -> str:
        """Name, number of chromosomes and bin sizes."""
        count = len(self._source.chromsizes)
        sizes = ", ".join(map(format_bin_size, self.resolutions))
        return f"<ContactMap {self.name}: {count:,} chromosome{'s' * (count != 1)}, bins of {sizes}>"

    # ---- what it is -------------------------------------------------------------------------------------------

    @property
    def source(self) -> ContactSource:
        """The open file behind this map, for the functions of ``napari_hicstruct.contacts``."""
        return self._source

    @property
    def uri(self) -> str:
        """Path of the file, with ``::/group`` where the map is not the whole file."""
        return self._source.uri

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self._source.name

    @property
    def assembly(self) -> str:
        """Genome assembly as the file says, or empty."""
        return self._source.assembly

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Bin sizes in bp, finest first."""
        return self._source.resolutions

    @property
    def chromsizes(self) -> pd.Series[int]:
        """Chromosome lengths in bp, a Series by name in file order, as cooler has it and bioframe takes it."""
        import pandas as pd

        sizes = self._source.chromsizes
        return pd.Series(list(sizes.values()), index=pd.Index(list(sizes), name="name"), name="length", dtype="int64")

    @property
    def notes(self) -> tuple[str, ...]:
        """What is peculiar about the file, one sentence each: levels left out, bins or weights missing, no counts.

        What only counting the contacts shows (depth, where they lie) is in the ``notes`` of :meth:`info`, too.
        """
        from napari_hicstruct.workflows.open_map import file_notes

        return file_notes(self._source)

    @property
    def value_kind(self) -> str:
        """What the stored numbers are.

        ``counts``, ``normalised contacts``, ``observed over expected``, or ``differences or log ratios``; nothing can
        be predicted on the last two.
        """
        return str(self._source.value_kind.value)

    @property
    def fingerprint(self) -> str:
        """Hex digest of the contacts that stays the same when the file is moved, renamed or balanced."""
        return self._source.fingerprint()

    @checked
    def resolutions_of(self, chrom: str) -> tuple[int, ...]:
        """Give the bin sizes at which the file holds the contacts of a chromosome.

        Parameters
        ----------
        chrom : str
            Any spelling: ``17`` is ``chr17``.

        Returns
        -------
        tuple of int
            Finest first, bp.

        Raises
        ------
        RegionError
            If the map has no such chromosome.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> hs.sample_map().resolutions_of("1")
        (5000, 10000, 25000, 50000, 100000)
        """
        return self._source.resolutions_of(chrom)

    @checked
    def normalisations(self, resolution: int, chrom: str | None = None) -> tuple[str, ...]:
        """Give the names of the weights that the file stores, the best first.

        Parameters
        ----------
        resolution : int
            Bin size, bp.
        chrom : str, optional
            Only those of which this chromosome has weights.

        Returns
        -------
        tuple of str
            Empty for a map without weights, which is balanced in memory.

        Raises
        ------
        MapError
            If the map has no such bins.
        RegionError
            If it has no such chromosome.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> hs.sample_map().normalisations(10_000)
        ('weight',)
        """
        return tuple(norm.name for norm in self._source.normalisations(resolution, chrom))

    @checked
    def info(self, *, progress: ProgressOption = None) -> MapSummary:
        """Summarise the map: contacts per chromosome, depth, weights, what can be predicted on it.

        Parameters
        ----------
        progress : bool or callable, optional
            True shows a bar; a function is called with every :class:`Progress`.

        Returns
        -------
        MapSummary
            ``chromosomes`` (``name``, ``length`` in bp, ``contacts``, ``adjacent``: the mean count at a distance of one
            bin of the finest size), ``contacts``, ``possible`` (task → why not, empty if it can be predicted),
            ``default_norms`` (what balances), ``first_norms`` (what the window opens with), ``notes`` and more.

        Raises
        ------
        MapError
            If the file is damaged.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> summary = hs.sample_map().info()
        >>> summary.possible
        {'loop': '', 'stripe': '', 'tad': ''}
        >>> summary.chromosomes[0].length
        12000000
        """
        from napari_hicstruct.workflows.open_map import iter_summarise

        return run(iter_summarise(self._source), progress)

    # ---- what is in it ----------------------------------------------------------------------------------------

    @checked
    def fetch(
        self,
        region: Region,
        resolution: int,
        *,
        norm: str | None = None,
        cols: Region | None = None,
        transform: str = "none",
    ) -> NDArray[np.float32]:
        """Read a block of contacts of one chromosome as a dense matrix.

        Parameters
        ----------
        region : str, Interval or (chrom, start, end)
            Rows, and columns too without `cols`.  ``chr17:60M-61M``, ``chr17:60,000,000-61,000,000`` or a chromosome's
            name; 0-based half-open bp, widened to whole bins.
        resolution : int
            Bin size, bp; one of :attr:`resolutions`.
        norm : str, optional
            Name of stored weights, ``raw`` for the stored values, ``ICE (computed)`` for weights balanced in memory.
            Default: the best that the chromosome has, else balanced in memory.
        cols : str, Interval or (chrom, start, end), optional
            Columns, on the same chromosome.
        transform : {"none", "oe"}
            ``oe`` divides by the mean at each distance (observed over expected).

        Returns
        -------
        ndarray of float32, shape (n_rows, n_cols)
            Contacts of bin pairs, either triangle; NaN where a bin is bad.

        Raises
        ------
        RegionError
            If a region is misspelt, not on the map, or rows and columns lie on two chromosomes.
        MapError
            If the map has no such bins or weights, the block would exceed 4 GiB, or the file is damaged.
        ConfigError
            If there is no such `transform`, or another argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> m = hs.sample_map()
        >>> counts = m.fetch("chr1:5M-5.05M", 10_000, norm="raw")
        >>> counts.shape, bool((counts == counts.T).all())
        ((5, 5), True)
        >>> m.fetch("chr1:5M-6M", 10_000, cols="chr1:7M-7.5M", transform="oe").shape
        (100, 50)
        """
        from napari_hicstruct.contacts.file_level import FileLevel

        rows = to_interval(region, self._source.chromsizes)
        columns = rows if cols is None else to_interval(cols, self._source.chromsizes)
        _check_transform(transform)
        self._check_bins(resolution)
        self._check_size(n_bins(len(rows), resolution) * n_bins(len(columns), resolution), resolution)
        chosen = self._norm(rows.chrom, resolution, norm)
        if transform == "none" or columns.chrom != rows.chrom:
            return self._source.fetch(rows, columns, resolution=resolution, norm=chosen)
        bins = FileLevel(self._source, rows.chrom, resolution, chosen, ratio=True)
        first, second = ((part.start // resolution, n_bins(part.end, resolution)) for part in (rows, columns))
        return bins.read((*first, *second))

    @checked
    def to_dask(
        self, chrom: str, resolution: int, *, norm: str | None = None, transform: str = "none", chunks: int = 4096
    ) -> da.Array:
        """Give the contacts of a whole chromosome as a lazy dask array.

        A slice of it is read as the one rectangle that it is (dask fuses slices); whole reductions go chunk by chunk,
        so memory is bounded by `chunks` and the number of dask's workers.  napari turns that fusion off for dask arrays
        that it is given: look at maps with :func:`show`, not with ``viewer.add_image``.

        Parameters
        ----------
        chrom : str
            Any spelling: ``17`` is ``chr17``.
        resolution : int
            Bin size, bp.
        norm : str, optional
            As for :meth:`fetch`.
        transform : {"none", "oe"}
            As for :meth:`fetch`.
        chunks : int
            Bins along each side of a chunk; 4096 make 64 MiB.

        Returns
        -------
        dask.array.Array of float32, shape (n_bins, n_bins)
            NaN where a bin is bad.

        Raises
        ------
        RegionError
            If the map has no such chromosome.
        MapError
            If the chromosome has no contacts at this bin size, or none of these weights.
        ConfigError
            If there is no such `transform`, `chunks` is less than 1, or another argument is not what it says above.

        Examples
        --------
        >>> import dask.array as da
        >>> import napari_hicstruct as hs
        >>> contacts = hs.sample_map().to_dask("chr1", 25_000, chunks=200)
        >>> contacts.shape
        (480, 480)
        >>> near, far = (da.nanmean(da.diagonal(contacts, bins)).compute() for bins in (1, 40))
        >>> bool(near > far)
        True
        """
        from napari_hicstruct.contacts.pyramid import build_levels

        name = self._chrom(chrom)
        _check_transform(transform)
        if chunks < 1:
            raise ConfigError(f"chunks of {chunks} bins cannot be made.", hint="Give 1 or more; 4096 make 64 MiB.")
        chosen = self._norm(name, resolution, norm)
        if resolution not in self.resolutions_of(name):
            have = ", ".join(map(format_bin_size, self.resolutions_of(name)))
            text = f"{name} has no contacts at {format_bin_size(resolution)}."
            raise MapError(text, where=self.uri, hint=f"It has them at {have}.")
        if norm is not None and chosen != COMPUTED:
            self._source.weights(name, resolution=resolution, norm=chosen)  # refused here, not when it is computed
        level = build_levels(self._source, name, norm=chosen, transform=transform, resolutions=[resolution])[0]
        size = n_bins(self._source.chromsizes[name], resolution)
        return level.to_dask(chunks=chunks)[:size, :size]

    @checked
    def weights(self, chrom: str, resolution: int, *, norm: str | None = None) -> NDArray[np.float64]:
        """Give the weight of each bin of a chromosome; balanced = stored value · w[i] · w[j].

        Parameters
        ----------
        chrom : str
            Any spelling: ``17`` is ``chr17``.
        resolution : int
            Bin size, bp.
        norm : str, optional
            As for :meth:`fetch`.

        Returns
        -------
        ndarray of float64, shape (n_bins,)
            NaN where a bin is bad.  Weights that their program divides by (Juicer's) are inverted here.

        Raises
        ------
        RegionError
            If the map has no such chromosome.
        MapError
            If it has no such bins or weights.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> hs.sample_map().weights("chr1", 100_000).shape
        (120,)
        """
        name = self._chrom(chrom)
        found = self._source.weights(name, resolution=resolution, norm=self._norm(name, resolution, norm))
        return found.copy()

    @checked
    def pixels(
        self, region: Region, resolution: int, *, norm: str | None = None, max_distance: int | None = None
    ) -> pd.DataFrame:
        """Read the stored pixels of a region as a data frame.

        Parameters
        ----------
        region : str, Interval or (chrom, start, end)
            Both bins lie in it.
        resolution : int
            Bin size, bp.
        norm : str, optional
            Adds a column ``balanced`` by these weights; without it there is none.
        max_distance : int, optional
            bp between the starts of both bins at most.

        Returns
        -------
        DataFrame
            ``chrom1 start1 end1 chrom2 start2 end2 count``, upper triangle (``start1 <= start2``), bp; ``count`` as it
            is stored, float64.

        Raises
        ------
        RegionError
            If the region is misspelt or not on the map.
        MapError
            If the map has no such bins or weights, or there are more than 20 million pixels.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> pixels = hs.sample_map().pixels("chr1:5M-5.02M", 10_000)
        >>> pixels[["start1", "start2"]].values.tolist()
        [[5000000, 5000000], [5000000, 5010000], [5010000, 5010000]]
        """
        from napari_hicstruct.api.pixels import pixel_frame

        place = to_interval(region, self._source.chromsizes)
        self._check_bins(resolution)
        weights = None if norm is None else self.weights(place.chrom, resolution, norm=norm)
        frame = pixel_frame(self._source, place, resolution, max_distance)
        if weights is None:
            return frame
        first, second = (weights[frame[name].to_numpy() // resolution] for name in ("start1", "start2"))
        return frame.assign(balanced=frame["count"] * first * second)

    # ---- inside -----------------------------------------------------------------------------------------------

    def _norm(self, chrom: str, resolution: int, norm: str | None) -> str:
        return self._source.default_norm(resolution, chrom) if norm is None else RAW if norm.lower() == RAW else norm

    def _chrom(self, name: str) -> str:
        """The map's own spelling; a region is refused, for it would be taken for all of its chromosome."""
        return NameMatcher(self._source.chromsizes).require(name)

    def _check_bins(self, resolution: int) -> None:
        """Refuse what is no bin size of the map before anything is divided by it."""
        if resolution not in self.resolutions:
            text = format_bin_size(resolution) if isinstance(resolution, int) else repr(resolution)
            have = ", ".join(map(format_bin_size, self.resolutions))
            raise MapError(f"has no {text} bins.", where=self.uri, hint=f"It has {have}.")

    def _check_size(self, pairs: int, resolution: int) -> None:
        if pairs * 4 > MAX_FETCH_BYTES:
            text = f"a block of {pairs * 4 / 2**30:,.1f} GiB was asked for at {format_bin_size(resolution)}."
            raise MapError(text, where=self.uri, hint="Use to_dask, a smaller region, or larger bins.")


def _check_transform(transform: str) -> None:
    if transform not in TRANSFORMS:
        raise ConfigError(f"there is no transform '{transform}'.", hint=f"Choose from {', '.join(TRANSFORMS)}.")
