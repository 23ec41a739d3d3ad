"""Genome coordinates: intervals, bins, chromosome names.  0-based, half-open base pairs throughout."""

from napari_hicstruct.genome.bins import bin_range, bin_start, coarsen_factor, n_bins, to_bin
from napari_hicstruct.genome.intervals import (
    Interval,
    display_region,
    format_bin_size,
    format_bp,
    format_region,
    format_span,
    parse_length,
    parse_region,
    united,
)
from napari_hicstruct.genome.names import NameMatcher, canonical_name, display_name, is_mitochondrial

__all__ = [
    "Interval",
    "NameMatcher",
    "bin_range",
    "bin_start",
    "canonical_name",
    "coarsen_factor",
    "display_name",
    "display_region",
    "format_bin_size",
    "format_bp",
    "format_region",
    "format_span",
    "is_mitochondrial",
    "n_bins",
    "parse_length",
    "parse_region",
    "to_bin",
    "united",
]
