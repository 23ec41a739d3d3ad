"""Calls of several programs as pixels of a region, and objects read back from such pixels."""

from napari_hicstruct.labels.votes.ends import shared_ends
from napari_hicstruct.labels.votes.masks import MaskKind, VoteMap, vote_maps
from napari_hicstruct.labels.votes.objects import objects_of

__all__ = ["MaskKind", "VoteMap", "objects_of", "shared_ends", "vote_maps"]
