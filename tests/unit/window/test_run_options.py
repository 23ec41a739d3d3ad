"""Fast or accurate, and limits of what is called: checked, remembered, and the same run as the shell's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Annotation, Origin, Project
from napari_hicstruct.cli.common import parse_limits, parse_numbers
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.genome import parse_region
from napari_hicstruct.plugin.state.models import prediction
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.plugin.state.models.run_options import FIELDS, RunOptions, limits_form
from napari_hicstruct.plugin.state.settings import Settings
from napari_hicstruct.workflows.predict.about_run import place_of_run, words_of_run
from napari_hicstruct.workflows.predict.request import MODES, PredictRequest
from napari_hicstruct.workflows.projects import identity_of
from tests.window_kit import TinyWindow, make_project

REGION = "chr1:5M-6M"


def test_every_example_is_what_the_shell_takes() -> None:
    options = RunOptions()
    for name, field in FIELDS.items():
        options.limit(name, field.example)
    assert options.problems() == []
    request = options.request(("loop", "stripe", "tad"))
    sizes = [f"{name}={field.example}" for name, field in FIELDS.items() if not field.task]
    least = [f"{field.task}={field.example}" for field in FIELDS.values() if field.task]
    assert request["limits"] == parse_limits(sizes)
    assert request["min_probability"] == parse_numbers("--min-probability", least, "probability", "TASK=0.2")
    assert options.request(("tad",))["min_probability"] == {"tad": 0.5}, "of what does not run, nothing is asked"
    assert set(limits_form()) == set(FIELDS)


def test_empty_is_no_limit() -> None:
    assert PredictRequest(regions=(), **RunOptions().request(())) == PredictRequest(regions=())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tad_size", "100k"),
        ("tad_size", "2M-100k"),
        ("tad_size", "5-5"),
        ("loop_separation", "10k-20k"),
        ("loop_separation", "0"),
        ("stripe_width", "wide"),
        ("stripe_length", "-5k"),
        ("loop_probability", "1"),
        ("loop_probability", "0,5"),
        ("tad_probability", "nan"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_runs(name: str, text: str, tmp_path: Path) -> None:
    options = RunOptions(Settings())
    with make_project(tmp_path) as project:
        window = TinyWindow(project)
        window.source = open_map(hs.sample_map().uri)
        state = PredictionState(window, window.runner, options=options)
        options.limit("tad_size", "100k-2M")
        options.limit(name, text)
        (said,) = options.problems()
        assert f"'{text}' is not {FIELDS[name].form}." in said
        state.models.follow()
        assert state.why_not() == said
        state.run()
        assert [str(error) for error in window.problems] == [said]
    known = RunOptions(Settings()).texts
    assert known == ({} if name == "tad_size" else {"tad_size": "100k-2M"}), "what is wrong is not remembered"


def test_they_are_remembered_for_the_next_window() -> None:
    first = RunOptions(Settings())
    first.choose_mode("accurate")
    first.limit("stripe_width", " 20 kb ")
    second = RunOptions(Settings())
    assert (second.mode, second.texts) == ("accurate", {"stripe_width": "20 kb"})
    assert second.words() == "accurate, Stripe width 20 kb"
    second.clear()
    second.choose_mode("fast")
    third = RunOptions(Settings())
    assert (third.mode, third.texts, third.words()) == ("fast", {}, "")


def test_modes_are_those_of_the_shell() -> None:
    from napari_hicstruct.plugin.state.models import run_options

    assert list(run_options.MODES) == list(MODES)


def places(records: Any) -> list[tuple[Any, ...]]:
    """All that a call says, but for its uid and what hangs on it."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    def row(one: Annotation) -> tuple[Any, ...]:
        place = str(one.kind), str(one.anchor1), str(one.anchor2), str(one.direction), one.level
        return (*place, rounded(one.probability), rounded(one.score))

    return sorted(map(row, records), key=str)


def test_an_accurate_limited_run_is_that_of_the_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # where it computes in bfloat16, the number of threads moves a probability by 0.0002
    monkeypatch.setattr(prediction, "spare_threads", lambda: 0)
    sample = hs.sample_map().uri
    words = ["predict", sample, "-o", str(tmp_path / "out"), "-r", REGION, "-q", "--mode", "accurate"]
    words += ["--limit", "tad-size=100k-600k", "--limit", "loop-separation=40k", "--min-probability", "loop=0.3"]
    assert main([*words, "--project", str(tmp_path / "shell.hicproj")]) == 0, capsys.readouterr().err
    source = open_map(sample)
    with Project.create(tmp_path / "window.hicproj", map=identity_of(source), reviewer="tester") as project:
        window = TinyWindow(project)
        window.source = source
        state = PredictionState(window, window.runner)
        state.view_regions = lambda: (parse_region(REGION),)  # type: ignore[method-assign]
        state.finished.connect(window.labels.sets_changed)  # as the window does
        state.models.follow()
        state.options.choose_mode("accurate")
        for name, text in (("tad_size", "100k-600k"), ("loop_separation", "40k"), ("loop_probability", "0.3")):
            state.options.limit(name, text)
        state.run()
        assert window.problems == []
        (made,) = [one for one in project.sets() if one.origin is Origin.PREDICTED]
        assert made.name.endswith("accurate, TAD size 100k-600k, Loop separation 40k, Loops ≥ 0.3")
        mine = places(project.query(set_ids=[made.id]))
        run = state.runs[made.id]
        kept, source_row = project.runs(), window.labels.runs
        assert source_row == kept
    with Project.open(tmp_path / "shell.hicproj") as shell:
        theirs = places(shell.query())
        assert list(shell.runs().values()) == list(kept.values()), "window and shell keep the same of a run"
    assert mine == theirs
    assert len(mine) > 10
    ((one,),) = kept.values()
    assert words_of_run(one) == ("accurate; loop separation 40 kb; TAD size 100 kb–600 kb; probability of loops ≥ 0.3")
    assert place_of_run(one).startswith("loops, stripes, TADs in ")
    assert (one["model"]["name"], len(one["model"]["sha256"])) == ("default", 64)
    assert (run["mode"], run["limits"].to_dict()) == (
        "accurate",
        {"tad_size": [100_000, 600_000], "loop_separation": 40_000},
    )
