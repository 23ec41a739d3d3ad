"""The off-switches: selector E0 and interaction ``none`` pass features on untouched."""

from __future__ import annotations

from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.selector import Selector


class IdentitySelector(Selector):
    """E0: every task reads the encoder's features as they are."""


class NoInteraction(Interaction):
    """Tasks exchange nothing after the shared encoder."""
