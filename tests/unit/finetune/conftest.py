"""Every test of fine-tuning lives in the small world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Project
from napari_hicstruct.inference import device
from tests.unit.finetune.kit import new_project, small_world


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    with small_world():
        yield


@pytest.fixture(scope="module", autouse=True)
def _float32() -> Iterator[None]:
    """Log-odds are compared: bfloat16, used where the processor has it, rounds by batch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "has_fast_bf16", lambda _: False)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with new_project(tmp_path / "p") as opened:
        yield opened
