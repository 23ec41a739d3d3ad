"""Names of the network's parts → where they live; imports no torch, so that it can be listed anywhere."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from napari_hicstruct.errors import ConfigError

ENCODERS: Mapping[str, str] = {
    "unet_small": "napari_hicstruct.models.unet_small:UNetSmall",
    "resnet50": "napari_hicstruct.models.library.encoders.resnet50:ResNet50",
    "efficientnet_b0": "napari_hicstruct.models.library.encoders.efficientnet_b0:EfficientNetB0",
    "swin": "napari_hicstruct.models.library.encoders.swin:Swin",
}
SELECTORS: Mapping[str, str] = {
    "identity": "napari_hicstruct.models.identity:IdentitySelector",
    "cell_gate": "napari_hicstruct.models.gating.cell_gate:CellGateSelector",
    "task_dw": "napari_hicstruct.models.library.selectors.task_dw:TaskDepthwise",
    "low_rank_free": "napari_hicstruct.models.library.selectors.low_rank_free:LowRankFree",
    "low_rank_free_low": "napari_hicstruct.models.library.selectors.low_rank_free:LowRankFreeLow",
    "low_rank_prior": "napari_hicstruct.models.library.selectors.low_rank_prior:LowRankPrior",
    "strip": "napari_hicstruct.models.library.selectors.low_rank_prior:Strip",
    "hybrid_high": "napari_hicstruct.models.library.selectors.hybrid:HybridHigh",
    "hybrid_mid_high": "napari_hicstruct.models.library.selectors.hybrid:HybridMidHigh",
    "patch_gate": "napari_hicstruct.models.library.selectors.patch_gate:PatchGate",
}
INTERACTIONS: Mapping[str, str] = {
    "none": "napari_hicstruct.models.identity:NoInteraction",
    "cross_stitch": "napari_hicstruct.models.library.interactions.cross_stitch:CrossStitch",
    "sluice": "napari_hicstruct.models.library.interactions.sluice:Sluice",
    "nddr": "napari_hicstruct.models.library.interactions.nddr:Nddr",
    "mtan": "napari_hicstruct.models.library.interactions.mtan:Mtan",
    "mmoe": "napari_hicstruct.models.library.interactions.mmoe:Mmoe",
    "xtam": "napari_hicstruct.models.library.interactions.xtam:XTam",
    "padnet": "napari_hicstruct.models.library.interactions.padnet:PadNet",
    "mti": "napari_hicstruct.models.library.interactions.mti:Mti",
    "band_exchange": "napari_hicstruct.models.library.interactions.band_exchange:BandExchange",
}
ATTENTIONS: Mapping[str, str] = {
    "none": "napari_hicstruct.models.attention:NoAttention",
    "axial": "napari_hicstruct.models.attention_axial:AxialAttention",
    "band": "napari_hicstruct.models.attention_band:BandAttention",
}
BOUNDARY_PRIORS: Mapping[str, str] = {
    "none": "napari_hicstruct.models.boundary_prior:NoBoundaryPrior",
    "band": "napari_hicstruct.models.boundary_prior:BandBoundaryPrior",
    "chromosome": "napari_hicstruct.models.library.boundary_prior_chromosome:ChromosomeBoundaryPrior",
}
HEADS: Mapping[str, str] = {
    "point": "napari_hicstruct.models.heads:PointHead",
    "mask": "napari_hicstruct.models.heads:MaskHead",
    "boundary": "napari_hicstruct.models.strip:BoundaryHead",
    "boundary_window": "napari_hicstruct.models.strip:WindowBoundaryHead",
    "segmentation": "napari_hicstruct.models.segmentation_heads:SegmentationHead",
    "signed_distance": "napari_hicstruct.models.segmentation_heads:SignedDistanceHead",
    "edge": "napari_hicstruct.models.segmentation_heads:EdgeHead",
}


def resolve(table: Mapping[str, str], name: str, what: str) -> Any:
    """The class registered under ``name``.

    Raises
    ------
    ConfigError
        If there is none; the message lists those there are.
    """
    if name not in table:
        raise ConfigError(f"there is no {what} '{name}'.", hint=f"Choose one of: {', '.join(sorted(table))}.")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
