"""How sure a network is of given candidates: at their own places, called or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import strip_channels, window_channels
from napari_hicstruct.inference.device import precision
from napari_hicstruct.inference.hints import HintTrack, look_ahead
from napari_hicstruct.labels.corrections import borders, rectangle
from napari_hicstruct.models.context import Hint
from napari_hicstruct.models.network import MultiTaskNet

SIZES = {"point": 128, "mask": 256, "boundary": 256}
"""bins; windows around a candidate."""

REACH = 2
"""bins around its place within which a candidate counts as seen."""

_BATCH = 8
_HEADS = {Kind.LOOP: "point", Kind.STRIPE: "mask", Kind.TAD: "boundary", Kind.BOUNDARY: "boundary"}


@dataclass(slots=True)
class Judge:
    """Raw probabilities of candidates in one stretch of one chromosome.

    Parameters
    ----------
    net : MultiTaskNet
        In evaluation mode, on ``device``.
    device : torch.device
    fine : Band or None
    coarse : Band
        Cut to the stretch (``first_bin`` > 0) or whole.
    """

    net: MultiTaskNet
    device: torch.device
    fine: Band | None
    coarse: Band

    def probabilities(self, records: Sequence[Annotation]) -> NDArray[np.float64]:
        """One probability per record, NaN for kinds that the network has no task for; not calibrated.

        Loops and boundaries: the highest within :data:`REACH` bins.  Stripes: the mean over their rectangle.  TADs: the
        lesser of their two borders.
        """
        hints = look_ahead(self.net, self.coarse, self.device) if self.net.config.hint.kind != "none" else None
        out = np.full(len(records), np.nan)
        for head in dict.fromkeys(_HEADS.values()):
            mine = [k for k, record in enumerate(records) if _HEADS[record.kind] == head]
            if not mine or not self.net.tasks_of(head):
                continue
            own = [records[k] for k in mine]
            found = self._boundaries(own, hints) if head == "boundary" else self._dense(own, head, hints)
            out[mine] = found
        return out

    def _dense(self, records: list[Annotation], head: str, hints: HintTrack | None) -> list[float]:
        """Loops and stripes: a window around each."""
        fine = head == "point" and self.fine is not None
        band = self.fine if fine else self.coarse
        assert band is not None
        places = [np.array(rectangle(record, band.resolution)) - band.first_bin for record in records]
        size, task = SIZES[head], self.net.tasks_of(head)[0]
        corners = []
        for top, bottom, left, right in places:
            row, col = (int(sum(pair) / 2 - size / 2) // 2 * 2 for pair in ((top, bottom), (left, right)))
            corners.append((row, col))
        found = []
        maps = self._forward(band, corners, size, task, hints, fine=fine)
        for place, corner, p in zip(places, corners, maps, strict=True):
            found.append(_read(p, place - np.repeat(corner, 2), mean=head == "mask"))
        return found

    def _forward(
        self,
        band: Band,
        corners: list[tuple[int, int]],
        size: int,
        task: str,
        hints: HintTrack | None,
        *,
        fine: bool,
    ) -> Iterator[NDArray[np.float32]]:
        """Probability maps ``(size, size)`` of windows at ``corners``, in order."""
        for part in _batches(corners):
            x = self._windows(band, part, size)
            hint = None if hints is None else hints.cut(part, size, factor=2 if fine else 1, device=self.device)
            with torch.inference_mode(), precision(self.device):
                out = (
                    self.net.fine(x, [task], hint=hint)[task]["fine"]
                    if fine
                    else self.net.coarse(x, [task], hint=hint)[task]
                )
            yield from torch.sigmoid(out[:, 0].float()).cpu().numpy()

    def _windows(self, band: Band, corners: list[tuple[int, int]], size: int) -> Tensor:
        x = np.stack([window_channels(band, *corner, size, self.net.config.inputs) for corner in corners])
        return torch.from_numpy(x).to(self.device).contiguous(memory_format=torch.channels_last)

    def _boundaries(self, records: list[Annotation], hints: HintTrack | None) -> list[float]:
        """TADs and boundaries: a strip around each border."""
        band, size, task = self.coarse, SIZES["boundary"], self.net.tasks_of("boundary")[0]
        places = sorted({bp // band.resolution - band.first_bin for record in records for bp in borders(record)})
        seen: dict[int, float] = {}
        for part in _batches([(place - size // 2,) * 2 for place in places]):
            hint = None if hints is None else hints.cut(part, size, factor=1, device=self.device)
            for (first, _), p in zip(part, self._strips(band, part, size, task, hint), strict=True):
                middle = len(p) // 2
                seen[first + size // 2] = float(p[middle - REACH : middle + REACH + 1].max())
        return [min(seen[bp // band.resolution - band.first_bin] for bp in borders(record)) for record in records]

    def _strips(
        self, band: Band, corners: list[tuple[int, int]], size: int, task: str, hint: Hint | None
    ) -> NDArray[np.float32]:
        w, margin = self.net.config.windows, self.net.config.windows.coarse_margin
        length = size - 2 * margin
        x = self._windows(band, corners, size)
        own = np.stack(
            [strip_channels(band, c + margin, length, w.strip_diagonals, self.net.config.inputs) for c, _ in corners]
        )
        with torch.inference_mode(), precision(self.device):
            features = self.net.read_diagonal(self.net.coarse(x, [task], hint=hint)[task], margin)
            logits = self.net.strip(torch.from_numpy(own).to(self.device), features, task)
        return np.asarray(torch.sigmoid(logits.float()).cpu().numpy())


def _batches(corners: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    todo = iter(corners)
    while part := list(islice(todo, _BATCH)):
        yield part


def _read(p: NDArray[np.float32], place: NDArray[np.float64], *, mean: bool) -> float:
    """The highest (or mean) probability of a map inside a rectangle."""
    top, bottom, left, right = (int(round(edge)) for edge in place)
    inside = p[max(0, top) : max(top + 1, bottom), max(0, left) : max(left + 1, right)]
    if not inside.size:
        return 0.0
    return float(inside.mean() if mean else inside.max())
