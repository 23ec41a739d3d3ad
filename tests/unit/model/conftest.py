"""One data set from users' own files for all tests of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.workflows.dataset import make_dataset
from tests.unit.model.dataset_kit import request, write_files


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_files(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="session")
def dataset(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("set")
    make_dataset(request(files, out))
    return out
