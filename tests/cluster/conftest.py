"""One genome, one model and two workers for all tests of runs by workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.jobs.cluster import Cluster, start_local
from tests.cluster_kit import write_genome, write_model


@pytest.fixture(scope="session")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_genome(tmp_path_factory.mktemp("genome") / "genome.cool")


@pytest.fixture(scope="session")
def source(genome: Path) -> ContactSource:
    return open_map(genome)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with start_local(2) as found:
        yield found
