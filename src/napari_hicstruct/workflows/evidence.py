"""What a model's other tasks, and motif orientation, say at one object, in words and places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.loci import SAME_CALL_BP
from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome import format_bp

if TYPE_CHECKING:
    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.inference.explain import Layer, Track

_MOTIF_BIN = 5_000
_BESIDE = 60_000  # bp from a loop's dot to the marks beside it


_CLEAR = 2.0  # standard deviations


def _thresholds() -> dict[str, float]:
    """From here on the network sees an object, by head."""
    from napari_hicstruct.decode.stripe_settings import StripeSettings

    return {"point": 0.1, "mask": StripeSettings().level, "boundary": 0.05}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence.

    Attributes
    ----------
    text : str
    present : bool or None
        True: it supports the object; False: it is not there; None: not known.
    place : (float, float) or None
        First and second anchor (bp) of what was found.
    """

    text: str
    present: bool | None
    place: tuple[float, float] | None = None

    def __str__(self) -> str:
        return self.text


def gather(
    annotation: Annotation,
    layers: dict[str, Layer],
    boundaries: dict[str, Track],
    config: ModelConfig,
    source: ContactSource,
    orientation: tuple[str, str] | None,
) -> list[Evidence]:
    """Evidence of all other tasks at an object, then of orientation.

    Parameters
    ----------
    annotation : Annotation
    layers : dict of str to Layer
        Holds ``probability/<task>``.
    boundaries : dict of str to Track
        Of each boundary task.
    config : ModelConfig
    source : ContactSource
        The map, for its chromosome sizes.
    orientation : (path, path), optional
        bigWigs of forward and reverse motifs.
    """
    found: list[Evidence] = []
    for task in config.tasks:
        layer = layers.get(f"probability/{task.name}")
        if task.name in boundaries:
            found += _boundaries(annotation, boundaries[task.name])
        elif layer is None:
            continue
        elif task.head == "mask" and annotation.kind is not Kind.STRIPE:
            found += _stripes(annotation, layer)
        elif task.head == "point" and annotation.kind in (Kind.STRIPE, Kind.TAD):
            found.append(_loop(annotation, layer))
    if annotation.kind is not Kind.BOUNDARY:
        found.append(_orientation(annotation, source, orientation))
    return found


def dot_evidence(z: float) -> Evidence:
    """Whether a loop's dot stands out of its surround by itself (``decode.prominence``)."""
    return Evidence(f"The dot's contacts stand {z:+.1f} SD from its surround's", z >= _CLEAR)


def _ends(annotation: Annotation) -> list[tuple[str, float]]:
    """The places that matter of an object, bp: anchors of a loop, ends of a domain, a stripe's anchor."""
    if annotation.kind is Kind.LOOP:
        return [("anchor 1", annotation.anchor1.center), ("anchor 2", annotation.anchor2.center)]
    if annotation.kind is Kind.STRIPE:
        return [("the stripe's anchor", annotation.anchor1.center)]
    if annotation.kind is Kind.BOUNDARY:
        return [("the boundary", annotation.anchor1.center)]
    return [
        ("the domain's start", float(annotation.anchor1.start)),
        ("the domain's end", float(annotation.anchor1.end)),
    ]


def _corner(annotation: Annotation) -> tuple[float, float]:
    """First and second anchor (bp) of an object's far end: a domain's corner, the tip of a stripe, a loop itself."""
    if annotation.kind is Kind.LOOP:
        return annotation.anchor1.center, annotation.anchor2.center
    return float(annotation.span.start), float(annotation.span.end - 1)


def _mark(annotation: Annotation, place: float, axis: int, away: int) -> tuple[float, float]:
    """Where evidence at an end is marked: on the diagonal; of a loop, whose anchors may be far from it, beside the dot.

    ``axis`` 0 marks along the row of the first anchor, 1 along the column of the second; ``away`` is in bp, towards
    the diagonal where it is negative.
    """
    if annotation.kind is not Kind.LOOP:
        return place, place
    row, col = _corner(annotation)
    return (row, col + away) if axis == 0 else (row - away, col)


def _outside(row: float, col: float, times: int = 1) -> tuple[float, float]:
    """Where what is at a dot is marked: away from the diagonal, so that the dot is seen."""
    return row - times * _BESIDE / 2, col + times * _BESIDE / 2


def _boundaries(annotation: Annotation, track: Track) -> list[Evidence]:
    """Boundaries at the ends and, where there are two, the corner of a domain between them."""
    reach, limit = SAME_CALL_BP // track.resolution, _thresholds()["boundary"]
    known = {name: track.around(place, reach) for name, place in _ends(annotation)}
    found = []
    if annotation.kind is not Kind.BOUNDARY:
        for axis, (name, place) in enumerate(_ends(annotation)):
            p = known[name]
            there = p >= limit
            text = (
                f"TAD boundary at {name} (network output {p:.2f})"
                if there
                else f"No TAD boundary at {name} (network output {p:.2f})"
            )
            found.append(Evidence(text, there, _mark(annotation, place, axis, -_BESIDE) if there else None))
    if annotation.kind is Kind.LOOP:
        row, col = _corner(annotation)
        p = min(known.values())
        there = p >= limit
        text = (
            f"TAD corner at the loop: both anchors are boundaries (network output ≥ {p:.2f})"
            if there
            else "No TAD corner at the loop"
        )
        found.append(Evidence(text, there, _outside(row, col) if there else None))
    return found


def _stripes(annotation: Annotation, layer: Layer) -> list[Evidence]:
    """Stripes that leave each end: a run of the mask in the row of the first, in the column of the second."""
    limit, reach = _thresholds()["mask"], SAME_CALL_BP // layer.resolution
    found = []
    ends = _ends(annotation)
    for (name, place), axis in zip(ends if len(ends) > 1 else ends * 2, (0, 1), strict=True):
        at = int(place // layer.resolution) - (layer.row, layer.col)[axis]
        lines = layer.values if axis == 0 else layer.values.T
        lines = lines[max(0, at - reach) : max(0, at + reach + 1)]
        # only what lies above the diagonal: the mirror image of a row is the other stripe
        diagonal = int(place // layer.resolution) - (layer.col, layer.row)[axis]
        lines = lines[:, max(0, diagonal) :] if axis == 0 else lines[:, : max(0, diagonal + 1)]
        if not lines.size:
            continue
        covered = int((lines >= limit).sum(1).max()) * layer.resolution
        there = covered >= 2 * SAME_CALL_BP
        text = f"Stripe from {name} {'rightwards' if axis == 0 else 'upwards'}"
        text = f"{text} ({format_bp(covered)} in the part shown)" if there else f"No {text[0].lower()}{text[1:]}"
        found.append(Evidence(text, there, _mark(annotation, place, axis, _BESIDE) if there else None))
    return found


def _loop(annotation: Annotation, layer: Layer) -> Evidence:
    """A loop at the far corner of a domain or at a stripe's tip."""
    row, col = _corner(annotation)
    p = layer.around(row, col, SAME_CALL_BP // layer.resolution)
    where = "the domain's corner" if annotation.kind is Kind.TAD else "the stripe's end"
    if p >= _thresholds()["point"]:
        return Evidence(f"Loop at {where} (network output {p:.2f})", True, _outside(row, col))
    return Evidence(f"No loop at {where} (network output {p:.2f})", False)


def _orientation(annotation: Annotation, source: ContactSource, files: tuple[str, str] | None) -> Evidence:
    """Forward motifs at the first end and reverse ones at the second hold a loop: a convergent pair."""
    if files is None:
        return Evidence("No orientation known: give CTCF tracks (forward, reverse) to see convergent pairs", None)
    from napari_hicstruct.tracks.binned import bin_track

    length = source.chromsizes[annotation.chrom]
    forward, reverse = (bin_track(f, annotation.chrom, length=length, resolution=_MOTIF_BIN) for f in files)
    reach, said = SAME_CALL_BP // _MOTIF_BIN, []
    for _, place in _ends(annotation):
        k = int(place // _MOTIF_BIN)
        part = slice(max(0, k - reach), k + reach + 1)
        plus, minus = float(forward[part].max(initial=0)), float(reverse[part].max(initial=0))
        said.append("none" if plus == minus == 0 else "forward" if plus >= minus else "reverse")
    if annotation.kind is Kind.STRIPE:
        fits = said[0] == ("forward" if annotation.direction is Direction.DOWN else "reverse")
        return Evidence(f"CTCF motif at the stripe's anchor: {said[0]}", fits)
    convergent = said == ["forward", "reverse"]
    text = "Convergent pair of CTCF motifs" if convergent else f"No convergent pair: CTCF motifs {' and '.join(said)}"
    return Evidence(text, convergent, _outside(*_corner(annotation), 2) if convergent else None)
