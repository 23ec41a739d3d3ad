"""The ways to learn from scored examples: last layers solved exactly, or gradient steps through more of the network."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_hicstruct.jobs import Progress
from napari_hicstruct.workflows.finetune.examples import Example
from napari_hicstruct.workflows.finetune.score import ScoredExamples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.training.replay import Replay


@dataclass(frozen=True, slots=True)
class Trained:
    """What learning gave.

    Attributes
    ----------
    state : dict of str to Tensor
        Weights of the new network.
    after : dict of int to float
        Log-odds by which held-out places are listed after learning; every place was held out of what gave its value.
    replay : (float64, float64) or None
        Average precision on replay maps before and after.
    steps : int
    folds : int
        Of the cross-validation; 0 where the validation regions hold enough corrections.
    replay_set : Replay or None
        Replay candidates with the new network's scores, where these are known without another forward pass.
    notes : tuple of str
        What a person should know.
    """

    state: dict[str, Any]
    after: dict[int, float]
    replay: tuple[NDArray[Any], NDArray[Any]] | None
    steps: int
    folds: int = 0
    replay_set: Replay | None = None
    notes: tuple[str, ...] = ()


class Learner(Protocol):
    """One way to learn."""

    def fit(self, examples: ScoredExamples) -> Generator[Progress, None, Trained]:
        """Learn from all examples outside the validation regions; and fold by fold, to compare on what was held out.

        Payloads are :class:`~napari_hicstruct.workflows.finetune.job.Live` or None.
        """


def may_teach(example: Example) -> bool:
    """True outside the validation regions."""
    return not example.in_validation


def in_validation(example: Example) -> bool:
    """True inside the validation regions."""
    return example.in_validation


def in_fold(fold: int, folds: int, *, held_out: bool) -> Callable[[Example], bool]:
    """Whether an example that may teach is held out of a fold of tiles, or learnt from in it."""
    return lambda one: may_teach(one) and (one.tile % folds == fold) is held_out


def n_folds(examples: ScoredExamples, folds: int, min_corrections: int) -> int:
    """``folds``; 0 where so many corrections lie in the validation regions that these alone tell a better model."""
    return folds if len(examples.unseen(in_validation)) < min_corrections else 0
