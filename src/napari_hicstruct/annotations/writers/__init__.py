"""Label files out: each function writes one file whole or not at all; ``export_records`` writes a folder of them."""

from napari_hicstruct.annotations.writers.browsers import write_gff3, write_interact
from napari_hicstruct.annotations.writers.endings import check_ending, usual_format
from napari_hicstruct.annotations.writers.export import EXPORT_FORMATS, export_records
from napari_hicstruct.annotations.writers.foreign import write_higlass, write_juicebox, write_parquet, write_stripenn
from napari_hicstruct.annotations.writers.own import (
    write_boundaries,
    write_loops,
    write_soft_labels,
    write_stripes_bedpe,
    write_tads,
)
from napari_hicstruct.annotations.writers.tracks import BinTrack, write_bedgraph

__all__ = [
    "EXPORT_FORMATS",
    "BinTrack",
    "check_ending",
    "export_records",
    "usual_format",
    "write_bedgraph",
    "write_boundaries",
    "write_gff3",
    "write_higlass",
    "write_interact",
    "write_juicebox",
    "write_loops",
    "write_parquet",
    "write_soft_labels",
    "write_stripenn",
    "write_stripes_bedpe",
    "write_tads",
]
