"""What a map that was fused from two others says of itself: which ones, by what network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.genome import format_bin_size

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource

FUSED = "hicstruct-fused"
"""Attribute of each level of a fused map: JSON, see :func:`fusion_of`."""

FUSED_FROM = "fused_from"
"""Key of ``run.json`` → ``map``, and of what a project keeps of a run, where the map is a fused one."""


def fusion_of(source: ContactSource) -> dict[str, Any] | None:
    """What a fused map was made from; None of any other map.

    Returns
    -------
    dict or None
        ``first`` and ``second`` (``uri``, ``fingerprint``, ``assembly``, ``contacts``), ``model``, ``parameters``,
        ``made_with``.
    """
    found = getattr(source, "fusion", None)
    return dict(found) if found else None


def sources_of(source: ContactSource) -> dict[str, Any] | None:
    """Both maps of a fused one and the network, as results that were predicted on it keep them; else None."""
    fusion = fusion_of(source)
    if fusion is None:
        return None
    maps = {key: {part: fusion[key].get(part, "") for part in ("uri", "fingerprint")} for key in ("first", "second")}
    return {**maps, "model": dict(fusion.get("model", {}))}


def parse_fusion(text: str) -> dict[str, Any] | None:
    """The attribute's content; None where it is missing or damaged: the map can be read without it."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    parts = (found.get(name) for name in ("first", "second")) if isinstance(found, dict) else (None,)
    return found if all(isinstance(one, dict) and "uri" in one for one in parts) else None


def names_of(fusion: Mapping[str, Any]) -> tuple[str, str]:
    """Short names of the two maps."""
    first, second = (str(fusion[key]["uri"]) for key in ("first", "second"))
    same = _short(first) == _short(second)
    return _short(first, group=same), _short(second, group=same)


def fused_note(fusion: Mapping[str, Any]) -> str:
    """A sentence for people: what the map is fused from, and what that means for what is predicted on it."""
    first, second = names_of(fusion)
    unlike = fusion.get("parameters", {}).get("unlike_bins")
    sizes = f" ({format_bin_size(unlike[0])} and {format_bin_size(unlike[1])} bins)" if unlike else ""
    return f"Fused from {first} and {second}{sizes}: predictions on it are of both maps, and say so."


def _short(uri: str, *, group: bool = False) -> str:
    path, inside = split_uri(uri)
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name}::{inside}" if group and inside else name
