"""Calls of several programs → one list of soft labels: votes, clusters without chains, reliability of each caller."""

from napari_hicstruct.labels.consensus.reliability import Reliability
from napari_hicstruct.labels.consensus.voting import (
    CallerCalls,
    Consensus,
    ConsensusOptions,
    Method,
    consensus,
    default_tolerance_bp,
)

__all__ = [
    "CallerCalls",
    "Consensus",
    "ConsensusOptions",
    "Method",
    "Reliability",
    "consensus",
    "default_tolerance_bp",
]
