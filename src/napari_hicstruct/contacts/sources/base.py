"""What all map formats share: checks in words, either triangle, weights, balancing in memory, fingerprints."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import RAW, Pixels
from napari_hicstruct.contacts.sources.coverage import level_notes, with_contacts
from napari_hicstruct.contacts.sources.handles import FileLock, file_lock
from napari_hicstruct.contacts.sources.weighted import WeightedSource
from napari_hicstruct.contacts.values import ValueKind, bad_to_nan, good_pixels, kind_of
from napari_hicstruct.errors import HicStructError, MapError, RegionError
from napari_hicstruct.genome import Interval, NameMatcher, bin_range, format_bin_size

Block = NDArray[np.float32]

FILE_ERRORS = (OSError, RuntimeError, ValueError, KeyError, IndexError, TypeError, ArithmeticError, MemoryError)
"""What libraries throw at damaged files."""

MAX_BINS = 50_000_000
"""Of one chromosome; a damaged file can say anything, and memory is made for as many."""


class MapSource(WeightedSource):
    """Base of the sources; implements :class:`~napari_hicstruct.contacts.protocol.ContactSource`.

    A subclass gives metadata on construction and reads blocks, stored weights and pixels of its format.
    """

    def __init__(
        self,
        path: str,
        group: str | None,
        *,
        assembly: str,
        resolutions: tuple[int, ...],
        chromsizes: Mapping[str, int],
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        for chrom, length in chromsizes.items():
            if length // min(resolutions) > MAX_BINS:
                raise MapError(
                    f"says that {chrom} has {length // min(resolutions):,} bins; more than {MAX_BINS:,} are not read.",
                    where=path,
                    hint="Is the file damaged? Else make a map of larger bins.",
                )
        self.notes = notes
        self._path = path
        self._group = group
        self._assembly = assembly
        self._resolutions = tuple(sorted(resolutions))
        self._chromsizes = MappingProxyType(dict(chromsizes))
        self._names = NameMatcher(chromsizes)
        self._with_contacts: dict[str, tuple[int, ...]] = {}
        self._unusable: set[tuple[str, int]] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uri}>"

    # ---- what it is -------------------------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """File path, with ``::/group`` where a group was asked for."""
        return self._path if self._group is None else f"{self._path}::{self._group}"

    @property
    def name(self) -> str:
        """The file's stem."""
        return Path(self._path).stem

    @property
    def assembly(self) -> str:
        """Genome assembly as the file says, or empty."""
        return self._assembly

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Bin sizes in bp, finest first."""
        return self._resolutions

    @property
    def chromsizes(self) -> Mapping[str, int]:
        """Chromosome lengths in bp, in file order."""
        return self._chromsizes

    @cached_property
    def value_kind(self) -> ValueKind:
        """Counts, normalised contacts, or what is no contacts at all; from samples of the file."""
        kinds = [kind_of(*sample) for sample in self._samples()]
        order = (ValueKind.SIGNED, ValueKind.RATIO, ValueKind.NORMALISED)
        return next((kind for kind in order if kind in kinds), ValueKind.COUNTS)

    @property
    def integer_counts(self) -> bool:
        """False if the stored values are fractions or of both signs."""
        return self.value_kind is ValueKind.COUNTS

    def resolutions_of(self, chrom: str) -> tuple[int, ...]:
        """Bin sizes at which the file holds the contacts of ``chrom``, finest first; all that know it if none does."""
        name = self._chrom(chrom)
        if name not in self._with_contacts:
            with self._reading():
                self._with_contacts[name] = with_contacts(self._occupied(name))
        return self._with_contacts[name]

    def level_notes(self, chrom: str) -> tuple[str, ...]:
        """Which levels of ``chrom`` are not used, and which read so far hold values that are none; a sentence each."""
        name = self._chrom(chrom)
        with self._reading():
            notes = level_notes(name, self._occupied(name), self.resolutions_of(name))
        sizes = ", ".join(format_bin_size(size) for one, size in sorted(self._unusable) if one == name)
        unusable = f"Some values of {name} are negative, infinite or no numbers ({sizes}): they are left out."
        return (*notes, unusable) if sizes else notes

    @property
    def _file_lock(self) -> FileLock:
        return file_lock(self._path)

    # ---- what a format must give ------------------------------------------------------------------------------

    @abstractmethod
    def _occupied(self, chrom: str) -> dict[int, NDArray[np.int64]]:
        """Per resolution that knows ``chrom``: starts (bp) of bins that begin a stored pixel, or of some of them."""

    def _missing_bins(self, chrom: str, resolution: int) -> NDArray[np.bool_] | None:
        """True where the file has no such bin; None if it has all."""
        return None

    @abstractmethod
    def _read_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        """Raw counts with ``rows[0] <= cols[0]`` and ``rows[1] <= cols[1]`` (bins), mirrored where they overlap."""

    @abstractmethod
    def _read_pixels(
        self, chrom: str, rows: tuple[int, int], resolution: int, max_bins: int | None
    ) -> Iterator[Pixels]:
        """Upper-triangle pixels of some first bins in chunks, up to ``max_bins`` bins off the diagonal."""

    @abstractmethod
    def _read_genome_pixels(self, chrom: str, others: Sequence[str], resolution: int) -> Iterator[tuple[str, Pixels]]:
        """Upper-triangle pixels of all rows of a chromosome, cis and trans."""

    @abstractmethod
    def _samples(self) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
        """Values, first bins and distances (bins) of some stored pixels of one level, whole rows, read quickly."""

    @abstractmethod
    def _digest_content(self, add: Callable[[object], None]) -> None:
        """Feed what tells this map from any other; nothing that balancing or moving the file changes."""

    # ---- reading ----------------------------------------------------------------------------------------------

    def fetch(self, rows: Interval, cols: Interval, *, resolution: int, norm: str = RAW) -> Block:
        """Dense cis block over whole bins, rows × columns as given; NaN where a bin is bad."""
        chrom = self._chrom(rows.chrom)
        if self._chrom(cols.chrom) != chrom:
            raise RegionError(
                f"{rows} × {cols} lies on two chromosomes.", where=self.uri, hint="Only cis blocks can be read."
            )
        self._check_level(chrom, resolution)
        first, second = self._bins(chrom, rows, resolution), self._bins(chrom, cols, resolution)
        with self._reading():
            block = self._block(chrom, first, second, resolution)
        if bad_to_nan(block, signed=self._signed):
            self._unusable.add((chrom, resolution))
        if norm == RAW:
            self._blank_missing(block, chrom, first, second, resolution)
            return block
        weights = self.weights(chrom, resolution=resolution, norm=norm).astype(np.float32)
        block *= weights[slice(*first), None]
        block *= weights[None, slice(*second)]
        return block

    def pixels(
        self, chrom: str, *, resolution: int, max_distance: int | None = None, rows: Interval | None = None
    ) -> Iterator[Pixels]:
        """Raw upper-triangle pixels in chunks, up to ``max_distance`` bp; of some first bins only with ``rows``."""
        name = self._chrom(chrom)
        self._check_level(name, resolution)
        span = Interval(name, 0, self._chromsizes[name]) if rows is None else rows
        max_bins = None if max_distance is None else max_distance // resolution
        with self._reading():
            for part in self._read_pixels(name, self._bins(name, span, resolution), resolution, max_bins):
                good = good_pixels(part.count, signed=self._signed)
                if good.all():
                    yield part
                else:
                    self._unusable.add((name, resolution))
                    yield Pixels(part.bin1[good], part.bin2[good], part.count[good])

    def genome_pixels(self, chrom: str, others: Sequence[str], *, resolution: int) -> Iterator[tuple[str, Pixels]]:
        """Raw pixels of the rows of ``chrom`` by the chromosome of their second bin, in chunks.

        Bins count from the start of their own chromosome; ``others`` stand behind ``chrom`` in the file, or are it.
        """
        name = self._chrom(chrom)
        known = [self._chrom(other) for other in others]
        self._check_level(name, resolution)
        with self._reading():
            for other, part in self._read_genome_pixels(name, known, resolution):
                good = good_pixels(part.count, signed=self._signed)
                yield other, Pixels(part.bin1[good], part.bin2[good], part.count[good])

    def close(self) -> None:
        """Close the file; it opens again by itself when something is read."""
        self._file_lock.close()

    def fingerprint(self) -> str:
        """Hex digest of chromosomes, bins and a sample of the contacts; stable when moved or balanced."""
        return self._fingerprint

    # ---- inside -----------------------------------------------------------------------------------------------

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()

        def add(item: object) -> None:
            data = np.ascontiguousarray(item).tobytes() if isinstance(item, np.ndarray) else repr(item).encode()
            digest.update(len(data).to_bytes(8, "little") + data)

        add(tuple(self._chromsizes.items()))
        add(self._resolutions)
        with self._reading():
            self._digest_content(add)
        return digest.hexdigest()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn whatever a format library throws at a damaged or vanished file into words."""
        try:
            yield
        except (HicStructError, GeneratorExit):
            raise
        except FILE_ERRORS as error:
            detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise MapError(
                f"cannot be read ({detail}).", where=self.uri, hint="Is the file complete? Copy or download it again."
            ) from error

    def _chrom(self, name: str) -> str:
        try:
            return self._names.require(name)
        except RegionError as error:
            raise RegionError(error.message, where=self.uri, hint=error.hint) from None

    def _check_resolution(self, resolution: int) -> None:
        if resolution not in self._resolutions:
            known = ", ".join(format_bin_size(r) for r in self._resolutions)
            raise MapError(f"has no {format_bin_size(resolution)} bins.", where=self.uri, hint=f"It has {known}.")

    def _check_level(self, chrom: str, resolution: int) -> None:
        """Refuse a bin size that the map, or its level of ``chrom``, does not have."""
        self._check_resolution(resolution)

    def _bins(self, chrom: str, span: Interval, resolution: int) -> tuple[int, int]:
        length = self._chromsizes[chrom]
        if span.start >= length or len(span) == 0:
            raise RegionError(
                f"{span} lies outside {chrom}, which is {length:,} bp long." if len(span) else f"{span} is empty.",
                where=self.uri,
                hint=f"Choose a region within 0-{length:,}.",
            )
        return bin_range(span.start, min(span.end, length), resolution)

    def _block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        """Either triangle from upper-triangle reads; every stored pixel is read once."""
        if rows[0] > cols[0]:
            return np.ascontiguousarray(self._block(chrom, cols, rows, resolution).T)
        if rows[1] <= cols[1]:
            return self._read_block(chrom, rows, cols, resolution)
        upper = self._read_block(chrom, (rows[0], cols[1]), cols, resolution)
        lower = self._read_block(chrom, cols, (cols[1], rows[1]), resolution).T
        return np.concatenate([upper, lower])

    @property
    def _signed(self) -> bool:
        return self.value_kind is ValueKind.SIGNED

    def _blank_missing(
        self, block: Block, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int
    ) -> None:
        missing = self._missing_bins(chrom, resolution)
        if missing is not None:
            block[missing[slice(*rows)]] = np.nan
            block[:, missing[slice(*cols)]] = np.nan
