"""The balancing of a map: what it stores, what one chromosome has of it, and what stands in where there is none."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.cache import load_array, store_array
from napari_hicstruct.contacts.norms import multiplicative
from napari_hicstruct.contacts.protocol import COMPUTED, RAW, Normalisation, Pixels
from napari_hicstruct.contacts.values import WHY_NO_CONTACTS, ValueKind
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import format_bin_size, n_bins

Vector = NDArray[np.float64]


class WeightedSource(ABC):
    """The half of a :class:`~napari_hicstruct.contacts.sources.base.MapSource` that knows weights."""

    _chromsizes: Mapping[str, int]

    def __init__(self) -> None:
        self._weights: dict[tuple[str, int, str], Vector] = {}
        self._weights_lock = threading.Lock()

    # ---- what the other half gives ----------------------------------------------------------------------------

    @property
    @abstractmethod
    def uri(self) -> str:
        """File path, with ``::/group`` where a group was asked for."""

    @property
    @abstractmethod
    def value_kind(self) -> ValueKind:
        """What the stored numbers are."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Tells this map from any other."""

    @abstractmethod
    def pixels(self, chrom: str, *, resolution: int) -> Iterator[Pixels]:
        """Upper-triangle pixels."""

    @abstractmethod
    def _chrom(self, name: str) -> str: ...

    @abstractmethod
    def _check_resolution(self, resolution: int) -> None: ...

    @abstractmethod
    def _check_level(self, chrom: str, resolution: int) -> None: ...

    @abstractmethod
    def _reading(self) -> AbstractContextManager[None]: ...

    @abstractmethod
    def _missing_bins(self, chrom: str, resolution: int) -> NDArray[np.bool_] | None: ...

    @abstractmethod
    def _occupied(self, chrom: str) -> dict[int, NDArray[np.int64]]: ...

    @abstractmethod
    def _stored_norms(self, resolution: int) -> tuple[Normalisation, ...]:
        """Normalisations that the file names at ``resolution``, the best first."""

    @abstractmethod
    def _read_weights(self, chrom: str, resolution: int, norm: Normalisation) -> NDArray[np.float64]:
        """The stored vector of one chromosome, as it stands in the file."""

    # ---- what is asked of it -----------------------------------------------------------------------------------

    def normalisations(self, resolution: int, chrom: str | None = None) -> tuple[Normalisation, ...]:
        """Normalisations stored at ``resolution``, the best first; with ``chrom`` those that it has weights of."""
        self._check_resolution(resolution)
        stored = self._stored_norms(resolution)
        if chrom is None:
            return stored
        name = self._chrom(chrom)
        return tuple(norm for norm in stored if np.isfinite(self._vector(name, resolution, norm)).any())

    def default_norm(self, resolution: int, chrom: str | None = None) -> str:
        """Best stored normalisation (that ``chrom`` has), else :data:`COMPUTED`.

        :data:`RAW` for maps of no contacts, which cannot be balanced.
        """
        if not self.value_kind.is_contacts:
            return RAW
        stored = self.normalisations(resolution, chrom)
        return stored[0].name if stored else COMPUTED

    def norm_for(self, chrom: str, resolution: int, wanted: str) -> str:
        """``wanted`` if ``chrom`` has it at ``resolution``, else what stands in for it."""
        names = {norm.name for norm in self.normalisations(resolution, chrom)}
        return wanted if wanted in names or wanted in (RAW, COMPUTED) else self.default_norm(resolution, chrom)

    def weights(self, chrom: str, *, resolution: int, norm: str) -> NDArray[np.float64]:
        """Multiplicative weight per bin of ``chrom``; NaN where the bin is bad.  Do not write into it."""
        name = self._chrom(chrom)
        self._check_level(name, resolution)
        if norm == RAW:
            missing = self._missing_bins(name, resolution)
            ones = np.ones(n_bins(self._chromsizes[name], resolution))
            return ones if missing is None else np.where(missing, np.nan, ones)
        return self._computed(name, resolution) if norm == COMPUTED else self._stored(name, resolution, norm)

    # ---- inside -----------------------------------------------------------------------------------------------

    def _kept(self, key: tuple[str, int, str], make: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """A vector of weights, made once; nobody may write into it."""
        if key not in self._weights:
            made = make()
            made.flags.writeable = False
            with self._weights_lock:
                self._weights.setdefault(key, made)
        return self._weights[key]

    def _vector(self, chrom: str, resolution: int, norm: Normalisation) -> NDArray[np.float64]:
        """A stored vector as multiplicative weights; all NaN where the file has none of ``chrom``."""

        def make() -> NDArray[np.float64]:
            with self._reading():
                return multiplicative(np.array(self._read_weights(chrom, resolution, norm), dtype=np.float64), norm)

        return self._kept((chrom, resolution, norm.name), make)

    def _stored(self, chrom: str, resolution: int, name: str) -> NDArray[np.float64]:
        found = next((norm for norm in self._stored_norms(resolution) if norm.name == name), None)
        vector = None if found is None else self._vector(chrom, resolution, found)
        if vector is None or (not np.isfinite(vector).any() and len(self._occupied(chrom).get(resolution, ()))):
            known = ", ".join([norm.name for norm in self.normalisations(resolution, chrom)] or [COMPUTED])
            raise MapError(
                f"has no normalisation '{name}' at {format_bin_size(resolution)}"
                + (f" on {chrom}." if found is not None else "."),
                where=self.uri,
                hint=f"Choose {known} or {RAW}.",
            )
        return vector

    def _computed(self, chrom: str, resolution: int) -> NDArray[np.float64]:
        if not self.value_kind.is_contacts:
            raise MapError(
                f"{WHY_NO_CONTACTS[self.value_kind]}: it cannot be balanced.", where=self.uri, hint=f"Choose {RAW}."
            )

        def make() -> NDArray[np.float64]:
            from napari_hicstruct.contacts.balance import CisPixels, ice_weights

            key = ("ice", 2, self.fingerprint(), chrom, resolution)
            found = load_array(key)
            n = n_bins(self._chromsizes[chrom], resolution)
            if found is None or found.shape != (n,):
                found = ice_weights(CisPixels.read(self.pixels(chrom, resolution=resolution), n))
                store_array(key, found)
            return found

        return self._kept((chrom, resolution, COMPUTED), make)
