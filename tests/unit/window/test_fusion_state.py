"""Fusion without a window: what can be fused, what a run is given, and what becomes of its result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from napari_hicstruct.errors import JobError, MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.state.images.fusion import FusedPictures, FusionState
from napari_hicstruct.plugin.state.images.fusion_maps import MapPair, PairOfMaps
from napari_hicstruct.plugin.state.images.fusion_settings import FusionSettings
from napari_hicstruct.plugin.state.images.pictures import Picture, why_not_pair, why_not_picture
from napari_hicstruct.plugin.state.sentences import about_file, as_sentence
from tests.window_kit import InlineRunner, SteppedRunner


def grey(*shape: int, name: str = "A", seed: int = 1) -> Picture:
    return Picture(name, np.random.default_rng(seed).random(shape or (16, 20)).astype(np.float32))


def colours(name: str = "A", channels: int = 3) -> Picture:
    return Picture(name, np.zeros((16, 20, channels), np.uint8), rgb=True)


class Script:
    """Fusion in two steps: of pictures B, with a share of a quarter; of maps a file that is only named."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.requests = error, list[Any]()

    def pictures(self, request: Any, *, token: Any) -> Iterator[Any]:
        self.requests.append(request)
        yield Clock().step("fuse", 0, 2)
        if self.error is not None:
            raise self.error
        token.check()
        mask = np.full(request.a.shape[:2], 0.25, np.float32)
        return SimpleNamespace(fused=request.b, mask=mask, notes=("opacity is left out",), model="lytro")

    def maps(self, request: Any, *, token: Any) -> Iterator[Any]:
        self.requests.append(request)
        yield Clock().step("fuse", 0, 1, message="chrY is left out.", notice=True)
        shares = pd.DataFrame({"chrom": ["1"], "share_of_first": [0.4]})
        return SimpleNamespace(path=request.out, notes=("A note.",), shares=shares, model="hic")


def state_of(script: Script, runner: Any = None) -> tuple[FusionState, list[str]]:
    state, said = FusionState(runner or InlineRunner(), backend=script), list[str]()  # type: ignore[arg-type]
    state.message.connect(said.append)
    return state, said


# ---------------------------------------------------------------------- pictures
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (grey(16, 20), grey(16, 21, name="B"), "“A” is 16 × 20, “B” 16 × 21: their sizes must be the same."),
        (colours(), grey(name="B"), "“A” is RGB and “B” is grey: convert one of them first."),
        (grey(), colours(name="B"), "“B” is RGB and “A” is grey: convert one of them first."),
        (grey(7, 8), grey(7, 8, name="B"), "“A” is 7 × 8: it must be 8 × 8 or larger."),
        (grey(2, 3, 8, 8), grey(2, 3, 8, 8), "“A” has 4 axes: give 2-D pictures or grey stacks."),
        (grey(), grey(name="B", seed=2), ""),
        (colours(), colours("B", 4), ""),
        (grey(3, 8, 8), grey(3, 8, 8, name="B", seed=2), ""),
    ],
)
def test_which_pictures_go_together(first: Picture, second: Picture, said: str) -> None:
    assert why_not_pair(first, second) == said


def test_one_layer_twice_is_refused() -> None:
    picture = grey()
    assert "same layer" in why_not_pair(picture, Picture("again", picture.data))


def test_a_picture_is_read_as_a_copy_without_opacity() -> None:
    picture = colours(channels=4)
    values = picture.read()
    assert values.shape == (16, 20, 3)
    values[:] = 9
    assert not picture.data.any()
    assert picture.shape == (16, 20)
    assert picture.size_text == "16 × 20, RGB"
    stack = Picture("film", np.zeros((2, 9, 9, 3), np.uint8), rgb=True)
    assert "3 axes and colours" in why_not_picture(stack)


def test_pictures_are_fused_and_it_is_said_what_came_of_it() -> None:
    script = Script()
    state, said = state_of(script)
    assert "two Image layers" in state.why_not()
    assert not state.start()
    assert said[-1] == state.why_not(), "nobody is told why nothing happened"
    first, second = grey(name="left"), grey(name="right", seed=2)
    state.choose_pictures(first, second)
    state.choose_preset("pictures", "microscopy")
    state.edit("pictures", {"device": "cpu"})
    assert state.why_not() == ""
    assert state.start()
    (request,) = script.requests
    assert (request.preset, request.device, request.model) == ("microscopy", "cpu", None)
    assert request.a is not first.data
    assert isinstance(state.outcome, FusedPictures)
    assert state.outcome.share.mean() == 0.25
    assert said[-1] == "Fused: 25 % of “left”, 75 % of “right”. Opacity is left out."
    assert state.shows == ("first", "second", "fused", "share")
    assert state.names == ("left", "right")
    assert state.fused_map is None
    state.show("share")
    assert state.shown == "share"


def test_a_network_of_ones_own_is_taken_and_another_folder_refused(tmp_path: Path) -> None:
    script = Script()
    state, said = state_of(script)
    assert not state.choose_preset("pictures", str(tmp_path))
    assert "not a model folder" in said[-1]
    (tmp_path / "model.json").write_text("{}")
    assert state.choose_preset("pictures", str(tmp_path))
    state.choose_pictures(grey(), grey(name="B", seed=2))
    state.start()
    assert script.requests[0].model == tmp_path


def test_settings_that_cannot_be_are_refused() -> None:
    state, said = state_of(Script())
    assert not state.edit("maps", {"device": "abacus"})
    assert said[-1]
    assert FusionSettings().request("maps") == {"counts": False, "device": "auto"}
    assert state.edit("maps", {"whole_numbers": True})
    assert state.settings.request("maps")["counts"] is True


def test_an_error_is_one_sentence_and_nothing_is_kept() -> None:
    state, said = state_of(Script(JobError("memory ran out.", hint="Close other programs.")))
    state.choose_pictures(grey(), grey(name="B", seed=2))
    state.start()
    assert said[-1] == "Memory ran out. Close other programs."
    assert state.outcome is None
    assert not state.running


def test_cancelled_keeps_nothing_and_the_window_may_go() -> None:
    runner = SteppedRunner()
    state, said = state_of(Script(), runner)
    state.choose_pictures(grey(), grey(name="B", seed=2))
    state.start()
    runner.advance()
    assert state.running
    assert not state.start()
    assert "already" in said[-1]
    state.cancel()
    assert said[-1] == "Cancelled: nothing was kept."
    assert not state.running
    state.start()
    for job in runner.jobs:
        job.ended.set()
    assert state.end()


# ---------------------------------------------------------------------- maps
class Window:
    """A map that is open, and a view of it."""

    chrom = "chr2"
    source = object()

    def visible(self) -> tuple[Interval, Interval]:
        return Interval("chr2", 100, 300), Interval("chr2", 200, 500)


def pair_of(tmp_path: Path, window: Any = None) -> PairOfMaps:
    pair = PairOfMaps(SteppedRunner(), window)
    for name in ("one", "two"):
        (tmp_path / f"{name}.mcool").touch()
    pair.choose(str(tmp_path / "one.mcool"), str(tmp_path / "two.mcool"))
    pair._opening.close()
    return pair


def test_a_pair_of_maps_says_what_is_missing(tmp_path: Path) -> None:
    pair = PairOfMaps(SteppedRunner())
    assert "Choose two contact maps" in pair.why_not()
    pair.choose("a.mcool", "./a.mcool")
    assert "same map" in pair.why_not()
    pair.choose("a.mcool", "b.mcool")
    assert pair.why_not() == "Opening the maps …"
    pair._not_opened(MapError("is of hg19, the first map of hg38.", where="/x/b.mcool", hint="Map both to one."))
    assert pair.why_not() == "b.mcool is of hg19, the first map of hg38. Map both to one."
    pair.problem = ""
    pair._opening.close()
    pair._opened(MapPair(("a", "b"), (5_000,), ("chr1",)))
    pair.choose_scope("view")
    assert "Open one of the two maps" in pair.why_not()


def test_the_fused_file_lies_beside_the_first_and_replaces_nothing(tmp_path: Path) -> None:
    pair = pair_of(tmp_path)
    assert pair.target == tmp_path / "one+two.mcool"
    pair.target.touch()
    assert pair.target == tmp_path / "one+two-2.mcool"
    pair._opened(MapPair(("one", "two"), (5_000, 10_000), ("chr1",)))
    pair.choose_out(tmp_path / "one+two.mcool")
    assert pair.why_not() == "one+two.mcool exists already: choose another name."
    pair.choose_out(f"  {tmp_path / 'mine'} ")
    assert pair.target == tmp_path / "mine.mcool"
    pair.choose_out("")
    assert pair.target == tmp_path / "one+two-2.mcool"


def test_a_request_names_the_part_that_is_chosen(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, Window())
    pair._opened(MapPair(("one", "two"), (5_000, 10_000), ("chr1", "chr2")))
    pair.choose_resolution(10_000)
    assert pair.why_not() == ""
    whole = pair.request({"counts": True})
    assert (whole.resolution, whole.chroms, whole.region, whole.counts) == (10_000, (), None, True)
    assert whole.out == tmp_path / "one+two.mcool"
    pair.choose_scope("chromosome")
    assert pair.request({}).chroms == ("chr2",)
    pair.choose_scope("view")
    assert pair.request({}).region == Interval("chr2", 100, 500)


def test_maps_are_fused_into_a_file(tmp_path: Path) -> None:
    script = Script()
    state, said = state_of(script)
    state.maps = pair_of(tmp_path)
    state.choose_kind("maps")
    state.maps._opened(MapPair(("one", "two"), (5_000,), ("chr1",)))
    assert state.start()
    assert said[-1] == "Fused into one+two.mcool. A note."
    assert "chrY is left out." in said
    assert state.fused_map == tmp_path / "one+two.mcool"
    assert state.names == ("one", "two")
    assert state.chrom_shares() == [("chr1", 0.4)], "shown as everywhere, whatever the file calls it"
    assert state.shows == ("fused", "share")


def test_what_is_to_be_known_is_said_before_and_a_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, said = state_of(Script())
    state.maps = pair_of(tmp_path)
    state.maps._opened(MapPair(("one", "two"), (5_000,), ("chr1",), ("two has 20 times fewer contacts",)))
    assert state.notes() == ""
    state.choose_kind("maps")
    assert state.notes() == "Two has 20 times fewer contacts."
    (tmp_path / "home").write_text("a file stands where the folder should be")
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("napari_hicstruct.plugin.state.images.fusion_maps.can_write", lambda _folder: False)
    assert not state.start()
    assert "a file stands where" in said[-1]
    assert not state.running


def test_sentences_begin_with_the_file_or_a_capital() -> None:
    assert about_file(MapError("is empty.", where="/a/b.cool")) == "b.cool is empty."
    assert about_file(MapError("Nothing fits.")) == "Nothing fits."
    assert about_file(MapError("no map was given.")) == "no map was given."
    assert as_sentence("half of it is a blend") == "Half of it is a blend."
    assert as_sentence("Done.") == "Done."
