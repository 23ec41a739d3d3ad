"""What all map formats share: checks in words, either triangle, weights, balancing in memory, fingerprints."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.balance import ice_weights
from napari_hicstruct.contacts.cache import load_array, store_array
from napari_hicstruct.contacts.handles import FileGate, gate_of
from napari_hicstruct.contacts.protocol import COMPUTED, RAW, Normalisation, Pixels
from napari_hicstruct.errors import HicStructError, MapError, RegionError
from napari_hicstruct.genome import Interval, NameMatcher, bin_range, format_bp, n_bins

Block = NDArray[np.float32]

PREFERENCE = ("weight", "ICE", "KR", "SCALE", "VC_SQRT", "VC")
"""Stored normalisations, the best first; others follow in file order, genome-wide and inter ones last."""


def order_norms(names: list[str]) -> list[str]:
    """Names of normalisations, the best for cis maps first."""

    def rank(name: str) -> tuple[int, int]:
        known = PREFERENCE.index(name) if name in PREFERENCE else len(PREFERENCE)
        return (known + 100 * name.startswith(("GW_", "INTER_")), names.index(name))

    return sorted(names, key=rank)


class MapSource(ABC):
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
    ) -> None:
        self._path = path
        self._group = group
        self._assembly = assembly
        self._resolutions = tuple(sorted(resolutions))
        self._chromsizes = MappingProxyType(dict(chromsizes))
        self._names = NameMatcher(chromsizes)
        self._weights: dict[tuple[str, int, str], NDArray[np.float64]] = {}
        self._weights_lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        from napari_hicstruct.contacts.opening import open_map

        return (open_map, (self.uri,))

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
    def integer_counts(self) -> bool:
        """False if a sample of the stored values holds fractions or negative numbers."""
        values = self._sample_values()
        finite = values[np.isfinite(values)]
        return bool(len(finite) == len(values) and (finite >= 0).all() and (finite == np.rint(finite)).all())

    @property
    def _gate(self) -> FileGate:
        return gate_of(self._path)

    # ---- what a format must give ------------------------------------------------------------------------------

    @abstractmethod
    def normalisations(self, resolution: int) -> tuple[Normalisation, ...]:
        """Normalisations stored at ``resolution``, the best first."""

    @abstractmethod
    def _read_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        """Raw counts with ``rows[0] <= cols[0]`` and ``rows[1] <= cols[1]`` (bins), mirrored where they overlap."""

    @abstractmethod
    def _read_weights(self, chrom: str, resolution: int, norm: Normalisation) -> NDArray[np.float64]:
        """The stored vector of one chromosome, as it stands in the file."""

    @abstractmethod
    def _read_pixels(
        self, chrom: str, rows: tuple[int, int], resolution: int, max_bins: int | None
    ) -> Iterator[Pixels]:
        """Upper-triangle pixels of some first bins in chunks, up to ``max_bins`` bins off the diagonal."""

    @abstractmethod
    def _sample_values(self) -> NDArray[np.float64]:
        """Some stored values, read quickly."""

    @abstractmethod
    def _digest_content(self, add: Callable[[object], None]) -> None:
        """Feed what tells this map from any other; nothing that balancing or moving the file changes."""

    # ---- reading ----------------------------------------------------------------------------------------------

    def default_norm(self, resolution: int) -> str:
        """Best stored normalisation at ``resolution``, else :data:`COMPUTED`."""
        stored = self.normalisations(resolution)
        return stored[0].name if stored else COMPUTED

    def fetch(self, rows: Interval, cols: Interval, *, resolution: int, norm: str = RAW) -> Block:
        """Dense cis block over whole bins, rows × columns as given; NaN where a bin is bad."""
        chrom = self._chrom(rows.chrom)
        if self._chrom(cols.chrom) != chrom:
            raise RegionError(
                f"{rows} × {cols} lies on two chromosomes.", where=self.uri, mend="Only cis blocks can be read."
            )
        self._check_resolution(resolution)
        first, second = self._bins(chrom, rows, resolution), self._bins(chrom, cols, resolution)
        with self._reading():
            block = self._block(chrom, first, second, resolution)
        if norm == RAW:
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
        self._check_resolution(resolution)
        span = Interval(name, 0, self._chromsizes[name]) if rows is None else rows
        max_bins = None if max_distance is None else max_distance // resolution
        with self._reading():
            yield from self._read_pixels(name, self._bins(name, span, resolution), resolution, max_bins)

    def weights(self, chrom: str, *, resolution: int, norm: str) -> NDArray[np.float64]:
        """Multiplicative weight per bin of ``chrom``; NaN where the bin is bad.  Do not write into it."""
        name = self._chrom(chrom)
        self._check_resolution(resolution)
        if norm == RAW:
            return np.ones(n_bins(self._chromsizes[name], resolution))
        key = (name, resolution, norm)
        if key not in self._weights:
            made = self._computed(name, resolution) if norm == COMPUTED else self._stored(name, resolution, norm)
            made.flags.writeable = False
            with self._weights_lock:
                self._weights.setdefault(key, made)
        return self._weights[key]

    def close(self) -> None:
        """Close the file; it opens again by itself when something is read."""
        self._gate.close()

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
        except (OSError, RuntimeError, ValueError, KeyError, IndexError, TypeError) as error:
            detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise MapError(
                f"cannot be read ({detail}).", where=self.uri, mend="Is the file complete? Copy or download it again."
            ) from error

    def _chrom(self, name: str) -> str:
        try:
            return self._names.require(name)
        except RegionError as error:
            raise RegionError(error.message, where=self.uri, mend=error.mend) from None

    def _check_resolution(self, resolution: int) -> None:
        if resolution not in self._resolutions:
            known = ", ".join(format_bp(r) for r in self._resolutions)
            raise MapError(f"has no {format_bp(resolution)} bins.", where=self.uri, mend=f"It has {known}.")

    def _bins(self, chrom: str, span: Interval, resolution: int) -> tuple[int, int]:
        length = self._chromsizes[chrom]
        if span.start >= length or len(span) == 0:
            raise RegionError(
                f"{span} lies outside {chrom}, which is {length:,} bp long." if len(span) else f"{span} is empty.",
                where=self.uri,
                mend=f"Choose a region within 0-{length:,}.",
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

    def _stored(self, chrom: str, resolution: int, name: str) -> NDArray[np.float64]:
        found = next((norm for norm in self.normalisations(resolution) if norm.name == name), None)
        if found is None:
            known = ", ".join([norm.name for norm in self.normalisations(resolution)] or [COMPUTED])
            raise MapError(
                f"has no normalisation '{name}' at {format_bp(resolution)}.",
                where=self.uri,
                mend=f"Choose {known} or {RAW}.",
            )
        with self._reading():
            vector = np.array(self._read_weights(chrom, resolution, found), dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            vector = 1.0 / vector if found.divisive else vector
        vector[~np.isfinite(vector) | (vector == 0)] = np.nan
        return vector

    def _computed(self, chrom: str, resolution: int) -> NDArray[np.float64]:
        key = ("ice", 1, self.fingerprint(), chrom, resolution)
        found = load_array(key)
        if found is None:
            found = ice_weights(self.pixels(chrom, resolution=resolution), n_bins(self._chromsizes[chrom], resolution))
            store_array(key, found)
        return found
