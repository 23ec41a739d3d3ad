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
_VOTES = ("soft_score", "n_calls", "n_tools", "supporters")
SOFT_LOOPS = (*PAIR, *_VOTES)
SOFT_STRIPES = (*PAIR, "direction", *_VOTES)
SOFT_TADS = (*SINGLE, "level", *_VOTES)
SOFT_BOUNDARIES = (*SINGLE, *_VOTES)
"""Soft labels: what ``hicstruct consensus`` writes, and what people bring."""
