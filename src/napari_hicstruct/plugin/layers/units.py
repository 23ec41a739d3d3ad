"""Base pairs as napari's world unit, and what every layer of ours must carry to live in it."""

from __future__ import annotations

from typing import Any

import pint

from napari_hicstruct.genome import display_name

_SYMBOL = "b\u2060"
"""``b``: the scale bar says ``2 Mb``; the invisible character behind it leaves pint's own ``b`` (barn) alone."""


def basepair() -> pint.Unit:
    """The unit ``basepair``, registered once in the application's registry (``bp`` is pint's typographic point)."""
    registry = pint.get_application_registry()
    if "basepair" not in registry:
        registry.define(f"basepair = [genome_length] = {_SYMBOL}")
    return registry.basepair


def world_kwargs(chrom: str) -> dict[str, Any]:
    """Keyword arguments for a napari layer whose data are (row, column) in bp.

    One layer without units switches the units of the whole window off: give these to every layer.
    """
    unit = basepair()
    return {"units": (unit, unit), "axis_labels": axis_labels(chrom)}


def axis_labels(chrom: str) -> tuple[str, str]:
    """Names of the two axes: the chromosome, first and second anchor."""
    shown = display_name(chrom)
    return (f"{shown} (anchor 1)", f"{shown} (anchor 2)")
