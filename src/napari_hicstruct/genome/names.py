"""Chromosome names: ``21`` and ``chr21`` are the same chromosome, ``MT``/``chrM`` too."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from napari_hicstruct.errors import RegionError
from napari_hicstruct.wording import first_few


def canonical_name(name: str) -> str:
    """Key under which spellings of one chromosome meet: lower case, no ``chr``, ``MT`` = ``M``."""
    key = name.strip().lower()
    key = key[3:] if key.startswith("chr") and len(key) > 3 else key
    return "m" if key == "mt" else key


def is_mitochondrial(name: str) -> bool:
    """True for the usual names of the mitochondrion's DNA, with or without ``chr``."""
    return canonical_name(name) in ("m", "mito", "mtdna", "mitochondrion")


def display_name(name: str) -> str:
    """``chr21`` also where a map spells it ``21``: for titles and axes; other names as they are."""
    return f"chr{name}" if name.isdigit() or name in ("X", "Y", "M", "MT") else name


class NameMatcher:
    """Finds a map's own spelling of a chromosome name.

    Parameters
    ----------
    names : iterable of str
        Names as the map spells them.  Exact spelling wins over the canonical one.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._exact = set(self._names)
        self._canonical: dict[str, str] = {}
        for name in self._names:
            self._canonical.setdefault(canonical_name(name), name)

    def match(self, name: str) -> str | None:
        """The map's spelling, or None if the map has no such chromosome."""
        return name if name in self._exact else self._canonical.get(canonical_name(name))

    def require(self, name: str) -> str:
        """As :meth:`match`, but an unknown chromosome is a :class:`RegionError` that names near ones."""
        found = self.match(name)
        if found is None:
            near = difflib.get_close_matches(name, self._names, n=3, cutoff=0.5) or self._names[:5]
            few = first_few(near, len(self._names))
            raise RegionError(f"the map has no chromosome '{name}'.", hint=f"It has {few}.")
        return found
