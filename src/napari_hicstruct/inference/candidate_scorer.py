"""Scores candidates, called or not, with a network: log-odds, and inputs of the head's last layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.loci import goes_down
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.config.model import WindowConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import window_channels
from napari_hicstruct.decode.insulation import boundary_odds, counting_noise, valley_odds
from napari_hicstruct.decode.prominence import loop_evidence
from napari_hicstruct.decode.row_stripes import RowEvidence
from napari_hicstruct.decode.stripe_odds import stripe_odds
from napari_hicstruct.decode.stripe_runs import StripeRun
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.inference.boundary_prior import BoundaryPriorTrack
from napari_hicstruct.inference.candidate_scores import Features, HeadScore, last_layer
from napari_hicstruct.inference.device import precision
from napari_hicstruct.inference.maps import Predictor, StripFeatures
from napari_hicstruct.labels.corrections import borders, rectangle

REACH_BINS = 1
"""bins around its place within which a candidate's best pixel counts."""

_BATCH = 4


@dataclass
class CandidateScorer:
    """Scores candidates of one chromosome.

    Windows lie on a grid of the chromosome: the score of a record does not depend on the records beside it.

    Parameters
    ----------
    net : MultiTaskNet
        In evaluation mode.
    device : torch.device
    fine : Band or None
    coarse : Band
    tracks : mapping of int to float32, shape (n_tracks, n_bins)
        For networks that read 1-D tracks.
    on_windows : callable
        Called with the number of windows just done; may raise to cancel.
    """

    net: nn.Module
    device: torch.device
    fine: Band | None
    coarse: Band
    tracks: Mapping[int, Features] = field(default_factory=dict)
    on_windows: Callable[[int], None] = field(default=lambda _: None)

    def score(self, records: Sequence[Annotation]) -> list[HeadScore]:
        """Scores of all places of all records, grouped by head.

        None for kinds that the network has no task for, nor for boundaries where the map has no good bin at all.
        """
        if not records:
            return []
        predictor = Predictor(self.net, self.device, on_windows=self.on_windows, tracks=self.tracks)
        size = self.net.config.windows.coarse_size
        spans = [record.span for record in records]
        low, high = (
            edge // self.coarse.resolution for edge in (min(s.start for s in spans), max(s.end for s in spans))
        )
        predictor.prepare_prior(self.coarse, low - 2 * size, high + 2 * size)
        found: list[HeadScore] = []
        for head, score_all in (("point", self._points), ("mask", self._masks), ("boundary", self._boundaries)):
            mine = [k for k, record in enumerate(records) if KINDS[record.kind].head == head]
            if mine and self.net.tasks_of(head):
                found += score_all(records, mine, predictor)
        return found

    # ------------------------------------------------------------------ loops and stripes
    def _points(self, records: Sequence[Annotation], mine: list[int], predictor: Predictor) -> list[HeadScore]:
        band, fine = (self.coarse, False) if self.fine is None else (self.fine, True)
        task = self.net.tasks_of("point")[0]
        layer = f"fine_heads.{task}" if fine else f"heads.{task}"
        places = {k: [int(a.center // band.resolution) for a in (records[k].anchor1, records[k].anchor2)] for k in mine}
        size, margin = _window(self.net.config.windows, fine=fine)
        cell = size - 2 * margin  # the very windows of fast prediction: what is fitted here is what predicts there
        cells = {k: (row // cell, col // cell) for k, (row, col) in places.items()}
        groups = [(cell, list(own)) for cell, own in groupby(sorted(mine, key=cells.__getitem__), cells.__getitem__)]
        corners = [(row * cell - margin, col * cell - margin) for (row, col), _ in groups]
        found = []
        windows = self._forward(band, corners, size, task, layer, predictor.prior)
        for (_, own), corner, (logits, features) in zip(groups, corners, windows, strict=True):
            for k in own:
                y, x = _best(logits, places[k][0] - corner[0], places[k][1] - corner[1])
                evidence = loop_evidence(band, places[k][0], places[k][1])
                found.append(HeadScore(k, layer, float(logits[y, x]), features[:, y, x].copy(), evidence))
        return found

    def _masks(self, records: Sequence[Annotation], mine: list[int], predictor: Predictor) -> list[HeadScore]:
        band, task = self.coarse, self.net.tasks_of("mask")[0]
        layer = f"heads.{task}"
        size, margin = _window(self.net.config.windows, fine=False)
        cell = size - 2 * margin
        places = {k: np.array(rectangle(records[k], band.resolution), np.int64) for k in mine}
        cells = {k: (int(p[:2].sum() // 2 // cell), int(p[2:].sum() // 2 // cell)) for k, p in places.items()}
        groups = [(cell, list(own)) for cell, own in groupby(sorted(mine, key=cells.__getitem__), cells.__getitem__)]
        corners = [(row * cell - margin, col * cell - margin) for (row, col), _ in groups]
        found = []
        windows = self._forward(band, corners, size, task, layer, predictor.prior)
        for (_, own), corner, (logits, features) in zip(groups, corners, windows, strict=True):
            for k in own:
                top, bottom, left, right = np.clip(places[k] - np.repeat(corner, 2), 0, size)
                inside = (..., slice(top, max(top + 1, bottom)), slice(left, max(left + 1, right)))
                logit = float(logits[inside].mean())
                added = self._stripe_odds(logits[inside], (corner[0] + top, corner[1] + left), records[k]) - logit
                found.append(HeadScore(k, layer, logit, features[inside].mean(axis=(1, 2)), added, added))
        return found

    @cached_property
    def _rows(self) -> RowEvidence:
        """Rows of the whole chromosome that stand out."""
        return RowEvidence(self.coarse, range(self.coarse.n_bins), StripeSettings().at_scale(self.coarse.scale))

    def _stripe_odds(self, logits: Features, corner: tuple[int, int], stripe: Annotation) -> float:
        """Log-odds by which decoding lists a stripe, from logits of its rectangle, whose corner lies at ``corner``."""
        band = self.coarse
        rows, cols = (np.arange(n) + start for n, start in zip(logits.shape, corner, strict=True))
        off = np.abs(cols[None] - rows[:, None])
        counted = off >= StripeSettings().near_bp // band.network_resolution
        counted |= ~counted.any()  # shorter than what decoding begins with
        # float32 by hand, as for the stripes of whole chromosomes, whose means are compared with these
        means = (counted / (1 + np.exp(-logits))).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
        x, y, size = stripe.anchor1, stripe.anchor2, band.resolution
        anchor = range(x.start // size, max(x.start // size + 1, -(-x.end // size)))
        side = 1 if goes_down(stripe) else -1
        length = int((y.end - x.start if side > 0 else x.end - y.start) // size)  # of all of it, also beyond the window
        odds = stripe_odds(float(means.max()), band, anchor, side, length)[0]
        return self._rows.odds(StripeRun(0.0, anchor.start, anchor.start, anchor.stop, side, length, 0.0), odds)

    def _forward(
        self,
        band: Band,
        corners: list[tuple[int, int]],
        size: int,
        task: str,
        layer: str,
        track: BoundaryPriorTrack | None,
    ) -> Iterator[tuple[Features, Features]]:
        """Logits ``(size, size)`` and features ``(d, size, size)`` of windows at ``corners``, in order."""
        fine = layer.startswith("fine_heads")
        inputs, tracks = self.net.config.inputs, self.tracks.get(band.resolution)
        for start in range(0, len(corners), _BATCH):
            part = corners[start : start + _BATCH]
            x = np.stack([window_channels(band, *corner, size, inputs, tracks) for corner in part])
            prior = None if track is None else track.cut(part, size, factor=2 if fine else 1, device=self.device)
            tensor = torch.from_numpy(x).to(self.device).contiguous(memory_format=torch.channels_last)
            with captured_inputs(self.net, layer) as captured, torch.inference_mode(), precision(self.device):
                out = (
                    self.net.fine(tensor, [task], prior=prior)[task]["fine"]
                    if fine
                    else self.net.coarse(tensor, [task], prior=prior)[task]
                )
            self.on_windows(len(part))
            yield from zip(_numpy(out[:, 0]), _numpy(captured[-1]), strict=True)

    # ------------------------------------------------------------------ boundaries and TADs
    def _boundaries(self, records: Sequence[Annotation], mine: list[int], predictor: Predictor) -> list[HeadScore]:
        task, band, w = self.net.tasks_of("boundary")[0], self.coarse, self.net.config.windows
        places = [(k, bp // band.resolution) for k in mine for bp in borders(records[k])]
        inner = w.strip_length - 2 * w.strip_margin
        found = []
        for cell, own in groupby(sorted(places, key=lambda place: place[1]), lambda place: place[1] // inner):
            scored = self._strip(predictor, task, cell * inner, inner)
            if scored is None:
                continue
            logits, odds, features = scored
            for k, place in own:
                at = place - cell * inner
                low = max(0, at - REACH_BINS)
                best = float(odds[low : at + REACH_BINS + 1].max())
                at = low + int(np.argmax(logits[low : at + REACH_BINS + 1]))
                added = best - float(logits[at])
                noise = float(self._noise[min(place, len(self._noise) - 1)])
                own_features = features[:, at].copy()
                found.append(HeadScore(k, f"heads.{task}", float(logits[at]), own_features, added, added, noise))
        return found

    @cached_property
    def _valleys(self) -> Features:
        """What the valleys of the whole chromosome add to a boundary's log-odds, ``(n_bins,)``."""
        return valley_odds(self.coarse)

    @cached_property
    def _noise(self) -> NDArray[np.float64]:
        return counting_noise(self.coarse)

    def _strip(
        self, predictor: Predictor, task: str, first: int, length: int
    ) -> tuple[Features, Features, Features] | None:
        """Of a strip without margins: logits and log-odds as listed ``(length,)``, and features ``(d, length)``.

        None if no window on it holds a good pixel.
        """
        w = self.net.config.windows
        strip = StripFeatures(first, first + length)
        tiling = predictor.coarse_tiling(self.coarse, first - w.strip_margin, first + length + w.strip_margin, 1)
        for _ in predictor.coarse(self.coarse, tiling, points=[], masks=[], strips={task: strip}):
            pass
        if strip.empty:
            return None
        with captured_inputs(self.net, f"heads.{task}") as captured:
            p = predictor.strip_probability(self.coarse, task, strip, first - w.strip_margin)
        kept = slice(w.strip_margin, w.strip_margin + length)
        logits = np.log(np.clip(p, 1e-7, 1 - 1e-7)) - np.log1p(-np.clip(p, 1e-7, 1 - 1e-7))
        bins = np.arange(first - w.strip_margin, first + length + w.strip_margin)
        inside = (bins >= 0) & (bins < len(self._valleys))
        odds = boundary_odds(p, np.where(inside, self._valleys[np.clip(bins, 0, len(self._valleys) - 1)], 0))
        features = _numpy(_unfolded(captured[-1], self.net.heads[task].out))[0]
        return logits[kept].astype(np.float32), odds[kept], features[:, kept]


@contextmanager
def captured_inputs(net: nn.Module, layer: str) -> Iterator[list[Tensor]]:
    """Inputs of a head's last layer while the block runs."""
    captured: list[Tensor] = []
    handle = last_layer(net, layer).register_forward_pre_hook(lambda _, inputs: captured.append(inputs[0]))
    try:
        yield captured
    finally:
        handle.remove()


def _unfolded(x: Tensor, conv: nn.Conv1d) -> Tensor:
    """``(B, C, L)`` → ``(B, C·k, L)``: what a convolution of width k weighs at each place."""
    k = conv.kernel_size[0]
    return nn.functional.pad(x, (k // 2, k // 2)).unfold(2, k, 1).permute(0, 1, 3, 2).flatten(1, 2)


def _numpy(x: Tensor) -> Features:
    return np.asarray(x.float().cpu().numpy())


def _window(windows: WindowConfig, *, fine: bool) -> tuple[int, int]:
    """Size and margin of a window, bins."""
    return (windows.fine_size, windows.fine_margin) if fine else (windows.coarse_size, windows.coarse_margin)


def _best(logits: Features, row: int, col: int) -> tuple[int, int]:
    """The best pixel within :data:`REACH_BINS` of a place inside the window."""
    y, x = max(0, row - REACH_BINS), max(0, col - REACH_BINS)
    part = logits[y : row + REACH_BINS + 1, x : col + REACH_BINS + 1]
    down, right = np.unravel_index(int(np.argmax(part)), part.shape)
    return y + int(down), x + int(right)
