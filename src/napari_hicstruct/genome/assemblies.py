"""Genome assemblies: their names, and which of them positions can be of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from napari_hicstruct.genome.names import canonical_name

_NAMES = {
    "hg18": "hg18|grch36|ncbi36",
    "hg19": "hg19|hg37|grch37|hs37d5|b37",
    "hg38": "hg38|grch38",
    "hs1": "hs1|chm13|t2t",
    "mm9": "mm9|mgscv37|ncbim37",
    "mm10": "mm10|grcm38",
    "mm39": "mm39|grcm39",
    "rn6": "rn6",
    "rn7": "rn7",
    "dm3": "dm3",
    "dm6": "dm6",
    "ce10": "ce10",
    "ce11": "ce11",
    "danRer10": "danrer10",
    "danRer11": "danrer11",
    "sacCer3": "saccer3",
}
_NAMED = {name: re.compile(rf"(?<![a-z0-9])(?:{words})(?![0-9])", re.IGNORECASE) for name, words in _NAMES.items()}


def _lengths(text: str) -> dict[str, int]:
    """Chromosomes 1, 2, …, X, Y by canonical name."""
    lengths = [int(one) for one in text.split()]
    names = [*map(str, range(1, len(lengths) - 1)), "x", "y"]
    return dict(zip(names, lengths, strict=True))


LENGTHS = {
    "hg19": _lengths(
        "249250621 243199373 198022430 191154276 180915260 171115067 159138663 146364022 141213431 135534747 "
        "135006516 133851895 115169878 107349540 102531392 90354753 81195210 78077248 59128983 63025520 48129895 "
        "51304566 155270560 59373566"
    ),
    "hg38": _lengths(
        "248956422 242193529 198295559 190214555 181538259 170805979 159345973 145138636 138394717 133797422 "
        "135086622 133275309 114364328 107043718 101991189 90338345 83257441 80373285 58617616 64444167 46709983 "
        "50818468 156040895 57227415"
    ),
    "hs1": _lengths(
        "248387328 242696752 201105948 193574945 182045439 172126628 160567428 146259331 150617247 134758134 "
        "135127769 133324548 113566686 101161492 99753195 96330374 84276897 80542538 61707364 66210255 45090682 "
        "51324926 154259566 62460029"
    ),
    "mm9": _lengths(
        "197195432 181748087 159599783 155630120 152537259 149517037 152524553 131738871 124076172 129993255 "
        "121843856 121257530 120284312 125194864 103494974 98319150 95272651 90772031 61342430 166650296 15902555"
    ),
    "mm10": _lengths(
        "195471971 182113224 160039680 156508116 151834684 149736546 145441459 129401213 124595110 130694993 "
        "122082543 120129022 120421639 124902244 104043685 98207768 94987271 90702639 61431566 171031299 91744698"
    ),
    "mm39": _lengths(
        "195154279 181755017 159745316 156860686 151758149 149588044 144995196 130127694 124359700 130530862 "
        "121973369 120092757 120883175 125139656 104073951 98008968 95294699 90720763 61420004 169476592 91455967"
    ),
}
"""Lengths (bp) of chromosomes of human and mouse, by canonical name; a test compares them with bioframe's."""


def assembly_in(text: str) -> str:
    """The assembly that a text names, as UCSC calls it; empty if it names none, or several."""
    found = [name for name, words in _NAMED.items() if words.search(text)]
    return found[0] if len(found) == 1 else ""


def assembly_of_lengths(chromsizes: Mapping[str, int]) -> str:
    """The assembly whose chromosomes have exactly these lengths; empty if there is none or nothing to go by."""
    lengths = {canonical_name(name): length for name, length in chromsizes.items()}
    for name, own in LENGTHS.items():
        common = own.keys() & lengths.keys()
        if common and all(lengths[chrom] == own[chrom] for chrom in common):
            return name
    return ""


def assemblies_of_ends(ends: Mapping[str, int], overhang: int = 0) -> frozenset[str] | None:
    """Assemblies on whose chromosomes all positions lie.

    Parameters
    ----------
    ends : mapping of str to int
        The last position on each chromosome, bp.
    overhang : int
        How far (bp) a position may lie behind the end: last bins are often written whole.

    Returns
    -------
    frozenset of str or None
        Of those in :data:`LENGTHS`; chromosomes that none of them has say nothing.  None if there are no others.
    """
    known = frozenset(chrom for own in LENGTHS.values() for chrom in own)
    last = {chrom: end for name, end in ends.items() if (chrom := canonical_name(name)) in known}
    if not last:
        return None
    return frozenset(
        name
        for name, own in LENGTHS.items()
        if all(chrom in own and end <= own[chrom] + overhang for chrom, end in last.items())
    )
