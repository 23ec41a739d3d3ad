"""Whether a track goes with a map: chromosomes in common, positions on them, the assembly."""

from __future__ import annotations

from collections.abc import Mapping

from napari_hicstruct.errors import TrackError
from napari_hicstruct.genome import NameMatcher, display_name
from napari_hicstruct.genome.assemblies import assemblies_of_ends, assembly_of_lengths
from napari_hicstruct.tracks.opening import Track
from napari_hicstruct.wording import how_many


def check_fit(track: Track, chromsizes: Mapping[str, int], *, assembly: str = "") -> tuple[str, ...]:
    """Refuse a track of another genome; else say what a person should know.

    Parameters
    ----------
    track : SignalTrack, IntervalTrack or GeneTrack
    chromsizes : mapping of str to int
        The map's chromosomes, bp.
    assembly : str
        Of the map, where it is known.

    Returns
    -------
    tuple of str
        The track's own notes, and chromosomes of the map that it lacks.

    Raises
    ------
    TrackError
        If they have no chromosome in common, or the track is plainly of another assembly.
    """
    names = NameMatcher(chromsizes)
    common = {chrom: own for chrom in track.ends if (own := names.match(chrom)) is not None}
    if not common:
        has, wants = (", ".join(list(some)[:3]) for some in (track.ends, chromsizes))
        text = f"has no chromosome of this map: it has {has or 'none'}, the map {wants}."
        raise TrackError(text, where=track.path, hint="Is it of another species or assembly?")
    _refuse_assembly(track, assembly or assembly_of_lengths(chromsizes))
    beyond = [own for chrom, own in common.items() if track.ends[chrom] > chromsizes[own] and not track.whole]
    known = set(common.values())
    lacking = [chrom for chrom in chromsizes if chrom not in known]
    notes = list(track.notes)
    if beyond:
        notes.append(f"reaches beyond the end of {display_name(beyond[0])}: is it of this map's assembly?")
    if lacking:
        first = ", ".join(display_name(chrom) for chrom in lacking[:3])
        more = " …" if len(lacking) > 3 else ""
        notes.append(f"has nothing on {how_many(len(lacking), 'chromosome')} of this map: {first}{more}")
    return tuple(notes)


def _refuse_assembly(track: Track, assembly: str) -> None:
    if not assembly:
        return
    if track.whole:
        own = assembly_of_lengths(track.ends)
        if own and own != assembly:
            raise _other(track, own, assembly)
        return
    possible = assemblies_of_ends(track.ends)
    if possible is not None and possible and assembly not in possible:
        raise _other(track, " or ".join(sorted(possible)), assembly)


def _other(track: Track, own: str, assembly: str) -> TrackError:
    hint = f"Choose one of {assembly}, or convert it: liftOver (BED), CrossMap (bigWig)."
    return TrackError(f"is of {own}, the map of {assembly}.", where=track.path, hint=hint)
