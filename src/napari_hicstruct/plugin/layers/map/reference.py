"""Weights and expected values for the read-out and for O/E, computed in the background."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.contacts.protocol import RAW
from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.jobs.progress import Clock
from napari_hicstruct.plugin.layers.map.status import Reference
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Runner

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource


def iter_references(
    source: ContactSource, chrom: str, norms: Mapping[int, str], token: CancelToken
) -> Generator[Progress, None, None]:
    """Load weights and expected of each resolution (bp → norm); ``Progress.payload`` is one :class:`Reference`."""
    from napari_hicstruct.contacts import expected_by_distance

    clock = Clock()
    for done, (resolution, norm) in enumerate(norms.items()):
        token.check()
        yield clock.step(f"expected {chrom} at {resolution:,} bp", done, len(norms))
        weights = source.weights(chrom, resolution=resolution, norm=norm)
        expected = expected_by_distance(source, chrom, resolution=resolution, norm=norm, token=token)
        reference = Reference(resolution, norm, np.asarray(weights), np.asarray(expected))
        yield clock.step(f"expected {chrom}", done + 1, len(norms), payload=reference)


class References:
    """The references of one chromosome and normalisation; ``on_change`` is called when more are known.

    A map whose expected cannot be computed still can be looked at: the read-out then does without it, and
    ``problem``: why O/E cannot be shown.
    """

    def __init__(self, source: ContactSource, runner: Runner, on_change: Callable[[], None]) -> None:
        self._source = source
        self._on_change = on_change
        self._chrom = ""
        self._norms: dict[int, str] = {}
        self._known: dict[int, Reference] = {}
        self._pending: set[int] = set()
        self.problem: HicStructError | None = None
        self._job = BackgroundJob(runner, on_step=self._step, on_done=lambda _: self._end(None), on_error=self._end)

    def get(self, resolution: int) -> Reference | None:
        """The reference at ``resolution`` (bp), or None while it is not known."""
        return self._known.get(resolution)

    def has_all(self) -> bool:
        """True if every stored level is known."""
        return all(resolution in self._known for resolution in self._norms)

    def set_target(self, chrom: str, norms: Mapping[int, str]) -> None:
        """What is wanted: the normalisation of each stored level (bp → name); forgets what no longer fits."""
        if (chrom, norms) != (self._chrom, self._norms):
            self._job.close()
            self._chrom, self._norms = chrom, dict(norms)
            self._known, self._pending, self.problem = {}, set(), None

    def want(self, *resolutions: int) -> None:
        """Compute what is missing of ``resolutions`` (all if none are named); adds to what is under way."""
        wanted = set(resolutions or self._norms) & set(self._norms)
        missing = wanted - set(self._known)
        if not missing or self.problem is not None or missing <= self._pending:
            return
        self._pending = (self._pending | missing) - set(self._known)
        # coarse levels take moments: first the one that is asked for alone, then from coarse to fine
        order = sorted(self._pending, key=lambda resolution: (resolution not in resolutions, -resolution))
        chrom, norms = self._chrom, {resolution: self._norms[resolution] for resolution in order}
        self._job.start(lambda token: iter_references(self._source, chrom, norms, token))

    def close(self) -> None:
        """Stop the background work."""
        self._job.close()

    def _step(self, progress: Progress) -> None:
        if isinstance(progress.payload, Reference):
            self._known[progress.payload.resolution] = progress.payload
            self._on_change()

    def _end(self, error: HicStructError | None) -> None:
        self._pending = set()
        if error is not None and not isinstance(error, Cancelled):
            self.problem = error
        self._on_change()


def ratio_norm(source: ContactSource, chrom: str, norm: str) -> str:
    """The normalisation that O/E is computed from: a stored one if raw counts are shown and one exists."""
    if norm != RAW:
        return norm
    stored = source.normalisations(source.resolutions_of(chrom)[0], chrom)
    return stored[0].name if stored else RAW
