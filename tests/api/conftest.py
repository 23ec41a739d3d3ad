"""What the tests of the public API share: the sample map and calls on it, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs

REGION = "chr1:5M-7M"


@pytest.fixture(scope="session")
def sample(private_folders: Path) -> hs.ContactMap:
    """The sample map, in the tests' own cache."""
    return hs.sample_map()


@pytest.fixture(scope="session")
def truth_folder(sample: hs.ContactMap) -> Path:
    """Label files of what is truly on the sample map."""
    return Path(sample.uri).parent / "truth"


@pytest.fixture(scope="session")
def calls(sample: hs.ContactMap) -> hs.Calls:
    """Everything that the shipped model calls on 2 Mb of it."""
    return hs.predict(sample, REGION)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is written without being asked for would be seen here."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shown(make_napari_viewer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``hs.show`` whose viewer the test closes, drawn, with what ``napari.run`` was asked."""
    import napari

    from napari_hicstruct.plugin.controllers.session import session_of
    from napari_hicstruct.plugin.show import wait_until_drawn

    waited: list[bool] = []
    monkeypatch.setattr(napari, "run", lambda: waited.append(True))
    monkeypatch.setattr(napari, "Viewer", lambda **_: make_napari_viewer(show=True))

    def show(*args: Any, **kwargs: Any) -> Any:
        waited.clear()
        viewer = hs.show(*args, **kwargs)
        wait_until_drawn(session_of(viewer))
        return viewer, session_of(viewer), len(waited)

    return show
