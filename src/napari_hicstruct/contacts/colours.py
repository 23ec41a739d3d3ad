"""How values of a map become colours, the same in the window and in figures."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

CONTACTS = "hic_red"
"""White → red → dark red, for contacts."""

RATIO = "hic_ratio"
"""Blue → white → red about 1, for observed over expected."""

NO_DATA = (0.82, 0.82, 0.84, 1.0)
"""Bins without data (masked, or past the chromosome's end)."""

STOPS = {
    CONTACTS: (
        (0.0, (1.0, 1.0, 1.0)),
        (0.12, (1.0, 0.93, 0.89)),
        (0.35, (0.99, 0.66, 0.54)),
        (0.62, (0.92, 0.26, 0.20)),
        (0.85, (0.66, 0.05, 0.09)),
        (1.0, (0.33, 0.0, 0.05)),
    ),
    RATIO: (
        (0.0, (0.02, 0.19, 0.42)),
        (0.25, (0.30, 0.58, 0.79)),
        (0.5, (1.0, 1.0, 1.0)),
        (0.75, (0.89, 0.42, 0.34)),
        (1.0, (0.45, 0.0, 0.08)),
    ),
}
"""Colour maps of our own: name → positions in [0, 1] and their red, green and blue."""


class Scale(StrEnum):
    """How values become colours."""

    CONTACTS = "contacts"
    """From 0 on."""
    RATIO = "ratio"
    """The logarithm to base 2, symmetric about a ratio of 1."""
    SIGNED = "signed"
    """As they are, symmetric about 0: differences and logarithms."""


NO_CONTACTS = np.float32(2.0**-10)
"""Ratio that is drawn for 0, whose logarithm there is none of: below every range of colours."""


def colour_range(values: NDArray[np.float32], percentile: float, *, scale: Scale) -> tuple[float, float]:
    """Colour limits from what is in view.

    Contacts: 0 to the ``percentile`` of all bins (of the bins with contacts where that is 0).  Ratios: symmetric
    about O/E = 1 on the log2 scale, at the ``percentile`` of the distance from it; signed values about 0.
    """
    step = max(1, int((values.size / 250_000) ** 0.5))
    sample = values[::step, ::step]
    sample = sample[np.isfinite(sample)]
    if scale is Scale.SIGNED:
        sample = np.abs(sample[sample != 0])
        reach = float(np.percentile(sample, percentile)) if sample.size else 1.0
        return -reach, reach
    if scale is Scale.RATIO:
        with np.errstate(divide="ignore"):
            sample = np.abs(np.log2(sample[sample > 0]))
        reach = float(np.percentile(sample, percentile)) if sample.size else 1.0
        reach = min(max(reach, 0.5), 6.0)
        return -reach, reach
    for part in (sample, sample[sample > 0]):
        top = float(np.percentile(part, percentile)) if part.size else 0.0
        if top > 0:
            return 0.0, top
    return 0.0, 1.0
