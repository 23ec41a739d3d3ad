"""What goes into a fine-tuning and what comes out of it: plain records that cross process borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from napari_hicstruct import __version__
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.labels.corrections import Corrections


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneJob:
    """Everything that a fine-tuning reads; it needs neither the project file nor a window.

    Attributes
    ----------
    map_uri : str
    corrections : Corrections
        All records of the project by their status, with its reviewed and its validation regions.
    parent : str
        Folder of the model in use now: what the new one must not be worse than.
    start : str
        Folder of the model whose weights are trained on: the base model, or the parent.
    out : str
        Folder that the new model is written to.
    name, version : str
        Of the new model.
    config : FinetuneConfig
    device : str
        ``auto`` or a torch device.
    threads : int
        Processor threads; 0 leaves torch's own choice.
    last_entry : int
        Newest journal entry that the corrections contain.
    learnt : frozenset of str
        Uids of corrections that the start has learnt already: they do not count when models are compared.
    """

    map_uri: str
    corrections: Corrections
    parent: str
    start: str
    out: str
    name: str
    version: str
    config: FinetuneConfig = field(default_factory=FinetuneConfig)
    device: str = "auto"
    threads: int = 0
    last_entry: int = 0
    learnt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Live:
    """Payload of a Progress while a network learns.

    Attributes
    ----------
    step, steps : int
        Within this training.
    training : str
        Which one: ``fold 1 of 2`` of the cross-validation, or ``model``.
    losses : mapping of str to float
        By task, of this step.
    validation : mapping of str to float
        By task, when it was just measured; else empty.
    steps_per_second : float
    """

    step: int
    steps: int
    training: str
    losses: Mapping[str, float]
    validation: Mapping[str, float]
    steps_per_second: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the before/after table.

    Attributes
    ----------
    what : str
        ``loop``, ``stripe``, ``tad`` …
    measure : str
        ``ranking`` (area under the ROC curve of corrected candidates), ``log loss``, ``average precision``.
    on : str
        ``validation regions``, the same ``and cross-validation``, or ``replay``; older projects have other names.
    n : int
        Candidates or truths it rests on.
    before, after : float
        Of the parent and of the new model.
    low, high : float
        90 % interval of after − before.
    better : int
        1 where more is better, −1 where less is.
    """

    what: str
    measure: str
    on: str
    n: int
    before: float
    after: float
    low: float
    high: float
    better: int = 1


def informative_figures(figures: Sequence[Figure]) -> list[Figure]:
    """All but those of all tasks together where one task alone says the same."""
    tasks = {one.on: {other.what for other in figures if other.on == one.on} - {"all"} for one in figures}
    return [one for one in figures if one.what != "all" or len(tasks[one.on]) != 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneResult:
    """What a fine-tuning came to.

    Attributes
    ----------
    verdict : Verdict
        Better, no different, too few to say, or worse.
    reason : str
        The verdict as one plain sentence.
    figures : tuple of Figure
    model : str
        Folder of the new model (a branch where it was not taken).
    sha256, label : str
        Of the new model; those of the model in use where nothing new was learnt.
    parent, parent_label : str
        sha256 and label of the model in use, which it was compared with.
    corrections : int
        How many it learnt from.
    steps : int
    seconds : float
        From the start of the job to the finished model and its figures.
    stopped : bool
        Whether the person ended the training early (the best so far was kept).
    notes : tuple of str
        What else the person should know.
    details : str
        The numbers that the verdict rests on, in words.
    """

    verdict: Verdict
    reason: str
    figures: tuple[Figure, ...]
    model: str
    sha256: str
    label: str
    parent: str
    parent_label: str
    corrections: int
    steps: int
    seconds: float
    stopped: bool = False
    notes: tuple[str, ...] = ()
    details: str = ""

    @property
    def is_new(self) -> bool:
        """Whether there is a new model; not where its weights would be those of the model in use."""
        return self.sha256 != self.parent

    @property
    def taken(self) -> bool:
        """Whether the new model comes into use by itself."""
        return self.verdict.is_taken and self.is_new

    def side(self, which: str) -> dict[str, Any]:
        """``before`` or ``after`` as plain values: ``{on: {what: {measure: value}}}``."""
        out: dict[str, Any] = {}
        for figure in self.figures:
            out.setdefault(figure.on, {}).setdefault(figure.what, {})[figure.measure] = getattr(figure, which)
        return out

    def to_card(self) -> dict[str, Any]:
        """The ``finetuned`` part of the new model's card; here ``parent`` is the model in use, see ``write_model``."""
        return {
            "made_with": f"napari-hicstruct {__version__}",
            "parent": self.parent_label,
            "corrections": self.corrections,
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "taken": self.taken,
            "verdict": str(self.verdict),
            "reason": self.reason,
            "details": self.details,
            "before": self.side("before"),
            "after": self.side("after"),
            "figures": [asdict(figure) for figure in self.figures],
            "stopped": self.stopped,
            "notes": list(self.notes),
        }
