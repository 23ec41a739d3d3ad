"""How a model runs: fast or accurate, and the limits of what it calls; remembered for the next window, not per map."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.errors import ConfigError, RegionError

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.settings import Settings

MODES = {
    "fast": "Each place of the map is read once.",
    "accurate": "Each place of the map is read four times: a run takes about three times as long.",
}
"""Mode → what it does, in one sentence."""

_MODE, _LIMITS = "run_mode", "run_limits"


@dataclass(frozen=True, slots=True)
class LimitField:
    """One limit: what it is called, one that would do, and of which task it is the smallest probability."""

    title: str
    example: str
    meaning: str
    task: str = ""

    @property
    def form(self) -> str:
        """What may be written there."""
        if self.task:
            return f"a number above 0 and below 1, such as {self.example}"
        return f"{'a least and a most' if '-' in self.example else 'one length'}, such as {self.example}"


FIELDS = {
    "loop_distance": LimitField("Loop distance", "50k-1M", "Between the two anchors of a loop."),
    "loop_separation": LimitField("Loop separation", "30k", "Of two loops nearer than this, the weaker is left out."),
    "stripe_length": LimitField("Stripe length", "200k-3M", "Shorter and longer stripes are left out."),
    "stripe_width": LimitField("Stripe width", "50k", "Wider stripes are cut to it, about their strongest row."),
    "tad_size": LimitField("TAD size", "100k-2M", "Smaller and larger TADs are left out."),
    "loop_probability": LimitField("Loops", "0.5", "Smallest probability of a loop.", "loop"),
    "stripe_probability": LimitField("Stripes", "0.5", "Smallest probability of a stripe.", "stripe"),
    "tad_probability": LimitField("TADs", "0.5", "Smallest probability of a TAD.", "tad"),
}
"""The limits of ``hicstruct predict --limit`` and ``--min-probability``, by name."""


class RunOptions:
    """What the *Predict* section sets beside model, tasks and place.

    Parameters
    ----------
    settings : Settings, optional
        Where it is remembered; without any, nowhere.

    Attributes
    ----------
    texts : dict of str to str
        What is written in each of :data:`FIELDS`; what is empty or missing is no limit.
    changed : Signal
    """

    changed = Signal()

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        kept = {} if settings is None else settings.get(_LIMITS, {})
        mode = "" if settings is None else settings.get(_MODE, "")
        self._mode = mode if mode in MODES else "fast"
        self.texts = {name: str(kept[name]) for name in FIELDS if kept.get(name)}

    @property
    def mode(self) -> str:
        """One of :data:`MODES`."""
        return self._mode

    def choose_mode(self, mode: str) -> None:
        """Run in that mode from now on."""
        self._mode = mode
        if self._settings is not None:
            self._settings.set(_MODE, mode)
        self.changed.emit()

    def limit(self, name: str, text: str) -> None:
        """Write into one of :data:`FIELDS`; a wrong text stays there until it is corrected, and is not remembered."""
        self.texts[name] = text.strip()
        good = {key: one for key, one in self.texts.items() if one and not self.problem(key)}
        if self._settings is not None:
            self._settings.set(_LIMITS, good or None)
        self.changed.emit()

    def clear(self) -> None:
        """No limits."""
        self.texts = {}
        if self._settings is not None:
            self._settings.set(_LIMITS, None)
        self.changed.emit()

    def problem(self, name: str) -> str:
        """What is wrong with one of :data:`FIELDS`, in a sentence; empty if nothing is."""
        field, text = FIELDS[name], self.texts.get(name, "")
        try:
            _ = text and _value(name, text)
        except (ConfigError, RegionError, ValueError):
            title = f"Probability of {field.title}" if field.task else field.title
            return f"{title}: '{text}' is not {field.form}."
        return ""

    def problems(self) -> list[str]:
        """Of all fields."""
        return [said for name in FIELDS if (said := self.problem(name))]

    def count(self) -> int:
        """How many limits there are."""
        return sum(bool(text) for text in self.texts.values())

    def words(self) -> str:
        """What is not as usual, for the name of a set: ``accurate, TAD size 100k-2M``; empty if all is."""
        said = [] if self.mode == "fast" else [self.mode]
        for name, text in self.texts.items():
            if text:
                said.append(f"{FIELDS[name].title} {'≥ ' if FIELDS[name].task else ''}{text}")
        return ", ".join(said)

    def request(self, tasks: Collection[str]) -> dict[str, Any]:
        """The part of a ``PredictRequest`` for these tasks; wrong texts are not in it (:meth:`problems`)."""
        from napari_hicstruct.decode.limits import DecodingLimits

        values = {name: _value(name, text) for name, text in self.texts.items() if text and not self.problem(name)}
        least = {field.task: values.pop(name) for name, field in FIELDS.items() if field.task and name in values}
        return {
            "mode": self.mode,
            "limits": DecodingLimits.of(values),
            "min_probability": {task: value for task, value in least.items() if task in tasks},
        }


def _value(name: str, text: str) -> Any:
    """A limit as the shell's ``--limit`` and ``--min-probability`` take it."""
    from napari_hicstruct.decode.limits import DecodingLimits, parse_limit

    if FIELDS[name].task:
        value = float(text)
        if not 0 < value < 1:
            raise ValueError(text)
        return value
    return getattr(DecodingLimits.of({name: parse_limit(text)}), name)


def limits_form(  # noqa: PLR0913 - keywords of a form
    *,
    loop_distance: str = "",
    loop_separation: str = "",
    stripe_length: str = "",
    stripe_width: str = "",
    tad_size: str = "",
    loop_probability: str = "",
    stripe_probability: str = "",
    tad_probability: str = "",
) -> dict[str, str]:
    """The limits that a person can set, as texts; forms are generated from this signature."""
    return dict(locals())
