"""Proposals: faint calls of a model, below its threshold, near none of the known records."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.rescore import MIN_PROPOSAL_PROBABILITY, propose

MAX_PROPOSALS = 300
"""Proposals of one kind, the likeliest first: nobody reviews more at a time."""


def iter_propose(  # noqa: PLR0913 - keywords of a use case
    source: ContactSource,
    known: Sequence[Annotation],
    region: Interval,
    *,
    model: str = "default",
    device: str = "auto",
    threads: int = 0,
    token: CancelToken | None = None,
) -> Generator[Progress, None, list[Annotation]]:
    """Faint calls of a model in a region, near none of ``known``.

    Raises
    ------
    MapError, ConfigError, ModelError
    """
    from napari_hicstruct.workflows.models import find_model
    from napari_hicstruct.workflows.predict import iter_predict
    from napari_hicstruct.workflows.predict.request import PredictRequest

    tasks = find_model(model).tasks
    request = PredictRequest(
        regions=(region,),
        tasks=tasks,
        model=model,
        device=device,
        threads=threads,
        min_probability=dict.fromkeys(tasks, MIN_PROPOSAL_PROBABILITY),
    )
    job = iter_predict(source, request, token=token)
    while True:
        try:
            step = next(job)
        except StopIteration as ended:
            calls = ended.value.annotations
            break
        yield replace(step, payload=None)
    fresh = [call for call in propose(calls, known) if call.kind is not Kind.TAD]  # TADs follow from boundaries
    fresh.sort(key=lambda call: -call.probability)
    return [call for kind in Kind for call in [one for one in fresh if one.kind is kind][:MAX_PROPOSALS]]
