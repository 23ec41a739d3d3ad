"""Which head of a network is decoded into which kind of structure."""

from __future__ import annotations

from napari_hicstruct.annotations.records import Kind

HEADS = {Kind.LOOP: "point", Kind.STRIPE: "mask", Kind.TAD: "boundary", Kind.BOUNDARY: "boundary"}
