"""Limits that people set on what is called: how far apart, how long, how wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import parse_length, parse_region

if TYPE_CHECKING:  # the decoders are compiled and take long to import; a form that checks limits needs none of them
    from napari_hicstruct.decode.loops import LoopSettings
    from napari_hicstruct.decode.stripe_settings import StripeSettings
    from napari_hicstruct.decode.tads import TadSettings

Range = tuple[int, int]
"""Least and most, bp, both allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """Limits of calls, bp; None leaves the decoder's own.

    Attributes
    ----------
    loop_distance : (int, int), optional
        Between a loop's anchors.
    loop_separation : int, optional
        Of two loops nearer than this at both anchors, the weaker is left out.
    tad_size : (int, int), optional
    stripe_length : (int, int), optional
    stripe_width : int, optional
        Wider stripes are cut to it, about their strongest row.
    """

    loop_distance: Range | None = None
    loop_separation: int | None = None
    tad_size: Range | None = None
    stripe_length: Range | None = None
    stripe_width: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, int | Range]) -> DecodingLimits:
        """Limits by name.

        Raises
        ------
        ConfigError
            If there is no such limit, or it is not of its form.
        """
        checked: dict[str, int | Range] = {}
        for name, value in given.items():
            key = name.replace("-", "_")
            if key not in LIMITS:
                have = ", ".join(LIMITS if "_" in name else [one.replace("_", "-") for one in LIMITS])
                raise ConfigError(f"there is no limit '{name}'.", hint=f"Choose from {have}.")
            checked[key] = _checked(key, value, name)
        return cls(**checked)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, int | list[int]]:
        """Those that are set, for ``run.json``."""
        given = {name: getattr(self, name) for name in LIMITS}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in given.items() if v is not None}

    def loops(self, min_score: float, resolution: int, scale: float = 1.0) -> LoopSettings:
        """Settings of the loop decoder at bins of ``resolution`` bp of a genome of that ``scale``."""
        from napari_hicstruct.decode.loops import LoopSettings

        settings = LoopSettings(min_score=min_score).at_scale(scale)
        if self.loop_separation is not None:
            settings = replace(settings, suppress=max(1, -(-self.loop_separation // resolution) - 1))
        if self.loop_distance is not None:
            low, high = self.loop_distance
            bins = max(settings.min_distance_bins, -(-low // resolution))
            settings = replace(settings, min_distance_bins=bins, max_distance_bp=min(settings.max_distance_bp, high))
        return settings

    def stripes(self, threshold: float, scale: float = 1.0) -> StripeSettings:
        """Settings of the stripe decoder for a genome of that ``scale``."""
        from napari_hicstruct.decode.stripe_settings import StripeSettings

        settings = StripeSettings(threshold=threshold).at_scale(scale)
        if self.stripe_length is not None:
            settings = replace(settings, min_length_bp=self.stripe_length[0], max_length_bp=self.stripe_length[1])
        if self.stripe_width is not None:
            settings = replace(settings, max_width_bp=self.stripe_width, cut_to_width=True)
        return settings

    def tads(self, resolution: int = 10_000, scale: float = 1.0) -> TadSettings:
        """Settings of the TAD decoder in bins of ``resolution`` bp of a genome of that ``scale``.

        Who chooses bins below 5 kb looks for the smaller domains of small genomes: from ten bins on.
        """
        from napari_hicstruct.decode.tads import TadSettings

        if self.tad_size is not None:
            return TadSettings(size=self.tad_size)
        least, most = TadSettings().at_scale(scale).size
        return TadSettings(size=(min(least, 10 * resolution), most))


MAX_LIMIT_BP = 10**12
"""Beyond every chromosome; larger ones leave the 64 bits of what measures with them."""

MAX_SINGLE_BP = 1_000_000
"""Between neighbouring calls, or across one; what is compared grows with its square."""

LIMITS = tuple(field.name for field in fields(DecodingLimits))
_SINGLE = ("loop_separation", "stripe_width")


def parse_limit(text: str) -> int | Range:
    """``MIN-MAX`` or one number of bp, with units as in regions: ``100k-2M``, ``20 kb``.

    Raises
    ------
    RegionError
        If it is neither.
    """
    if "-" not in text and "–" not in text:
        return parse_length(text)
    span = parse_region(f"limit:{text}")
    return span.start, span.end


def _whole(value: Any) -> Any:
    """A whole number as Python's own, whoever wrote it (numpy, ``2e4``); anything else as it is."""
    whole = isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer()
    return int(value) if whole else value


def _checked(name: str, given: Any, spelt: str) -> int | Range:
    """``spelt`` as the person did: with ``-`` on the command line, with ``_`` in Python, which writes a pair itself."""
    if name in _SINGLE:
        value = _whole(given)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value:
            raise ConfigError(f"the limit {spelt} is one number of bp.", hint=f"Give {spelt}=20000.")
        if value > MAX_SINGLE_BP:
            hint = f"Give {MAX_SINGLE_BP:,} bp at most, for example {spelt}=20000."
            raise ConfigError(f"the limit {spelt} of {value:,} bp is too much.", hint=hint)
        return value
    pair = tuple(map(_whole, given)) if isinstance(given, Iterable) and not isinstance(given, str) else ()
    if len(pair) != 2 or not all(isinstance(edge, int) for edge in pair) or not 0 <= pair[0] < pair[1] <= MAX_LIMIT_BP:
        hint = f"Give '{spelt}': (100_000, 2_000_000)." if "_" in spelt else f"Give {spelt}=100k-2M."
        raise ConfigError(f"the limit {spelt} is a least and a most, in bp.", hint=hint)
    return pair[0], pair[1]
