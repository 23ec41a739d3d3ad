"""Random annotations for property tests, and a small project to play with."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from napari_hicstruct.annotations import Annotation, Direction, Kind, MapIdentity, Project, Status
from napari_hicstruct.genome import Interval

CHROMSIZES = {"chr1": 5_000_000, "chr2": 3_000_000}
MAP = MapIdentity("maps/a.mcool", "f1", "hg38", CHROMSIZES)
OTHER_MAP = MapIdentity("maps/b.mcool", "f2", "hg38", CHROMSIZES)

_chroms = st.sampled_from(["chr1", "1", "chrUn_KI270742v1", "HLA-A*01:01:01:01"])
# Cs: halves of surrogate pairs cannot be written as UTF-8 by anybody.
_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8).filter(lambda s: s == s.strip())
_keys = st.from_regex(r"[A-Za-z][A-Za-z_.0-9]{0,10}", fullmatch=True)
_shares = st.floats(0, 1)


@st.composite
def intervals(draw: st.DrawFn, chrom: str) -> Interval:
    start = draw(st.integers(0, 4_000_000))
    return Interval(chrom, start, start + draw(st.integers(1, 900_000)))


@st.composite
def annotations(draw: st.DrawFn, kind: Kind) -> Annotation:
    """Any record of one kind; what has no value is left out, so that NaN is the record's own."""
    chrom = draw(_chroms)
    first = draw(intervals(chrom))
    second = draw(intervals(chrom)) if kind in (Kind.LOOP, Kind.STRIPE) else first
    fields = draw(
        st.fixed_dictionaries(
            {"status": st.sampled_from(Status)},
            optional={
                "score": _shares,
                "probability": _shares,
                "soft_score": _shares,
                "resolution": st.integers(1, 10**6),
                "source": _texts,
                "model": _texts,
                "name": _texts,
                "n_calls": st.integers(1, 99),
                "n_tools": st.integers(1, 99),
                "supporters": st.lists(_names, max_size=3).map(tuple),
                "extra": st.dictionaries(_keys, _texts.filter(bool), max_size=3),
            },
        )
    )
    if kind is Kind.STRIPE:
        fields["direction"] = draw(st.sampled_from(Direction))
    if kind is Kind.TAD:
        fields |= {"level": draw(st.integers(0, 9)), "parent": draw(_texts)}
    return Annotation(kind=kind, anchor1=first, anchor2=second, **fields)


def loop(start: int = 100_000, distance: int = 200_000, **fields: object) -> Annotation:
    """A loop of 10 kb anchors on chr1."""
    return Annotation(
        kind=Kind.LOOP,
        anchor1=Interval("chr1", start, start + 10_000),
        anchor2=Interval("chr1", start + distance, start + distance + 10_000),
        **fields,  # type: ignore[arg-type]
    )


def tad(start: int, end: int, **fields: object) -> Annotation:
    """A TAD on chr1."""
    return Annotation(
        kind=Kind.TAD, anchor1=Interval("chr1", start, end), anchor2=Interval("chr1", start, end), **fields
    )  # type: ignore[arg-type]


def new_project(folder: Path, name: str = "p.hicproj", reviewer: str = "ada") -> Project:
    """An empty project of :data:`MAP`."""
    return Project.create(folder / name, map=MAP, reviewer=reviewer)
