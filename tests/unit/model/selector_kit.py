"""Selectors and their reading of random features, for the tests of selectors and gates."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from napari_hicstruct.models import registry
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.selector import Selector
from tests.unit.model.model_kit import context, features, small


def make(name: str, seed: int = 0, **options: Any) -> Selector:
    """A selector whose weights depend on the seed alone."""
    torch.manual_seed(seed)
    return registry.resolve(registry.SELECTORS, name, "selector")(small(selector=name, selector_options=options))


def select(selector: Selector, task: str, finest: str = "f2", trace: Trace | None = None) -> dict[str, Tensor]:
    """What a task reads of random features."""
    return selector(features(finest, 32), task, context(32, finest, trace))
