"""Scores of existing candidates by a model, which order the review queue, and proposals among faint calls."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.annotations.loci import SAME_CALL_BP, LocusIndex
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ModelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.evaluation.calibrate import CalibrationMap
    from napari_hicstruct.inference.candidate_scores import CandidateScore, HeadScore

MEMBERS = 16
"""Of the ensemble."""

MIN_PROPOSAL_PROBABILITY = 1e-4
"""Calibrated."""


def iter_rescore(
    source: ContactSource,
    records: Sequence[Annotation],
    *,
    model: str = "default",
    device: str = "auto",
    threads: int = 0,
    token: CancelToken | None = None,
) -> Generator[Progress, None, dict[str, CandidateScore]]:
    """Probability, votes of an ensemble of heads, and features of every record, by uid.

    Parameters
    ----------
    model : str
        Name or folder.

    Returns
    -------
    dict of str to CandidateScore
        Without records on chromosomes that the map does not have, and of kinds that the model does not know.

    Raises
    ------
    MapError
        If the map cannot be read.
    ModelError
        If there is no such model, it is damaged, or it reads 1-D tracks.
    """
    from napari_hicstruct.evaluation.calibrate import maps_of
    from napari_hicstruct.inference.candidate_scores import mc_dropout_votes
    from napari_hicstruct.inference.device import choose_device, torch_threads
    from napari_hicstruct.models.store import load_model
    from napari_hicstruct.workflows.finetune.score import Scorer, iter_read_bands
    from napari_hicstruct.workflows.models import find_model

    info, chosen = find_model(model), choose_device(device)
    if info.tracks:
        hint = "Choose another model, or another order of the queue."
        raise ModelError(
            f"{info.label} reads 1-D tracks, which the review queue does not have.", where=info.path, hint=hint
        )
    token, clock = token or CancelToken(), Clock()
    with torch_threads(threads):
        net, card = load_model(info.path, device=chosen)
        bands = yield from iter_read_bands(source, [r.chrom for r in records], net.config, token=token, clock=clock)
        scores = yield from Scorer(chosen, bands, token, clock).iter_score(net, records)
        meaning = partial(_probability, maps=maps_of(card), config=net.config)
        return _by_uid(records, scores, mc_dropout_votes(scores, net, MEMBERS), meaning)


def _probability(score: HeadScore, kind: Kind, *, maps: Mapping[str, CalibrationMap], config: ModelConfig) -> float:
    """What the score means, as in the model's own lists; of a model that was never calibrated the score itself."""
    from scipy.special import expit

    size = config.fine_resolution if score.layer.startswith("fine_heads.") else config.coarse_resolution
    keys = {Kind.LOOP: f"loop@{size}", Kind.STRIPE: "stripe"}
    own, known = float(expit(score.log_odds)), maps.get(keys.get(kind, "boundary"))
    return own if known is None else float(known.apply(own, score.noise))


def _by_uid(
    records: Sequence[Annotation],
    scores: Sequence[HeadScore],
    votes: NDArray[np.float64],
    meaning: Callable[[HeadScore, Kind], float],
) -> dict[str, CandidateScore]:
    """One score for each record: a TAD has the lesser probability of its borders."""
    from napari_hicstruct.inference.candidate_scores import CandidateScore

    found: dict[str, CandidateScore] = {}
    for score, own in zip(scores, votes, strict=True):
        uid = records[score.owner].uid
        scored = CandidateScore(meaning(score, records[score.owner].kind), own, score.features)
        if uid in found:
            less = min(found[uid], scored, key=lambda one: one.probability)
            both = (found[uid].features + scored.features) / np.float32(2)
            scored = CandidateScore(less.probability, less.votes, both)
        found[uid] = scored
    return found


def propose(calls: Sequence[Annotation], known: Sequence[Annotation]) -> list[Annotation]:
    """Those of a model's faint calls that are the same structure as no record.

    Parameters
    ----------
    calls : sequence of Annotation
        From a prediction with a ``min_probability`` of :data:`MIN_PROPOSAL_PROBABILITY`.
    known : sequence of Annotation
        All records of the project.
    """
    index = LocusIndex(known)
    return [call for call in calls if not index.holds(call, SAME_CALL_BP)]
