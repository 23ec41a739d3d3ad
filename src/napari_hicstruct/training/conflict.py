"""Conflicting gradients: one gradient per task (and distance bucket) on the shared weights, made to agree.

The rules (PCGrad, CAGrad, UPGrad) are torchjd's; all three need the gradients' inner products only, and give one weight
per gradient.  Gradients are taken loss by loss, so a backward pass walks through its own task's decoder alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.training.balance import Reduce, one_device

Row = tuple[str, str]
"""Task and distance bucket; the bucket is empty where a task's loss is whole."""


def conflict_weighting(method: str, *, radius: float = 0.5) -> Any:
    """torchjd's rule: a Gramian ``(m, m)`` → weights ``(m,)``; None for ``none``, the plain sum.

    Rules that average (CAGrad, UPGrad) are multiplied by m: where nothing conflicts PCGrad and UPGrad are the plain
    sum, so that switching the method does not change the learning rate.

    Sources: Yu et al. 2020 (PCGrad, algorithm 1); Liu et al. 2021 (CAGrad, algorithm 1, ``radius`` is its c);
    Quinton & Rey 2024 (UPGrad, "Jacobian descent for multi-objective optimization").

    Raises
    ------
    ConfigError
        If torchjd or the solver of the method is not installed.
    """
    if method == "none":
        return None
    try:
        from torchjd.aggregation import CAGradWeighting, PCGradWeighting, UPGradWeighting

        if method == "pcgrad":
            return PCGradWeighting()
        rule = CAGradWeighting(c=radius) if method == "cagrad" else UPGradWeighting()
        return lambda gramian: len(gramian) * rule(gramian)
    except ImportError as error:
        raise ConfigError(
            f"losses.conflict '{method}' needs a package that is not installed.",
            hint="Install the extra: pip install 'napari-hicstruct[conflict]'.",
        ) from error


@dataclass(frozen=True, slots=True)
class ConflictLog:
    """What the gradients on the shared weights looked like in one step.

    Attributes
    ----------
    rows : tuple of Row
    gramian : Tensor, shape (m, m)
        Inner products of the rows' gradients.
    weights : Tensor, shape (m,)
        How much each was taken.
    """

    rows: tuple[Row, ...]
    gramian: Tensor
    weights: Tensor

    def cosine(self, a: Sequence[Row], b: Sequence[Row]) -> float:
        """Cosine between the summed gradients of two groups of rows; NaN where one is zero."""
        k, m = ([self.rows.index(row) for row in group] for group in (a, b))
        dot, aa, bb = (float(self.gramian[x][:, y].sum()) for x, y in ((k, m), (k, k), (m, m)))
        return dot / math.sqrt(aa * bb) if aa > 0 and bb > 0 else math.nan

    def pairs(self, bucket: str = "") -> dict[tuple[str, str], float]:
        """Cosine by pair of tasks, of whole tasks or of their gradients from one bucket.

        A task without buckets (boundaries live on the diagonal) is compared whole.
        """
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            if not bucket or row[1] in ("", bucket):
                groups.setdefault(row[0], []).append(row)
        return {(a, b): self.cosine(groups[a], groups[b]) for a, b in combinations(sorted(groups), 2)}

    def as_dict(self) -> dict[str, float]:
        """For the log: cosines and conflict rate (share of pairs with a negative cosine), whole and by bucket.

        Keys are ``cosine/<a>-<b>``, ``cosine/<a>-<b>/<bucket>``, ``conflict_rate`` and ``conflict_rate/<bucket>``;
        pairs with a gradient of zero are left out.
        """
        log: dict[str, float] = {}
        for bucket in dict.fromkeys(("", *(name for _, name in self.rows))):
            end = f"/{bucket}" if bucket else ""
            pairs = {pair: value for pair, value in self.pairs(bucket).items() if not math.isnan(value)}
            log |= {f"cosine/{a}-{b}{end}": value for (a, b), value in pairs.items()}
            if pairs:
                log[f"conflict_rate{end}"] = sum(value < 0 for value in pairs.values()) / len(pairs)
        return log


class TaskGradients:
    """Gradients of one step, row by row, summed over the pieces of its batches.

    Parameters
    ----------
    shared : sequence of Tensor
        Weights on which tasks may conflict (encoder, attention).
    own : sequence of Tensor
        All other weights; they get the plain sum of the tasks' gradients.

    Notes
    -----
    Memory: one float per row and shared weight.  Gradients must start from None (``zero_grad(set_to_none=True)``), and
    the wrapped module's own synchronisation must be off (``no_backward_sync``): ``reduce`` does it.
    """

    def __init__(self, shared: Sequence[Tensor], own: Sequence[Tensor]) -> None:
        self.shared, self.weights = list(shared), [*shared, *own]
        self.rows: dict[Row, Tensor] = {}
        self.plain: dict[int, Tensor] = {}

    def add(self, losses: Mapping[Row, Tensor], extra: Tensor | None = None) -> None:
        """Add the gradients of one piece; frees its graph.

        Parameters
        ----------
        losses : mapping of Row to Tensor
            Scalars, weighted.
        extra : Tensor, optional
            Regularisers: their gradient is added to the result and takes no part in conflicts.
        """
        everything: list[tuple[Row | None, Tensor]] = list(losses.items())
        if extra is not None:
            everything.append((None, extra))
        for k, (row, loss) in enumerate(everything):
            keep = k + 1 < len(everything)
            gradients = torch.autograd.grad(loss, self.weights, retain_graph=keep, allow_unused=True)
            n = 0
            if row is not None:
                n = len(self.shared)
                flat = _flat(gradients[:n], self.shared)
                self.rows[row] = self.rows[row] + flat if row in self.rows else flat
            for i, gradient in enumerate(gradients[n:], n):
                if gradient is not None:
                    self.plain[i] = self.plain[i] + gradient if i in self.plain else gradient

    def resolve(self, weighting: Any, *, seed: int, reduce: Reduce = one_device) -> ConflictLog:
        """Write ``.grad`` of all weights that a loss reaches; gives the log.

        Parameters
        ----------
        weighting : callable or None
            See :func:`conflict_weighting`.
        seed : int
            The step: PCGrad's random order must be the same on every device and after a resume.
        reduce : callable
            Mean over devices; all of them must hold the same rows.
        """
        rows = tuple(sorted(self.rows))
        gradients = [reduce(self.rows[row]) for row in rows]
        gramian = torch.stack([torch.stack([a @ b for b in gradients]) for a in gradients]).cpu()
        weights = _weigh(weighting, gramian, seed)
        for i, gradient in sorted(self.plain.items()):
            self.weights[i].grad = reduce(gradient)
        shared = sum(float(w) * g for w, g in zip(weights, gradients, strict=True))
        for p, part in zip(self.shared, shared.split([p.numel() for p in self.shared]), strict=True):
            part = torch.empty_like(p).copy_(part.view_as(p))  # in the weights' own memory order
            p.grad = part if p.grad is None else p.grad + part
        return ConflictLog(rows, gramian, weights)


def _flat(gradients: Sequence[Tensor | None], like: Sequence[Tensor]) -> Tensor:
    """All gradients as one vector, zeros where there is none."""
    parts = [torch.zeros_like(p) if g is None else g for g, p in zip(gradients, like, strict=True)]
    return torch.cat([part.reshape(-1).float() for part in parts])


def _weigh(weighting: Any, gramian: Tensor, seed: int) -> Tensor:
    """Weight per row; rows without a gradient (a bucket with nothing known) take no part."""
    weights = torch.ones(len(gramian))
    live = torch.diagonal(gramian) > 0
    if weighting is None or int(live.sum()) < 2:
        return weights
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights[live] = weighting(gramian[live][:, live]).float()
    return weights
