"""Pictures of why a model called an object, as layers of the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap

from napari_hicstruct.plugin.layers.coarse_steps import Points
from napari_hicstruct.plugin.layers.fixed_place import Image
from napari_hicstruct.plugin.layers.temporary import TemporaryLayers

PREFIX = "Why: "

_COLOURS = {"probability": (0.0, 0.6, 1.0), "boundary_prior": (0.0, 0.55, 0.35), "exchange": (0.75, 0.0, 0.6)}
_GATE = (0.85, 0.45, 0.0)
_MARK_PX = 19
_MARK, _INK = "#0040c0", "#ffffff"
_LETTERS = {"Stripe": "S", "TAD boundary": "B", "TAD corner": "C", "Loop": "L", "Convergent pair": "M"}
"""What stands in a mark: words beside it lay over each other, and were not read on dark bins."""


def name_of_layer(name: str) -> str:
    """``gate/loop/f2/1`` as people read it."""
    kind, what, *rest = name.split("/")
    where = f" at {rest[0]}" if rest else ""
    part = f" {rest[1]}" if len(rest) > 1 else ""
    words = {
        "probability": f"p({what})",
        "boundary_prior": f"{what} prior",
        "exchange": f"exchange {what.replace('-', ' ↔ ')}{where}",
        "gate": f"{what} gate{where}, expert{part}",
        "scale_gate": f"{what} gate{where}, scale{part}",
        "weights": f"{what} weights{where}",
    }
    return PREFIX + words.get(kind, " ".join(name.split("/")))


def letter_of(evidence: Any) -> str:
    """The letter of the mark of what was found; empty where nothing is marked."""
    if evidence.place is None:
        return ""
    return next((letter for words, letter in _LETTERS.items() if evidence.text.startswith(words)), evidence.text[:1])


class ExplanationLayers(TemporaryLayers):
    """The layers of one explanation."""

    def iter_show(self, explanation: Any, *, flipped: bool) -> Iterator[None]:
        """Draw an explanation above the diagonal, or below it (``flipped``), one layer with each step.

        The marks come first, then the object's own p, the only visible picture: a layer takes napari 20 to 60 ms, and
        all of them at once would stop the window.
        """
        self.clear()
        own, layers = f"probability/{explanation.task}", explanation.relevant()
        if marks := _marks(explanation):
            self.put([self._points(marks, explanation, flipped=flipped)])
            yield
        for name in sorted(layers, key=lambda name: (name == own, name), reverse=True):
            self.put([self._image(name, layers[name], flipped=flipped, visible=name == own)], above_map=True)
            yield

    def _image(self, name: str, layer: Any, *, flipped: bool, visible: bool) -> Image:
        values, corner = (layer.values.T, (layer.col, layer.row)) if flipped else (layer.values, (layer.row, layer.col))
        r = layer.resolution
        # p and gates lie in [0, 1]; a faint layer is stretched to what it has
        top = 1.0 if name.startswith(("probability", "gate", "scale_gate")) else max(float(values.max()), 1e-3)
        return Image(
            np.ascontiguousarray(values),
            name=name_of_layer(name),
            scale=(r, r),
            translate=tuple((k + 0.5) * r for k in corner),  # pixel centres are integers, bins begin at their start
            contrast_limits=(0.0, top),
            colormap=_clear_to(name.split("/")[0]),
            blending="translucent_no_depth",
            interpolation2d="nearest",
            visible=visible,
            metadata={"hicstruct_why": name},
            **self._canvas.world_kwargs(),
        )

    def _points(self, marks: list[Any], explanation: Any, *, flipped: bool) -> Points:
        words: dict[tuple[float, ...], list[str]] = {}
        for one in marks:
            place = one.place[::-1] if flipped else one.place
            named = words.setdefault(tuple(place), [])
            named += [letter] if (letter := letter_of(one)) not in named else []
        return Points(
            np.array(list(words), float),
            name=f"{PREFIX}evidence",
            symbol="disc",
            size=1.0,
            canvas_size_limits=(_MARK_PX, _MARK_PX),  # at any zoom large enough for a letter, and no larger
            face_color=_MARK,
            border_color=_MARK,  # vispy gives a mark that it enlarges a wide border
            features={"evidence": ["".join(named) for named in words.values()]},
            text={"string": "{evidence}", "color": _INK, "size": 8, "anchor": "center"},
            metadata={"hicstruct_why": "evidence"},
            **self._canvas.world_kwargs(),
        )


def layer_count(explanation: Any) -> int:
    """How many layers an explanation has."""
    return len(explanation.relevant()) + bool(_marks(explanation))


def _marks(explanation: Any) -> list[Any]:
    return [one for one in explanation.evidence if one.place is not None]


def _clear_to(kind: str) -> Colormap:
    """From clear to the kind's colour: on a white map, adding light would show nothing."""
    colour = _COLOURS.get(kind, _GATE)
    return Colormap([(*colour, 0.0), (*colour, 0.5), (*colour, 1.0)], controls=[0.0, 0.2, 1.0], name=f"hic_why_{kind}")
