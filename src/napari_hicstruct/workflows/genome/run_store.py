"""The store of one genome-wide run: bands, probability maps and calls on disk, whichever process made them.

A folder that every worker sees, named by what is in it (map, model, settings): ``run.json`` says what it is, ``done/``
which pieces of work have ended, the rest are zarr arrays by region.  A piece counts as done once its file in ``done/``
is there, which is renamed into place after all else; what a killed worker leaves is written again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.errors import OutputError

FORMAT = 1
_ABOUT, _DONE, _STOP, _ARRAYS = "run.json", "done", "stop", "arrays"
_BAND_CHUNK = 4096
"""Bins of a chunk of a band."""


def _new_group(path: Path) -> None:
    """An empty zarr group: made once, for workers that would make it at the same moment get in each other's way."""
    import zarr

    zarr.open_group(path, mode="a")


def run_key(content: Mapping[str, Any]) -> str:
    """Name of a run: a digest of map, model and settings."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class RunStore:
    """Reads and writes the store; picklable, each process opens it anew.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    path: Path

    @classmethod
    def opened(cls, path: Path, content: Mapping[str, Any], *, resume: bool) -> RunStore:
        """The store of a run, made if it is not there; only with ``resume`` may one be that holds something.

        Raises
        ------
        OutputError
            If something else is at its place, a newer version wrote it, or it cannot be written; without ``resume``
            also if an interrupted run is there.
        """
        store = cls(path)
        about = store.about()
        if about is not None and not resume:
            if any((path / _DONE).glob("[!.]*.json")):
                hint = "Add --resume (resume=True) to go on with it, or remove the folder to begin anew."
                raise OutputError("an interrupted run of this map, model and settings is there.", where=path, hint=hint)
            store.remove()
            about = None
        with writing(path):
            if about is None:
                (path / _DONE).mkdir(parents=True, exist_ok=True)
                _new_group(path / _ARRAYS)
                text = json.dumps({"format": FORMAT, "key": run_key(content), **content}, indent=1, default=str)
                with in_place_of(path / _ABOUT) as file:
                    file.write_text(text, encoding="utf-8")
            (path / _STOP).unlink(missing_ok=True)
        return store

    def about(self) -> dict[str, Any] | None:
        """What the store says of itself; None where there is none.

        Raises
        ------
        OutputError
        """
        if not self.path.exists():
            return None
        try:
            about = json.loads((self.path / _ABOUT).read_text(encoding="utf-8"))
            newer = int(about["format"]) > FORMAT
        except (OSError, ValueError, KeyError, TypeError) as error:
            if self.path.is_dir() and not any(self.path.iterdir()):
                return None
            hint = "Name another folder as store, or remove this one."
            raise OutputError("is not the store of a run.", where=self.path, hint=hint) from error
        if newer:
            hint = "Update this program, or remove the store to begin anew."
            raise OutputError(f"was written by a newer version (format {about['format']}).", where=self.path, hint=hint)
        return dict(about)

    def remove(self) -> None:
        """Delete it, with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    # ---------------------------------------------------------------------- what has ended
    def done(self, name: str) -> dict[str, Any] | None:
        """What a finished piece of work says of itself; None while it is not."""
        try:
            return dict(json.loads((self.path / _DONE / f"{name}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def names(self) -> frozenset[str]:
        """Of all finished pieces of work."""
        return frozenset(file.stem for file in (self.path / _DONE).glob("[!.]*.json"))

    def finish(self, name: str, found: Mapping[str, Any]) -> None:
        """A piece of work has ended.

        Raises
        ------
        OutputError
        """
        with writing(self.path), in_place_of(self.path / _DONE / f"{name}.json", make=False) as file:
            file.write_text(json.dumps(found), encoding="utf-8")

    def ask_to_stop(self) -> None:
        """Workers end what they do within a window."""
        try:
            (self.path / _STOP).touch()
        except OSError:  # the store is gone, and with it what they would write to
            return

    @property
    def stopping(self) -> bool:
        """Whether somebody asked."""
        return (self.path / _STOP).exists()

    def check_there(self) -> None:
        """Refuse to write into a folder that somebody has taken away.

        Raises
        ------
        OutputError
        """
        if not (self.path / _ABOUT).exists():
            hint = "Run again; leave its folder where it is meanwhile."
            raise OutputError("has gone while the run went on.", where=self.path, hint=hint)

    # ---------------------------------------------------------------------- arrays
    @cached_property
    def _root(self) -> Any:
        import zarr

        return zarr.open_group(self.path / _ARRAYS, mode="r+")

    def array(self, name: str) -> Any:
        """A zarr array by name.

        Raises
        ------
        OutputError
            If it is not there.
        """
        try:
            return self._root[name]
        except KeyError as error:
            raise self.damaged(f"lacks {name}") from error

    def read(self, name: str, *where: slice) -> Any:
        """A part of an array, all of which must have been written.

        Raises
        ------
        OutputError
            If some of it is missing or damaged: what ``done/`` promises is not there.
        """
        array = self.array(name)
        try:
            values = array[where or (slice(None),)]
        except (RuntimeError, ValueError, OSError) as error:
            raise self.damaged(f"cannot be read in {name}") from error
        missing = np.isnan(values) if np.isnan(array.fill_value) else values == array.fill_value
        if missing.any():
            raise self.damaged(f"lacks a part of {name}")
        return values

    def damaged(self, what: str) -> OutputError:
        """The error of a store that is not whole."""
        return OutputError(f"{what}: the store is damaged.", where=self.path, hint="Remove it to begin anew.")

    def make(
        self, name: str, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str = "float32", fill: float = np.nan
    ) -> Any:
        """An array to be written; ``fill``, which no value equals, where nothing is.

        One of that name and shape is taken as it is: what lies in it is of the same run, and a worker whose client was
        killed may write it at this moment.
        """
        from zarr.codecs import BloscCodec, Crc32cCodec

        chunks = tuple(max(1, min(chunk, n)) for chunk, n in zip(chunks, shape, strict=True))
        if name in self._root and (known := self._root[name]).shape == shape and known.chunks == chunks:
            return known
        codecs = [BloscCodec(cname="lz4", clevel=3, shuffle="bitshuffle"), Crc32cCodec()]
        return self._root.create_array(
            name, shape=shape, chunks=chunks, dtype=dtype, compressors=codecs, fill_value=fill, overwrite=True
        )

    def write_band(self, name: str, band: Band) -> None:
        """Keep a band; ``name`` is the region's and the bins'."""
        counts = self.make(f"{name}/counts", band.counts.shape, (band.n_diagonals, _BAND_CHUNK))
        counts[:] = band.counts
        counts.attrs["scale"] = band.scale
        for part in ("weights", "expected"):
            values = getattr(band, part)
            self.make(f"{name}/{part}", values.shape, values.shape, fill=-1.0)[:] = (
                values  # weights of bad bins are NaN
            )

    def read_band(self, name: str, chrom: str, resolution: int, bins: tuple[int, int] | None = None) -> Band:
        """A band, or some of its bins, as :func:`~napari_hicstruct.inference.pieces.cut_band` gives them."""
        stored = self.array(f"{name}/counts")
        part, scale = slice(*(bins or (0, stored.shape[1]))), float(stored.attrs.get("scale", 1))
        counts = self.read(f"{name}/counts", slice(None), part)
        weights, expected = self.read(f"{name}/weights", part), self.read(f"{name}/expected")
        return Band(chrom, resolution, part.start, counts, weights, expected, scale=scale)

    @property
    def n_bytes(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())
