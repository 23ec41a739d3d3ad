"""Columns of the files that we write ourselves; the readers know our files by them (docs/formats/labels.md)."""

PAIR = ("chrom1", "start1", "end1", "chrom2", "start2", "end2")
SINGLE = ("chrom", "start", "end")
TAIL = (
    "probability",
    "resolution",
    "status",
    "source",
    "model",
    "soft_score",
    "n_calls",
    "n_tools",
    "supporters",
)
LOOPS = (*PAIR, "name", "score", "strand1", "strand2", *TAIL, "uid")
STRIPES = (*PAIR, "name", "score", "strand1", "strand2", *TAIL, "direction", "uid")
TADS = (*SINGLE, "name", "score", "strand", "level", "parent", *TAIL, "uid")
BOUNDARIES = (*SINGLE, "name", "score", "strand", *TAIL, "uid")
