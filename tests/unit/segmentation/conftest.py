"""Models that several tests read: trained once for each module."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.unit.segmentation.segment_kit import sample, tiny, train


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def classes_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes, softmax."""
    return train(sample(), tmp_path_factory.mktemp("classes") / "model", tiny(steps=120)).model


@pytest.fixture(scope="module")
def objects_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Objects of one class."""
    config = tiny("nuclei", steps=80, targets={"truncate": 6})
    return train(sample(instances=True), tmp_path_factory.mktemp("objects") / "model", config).model
