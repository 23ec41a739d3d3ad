"""A consensus in a window, without a window: who may vote and why not, the run, where its soft labels go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations import Project
from napari_hicstruct.annotations.records import Kind, Origin, Status
from napari_hicstruct.cli.main import main
from napari_hicstruct.errors import LabelError, ProjectError
from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.state.consensus.consensus import ConsensusState
from napari_hicstruct.plugin.state.consensus.settings import ConsensusSettings, consensus_settings
from napari_hicstruct.plugin.state.consensus.upset import short_number, upset_of
from tests.window_kit import CHROM, LENGTH, SteppedRunner, TinySource, TinyWindow, actions, loop, make_project, tad

PLACES = [(k * 40_000 + 20_000, k * 40_000 + 220_000) for k in range(18)]
MUSTACHE = "BIN1_CHR\tBIN1_START\tBIN1_END\tBIN2_CHROMOSOME\tBIN2_START\tBIN2_END\tFDR\tDETECTION_SCALE"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as made:
        yield made


def calls(path: Path, places: list[tuple[int, int]], *, chrom: str = CHROM, header: str = "", tail: str = "") -> Path:
    lines = [f"{chrom}\t{a}\t{a + 5_000}\t{chrom}\t{b}\t{b + 5_000}{tail}" for a, b in places]
    path.write_text("\n".join([*([header] if header else []), *lines]) + "\n")
    return path


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    return [
        calls(tmp_path / "m.tsv", PLACES[:14], header=MUSTACHE, tail="\t0.01\t1.6"),
        calls(tmp_path / "loops.chromosight.tsv", PLACES[4:], chrom="17", tail="\t.5\t0\t0"),
        calls(tmp_path / "mine.bedpe", PLACES[2:10]),
    ]


def shell(files: list[Path], out: Path, tmp_path: Path, *options: str) -> bytes:
    """What the shell writes for the same files on a map of the same chromosomes."""
    import cooler
    import pandas as pd

    uri = tmp_path / "map.cool"
    if not uri.exists():
        bins = cooler.binnify(pd.Series({CHROM: LENGTH}), 5_000)
        pixels = pd.DataFrame({"bin1_id": [0], "bin2_id": [1], "count": [1]})
        cooler.create_cooler(str(uri), bins, pixels)
    words = ["consensus", *map(str, files), "-o", str(out), "--map", str(uri), "--quiet", *options]
    assert main(words) == 0
    return out.read_bytes()


def test_callers_are_recognised_and_can_be_named_by_hand(project: Project, three: list[Path]) -> None:
    state = TinyWindow(project).consensus
    state.add_files(three)
    assert [row.caller for row in state.rows] == ["mustache", "chromosight", "mine"]
    assert [row.counts for row in state.rows] == [{Kind.LOOP: 14}, {Kind.LOOP: 14}, {Kind.LOOP: 8}]
    assert state.kind is Kind.LOOP
    assert state.default_tolerance() == 10_000
    state.set_caller(state.rows[2], " SIP ")
    assert state.callers() == ["SIP", "chromosight", "mustache"]
    state.set_caller(state.rows[2], "mustache")
    assert state.remark_on(state.rows[2]) == ("One vote together with m.tsv.", False)
    assert state.worth().startswith("Two callers; reliability needs three")


def test_why_fewer_calls_vote_than_a_file_holds_is_said_in_its_row(
    project: Project, three: list[Path], tmp_path: Path
) -> None:
    state = TinyWindow(project).consensus
    state.add_files([*three[:2], calls(tmp_path / "twice.bedpe", [*PLACES[2:10], PLACES[2]])])
    assert state.rows[2].counts == {Kind.LOOP: 9}
    state.run()
    assert state.rows[2].votes is not None
    assert state.rows[2].votes.n_calls == 8
    assert "9 became 8: one repeats another call and counts once." in state.remark_on(state.rows[2])[0]


@pytest.mark.parametrize("method", ["em", "count", "weighted"])
def test_the_file_is_the_one_that_the_shell_writes(
    project: Project, three: list[Path], tmp_path: Path, method: str
) -> None:
    state = TinyWindow(project).consensus
    state.add_files(three)
    state.choose(consensus_settings(method=method, tolerance=15_000, keep_all=True))  # type: ignore[arg-type]
    options = ["--method", method, "--tolerance", "15000", "--keep-all"]
    if method == "weighted":
        state.set_weight("mine", 2.5)
        options += ["--weight", "mine=2.5"]
    state.run()
    assert state.error == ""
    figures = [state.figures(row) for row in state.rows]
    assert [one is not None and one.precision is not None for one in figures] == [method == "em"] * 3
    written = state.save(tmp_path / "window.bedpe").read_bytes()
    assert written == shell(three, tmp_path / "shell.bedpe", tmp_path, *options)
    assert written.count(b"\n") == 19


def test_what_is_known_of_the_callers_is_what_the_shell_says(
    project: Project, three: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = TinyWindow(project).consensus
    state.add_files(three)
    state.run()
    shell(three, tmp_path / "shell.bedpe", tmp_path, "--json")
    rows = {row.pop("caller"): row for row in json.loads(capsys.readouterr().out)["callers"]}
    for row in state.rows:
        found = state.figures(row)
        assert found is not None
        named = {
            "calls": found.n_calls,
            "in the list": found.n_listed,
            "of its calls right": found.precision,
            "of all found": found.sensitivity,
        }
        assert named == pytest.approx(rows[row.caller])
    state.set_on(state.rows[0], False)
    assert [state.figures(row) for row in state.rows] == [None] * 3, "of a run before something was changed"


def test_a_combination_is_chosen_flown_through_and_loaded_alone(project: Project, three: list[Path]) -> None:
    window = TinyWindow(project)
    state = window.consensus
    state.add_files(three)
    state.run()
    assert state.result is not None
    both = frozenset({"chromosight", "mustache"})
    state.choose_members(both)
    assert state.members is not None
    places = [(one.anchor1.start, one.anchor2.start) for one in state.members.records]
    assert places == PLACES[10:14], "those of all three are not among them"
    assert state.result.consensus.agreement[tuple(sorted(both))] == len(places)
    assert state.members.place() == ""
    for number in (1, 2, 3, 4, 1):
        state.step(1)
        assert state.members.place().startswith(f"{number} of 4: {CHROM}:")
        rows, cols = window.visits[-1]
        first, second = places[number - 1]
        assert rows.start < first < rows.end
        assert cols.start < second < cols.end
    state.load(members=True)
    (made,) = project.sets()
    assert made.name == "consensus of 3 callers (learnt reliability): chromosight + mustache only"
    assert [(one.anchor1.start, one.anchor2.start) for one in project.query()] == places
    assert {one.supporters for one in project.query()} == {tuple(sorted(both))}
    window.review.undo()
    assert project.sets() == []
    state.choose_members(both)
    assert state.members is None, "once more lets it go"


def test_what_one_caller_alone_has_can_be_chosen_and_is_not_in_the_list(project: Project, three: list[Path]) -> None:
    window = TinyWindow(project)
    state = window.consensus
    state.add_files(three)
    state.run()
    state.choose_members(frozenset({"mustache"}))
    assert state.members is not None
    assert state.members.records == ()
    state.step(1)
    assert window.visits == []
    state.choose(consensus_settings(keep_all=True))
    state.run()
    assert state.members is None, "it was of the run before"
    state.choose_members(frozenset({"mustache"}))
    assert [one.anchor1.start for one in state.members.records] == [a for a, _ in PLACES[:2]]


def test_what_was_loaded_and_undone_is_not_said_to_be_one_undo_away(project: Project, three: list[Path]) -> None:
    window = TinyWindow(project)
    window.consensus.add_files(three)
    window.consensus.run()
    window.consensus.load()
    window.review.undo()
    assert window.consensus.loaded == ""
    window.consensus.load()
    assert len(project.sets()) == 1


def test_what_is_loaded_is_what_an_import_of_the_file_gives(
    project: Project, three: list[Path], tmp_path: Path
) -> None:
    window = TinyWindow(project)
    state = window.consensus
    state.add_files(three)
    state.run()
    state.load()
    assert state.loaded == "consensus of 3 callers (learnt reliability)"
    state.load()  # by a double click
    assert actions(project) == ["import"]
    window.importing.start([state.save(tmp_path / "soft.bedpe")])
    loaded, read = project.sets()
    assert (loaded.name, loaded.origin) == ("consensus of 3 callers (learnt reliability)", Origin.IMPORTED)
    assert loaded.colour != read.colour
    first, second = (project.query(set_ids=[one.id]) for one in (loaded, read))
    assert len(first) == 12
    assert [one.with_(uid="") for one in first] == [one.with_(uid="") for one in second]
    assert all(0 <= one.soft_score <= 1 and one.n_tools >= 2 and one.supporters for one in first)


def test_one_undo_takes_the_set_back_and_a_consensus_does_not_vote_by_itself(
    project: Project, three: list[Path]
) -> None:
    window = TinyWindow(project)
    state = window.consensus
    state.add_files(three)
    state.run()
    state.load()
    assert state.why_not_use() == ""
    (soft,) = state.sets
    assert not soft.on
    assert state.remark_on(soft)[0] == "Is a consensus itself: its callers would vote twice."
    window.review.undo()
    assert project.sets() == []
    assert state.sets == []


def test_sets_vote_without_what_was_rejected(project: Project, tmp_path: Path, three: list[Path]) -> None:
    window = TinyWindow(project)
    window.importing.start(three[:2])
    project.set_status([project.query(set_ids=[1])[0].uid], Status.REJECTED)
    human = project.human_set()
    project.add([loop(*PLACES[0]), tad(0, 300_000)], set_id=human.id)
    state = window.consensus
    assert [(row.name, row.caller, row.on) for row in state.sets] == [
        ("mustache · m", "mustache", True),
        ("chromosight · loops", "chromosight", True),
        (human.name, "human", False),
    ]
    assert state.sets[0].counts == {Kind.LOOP: 13}
    state.choose(consensus_settings(kind="stripe"))
    assert state.remark_on(state.sets[0]) == ("Holds loops, no stripes.", False)
    state.choose(consensus_settings())
    state.add_files(three[2:])
    state.run()
    assert state.result is not None
    assert [(one.caller, one.n_calls) for one in state.result.files] == [
        ("mustache", 13),
        ("chromosight", 14),
        ("mine", 8),
    ]
    kept = project.query(set_ids=[1], statuses=[Status.PROPOSED])
    kept_file = calls(tmp_path / "kept.tsv", [(r.anchor1.start, r.anchor2.start) for r in kept], header=MUSTACHE,
                      tail="\t0.01\t1.6")  # fmt: skip
    assert state.save(tmp_path / "a.bedpe").read_bytes() == shell([kept_file, *three[1:]], tmp_path / "b", tmp_path)


def test_what_cannot_be_used_says_why_and_the_others_go_on(project: Project, three: list[Path], tmp_path: Path) -> None:
    window = TinyWindow(project)
    state = window.consensus
    empty, tads = tmp_path / "empty.bedpe", tmp_path / "tads.bed"
    empty.write_text("")
    tads.write_text(f"{CHROM}\t0\t200000\n{CHROM}\t200000\t500000\n")
    foreign = calls(tmp_path / "far.bedpe", PLACES, chrom="chr5")
    other = calls(tmp_path / "SIP.hg19.bedpe", PLACES)
    bad = [empty, tads, foreign, other, three[0], tmp_path / "none.bedpe"]
    state.add_files([*three, *bad])
    said = {row.name: state.remark_on(row) for row in state.rows[3:]}
    assert said == {
        "empty.bedpe": ("Is empty. Choose a file with labels.", True),
        "tads.bed": ("Holds TADs, no loops.", True),
        "far.bedpe": (
            "Has no chromosome of the map: it has chr5, the map has chr17. Choose labels of the same assembly.",
            True,
        ),
        "SIP.hg19.bedpe": ("By its name it is of hg19, the map is of hg38: tick it if the name is wrong.", False),
        "m.tsv": ("Is given twice; it counts once.", True),
        "none.bedpe": said["none.bedpe"],
    }
    assert said["none.bedpe"][1]
    assert "none.bedpe" not in said["none.bedpe"][0], "the row has the name already"
    assert state.callers() == ["chromosight", "mine", "mustache"]
    state.run()
    assert state.result is not None
    assert len(state.result.files) == 3
    state.set_on(state.rows[6], True)
    assert state.callers() == ["SIP", "chromosight", "mine", "mustache"]
    assert state.why_not_use() == "Something was changed: run it again."
    with pytest.raises(LabelError, match="run it again"):
        state.save(tmp_path / "soft.bedpe")
    state.remove(state.rows[0])
    assert [row.error for row in state.rows if row.name == "m.tsv"] == [""], "now it is given once"
    assert window.problems == []


def test_kinds_that_files_leave_open_are_what_a_person_says(project: Project, tmp_path: Path) -> None:
    state = TinyWindow(project).consensus
    files = []
    for name in "ab":
        files.append(tmp_path / f"{name}.bed")
        files[-1].write_text(f"# {name}\n" + "".join(f"{CHROM}\t{k}00000\t{k}05000\n" for k in range(1, 9)))
    state.add_files(files)
    assert state.kind is Kind.TAD
    state.choose(consensus_settings(kind="boundary"))
    assert [row.counts for row in state.rows] == [{Kind.BOUNDARY: 8}] * 2
    state.run()
    assert state.file_name() == "soft-boundaries.bed"
    assert state.save(tmp_path / "w.bed").read_bytes() == shell(
        files, tmp_path / "s.bed", tmp_path, "--kind", "boundary"
    )
    state.load()
    assert {one.kind for one in state._labels.project.query()} == {Kind.BOUNDARY}  # type: ignore[union-attr]


def test_a_set_of_tads_votes_on_boundaries_with_its_ends(project: Project, tmp_path: Path) -> None:
    project.add_as_set("HiTAD", Origin.IMPORTED, [tad(100_000, 300_000), tad(300_000, 555_000)], action="import")
    path = tmp_path / "b.bed"
    path.write_text("".join(f"{CHROM}\t{at - 2_500}\t{at + 2_500}\n" for at in (100_000, 300_000, 555_000)))
    state = TinyWindow(project).consensus
    state.add_files([path])
    state.choose(consensus_settings(kind="boundary"))
    (row,) = [one for one in state.rows if one.name == "HiTAD"]
    assert (row.why_not(Kind.BOUNDARY), row.held_for(Kind.BOUNDARY)) == ("", Kind.TAD)
    for one in state.rows:
        state.set_on(one, one.name in ("HiTAD", "b.bed"))
    state.run()
    assert [record.n_tools for record in state.result.consensus.records] == [2, 2, 2]
    assert "2 TADs read as 3 boundaries: their starts and ends." in row.votes.notes


def test_fewer_than_two_lists_are_refused_before_anything_runs(project: Project, three: list[Path]) -> None:
    state = TinyWindow(project).consensus
    assert state.why_not_run() == "Tick two callers or more."
    state.add_files(three[:1])
    state.run()
    assert state.result is None
    state.add_files(three[1:2])
    assert state.why_not_run() == ""
    state.run()
    assert state.result is not None
    assert any("reliability needs three" in note for note in state.result.consensus.notes)
    assert state.set_name() == "consensus of 2 callers (share of callers)", "nothing was learnt of two"


def test_a_cancelled_run_leaves_nothing_and_the_next_one_goes(project: Project, three: list[Path]) -> None:
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    state = ConsensusState(window.labels)
    state.add_files(three)
    runner.advance(9)
    assert not state.running
    state.run()
    runner.advance(2)
    assert state.running
    assert state.why_not_run() == "The consensus has not ended yet."
    state.cancel()
    assert (state.running, window.labels.busy.ending) == (True, True), "until it has really ended"
    runner.advance()
    assert (state.running, state.result, state.error) == (False, None, "")
    state.run()
    runner.advance(30)
    assert state.result is not None


def test_files_and_a_kind_that_come_while_others_are_read_are_read_too(project: Project, three: list[Path]) -> None:
    runner = SteppedRunner()
    state = ConsensusState(TinyWindow(project, runner).labels)
    state.add_files(three[:2])
    state.add_files(three[2:])
    assert state.remark_on(state.rows[2]) == ("Not read yet.", False)
    runner.advance(9)
    runner.advance(9)
    assert [row.read_as for row in state.rows] == [None] * 3
    state.run()
    state.choose(consensus_settings(kind="loop"))
    runner.advance(30)
    assert state.result is not None
    assert state.is_stale is False, "the files hold loops, whoever asks for them"
    runner.advance(9)
    assert [row.read_as for row in state.rows] == [Kind.LOOP] * 3


def test_a_file_that_was_written_anew_is_read_before_it_votes(
    project: Project, three: list[Path], tmp_path: Path
) -> None:
    state = TinyWindow(project).consensus
    state.add_files(three)
    state.run()
    calls(three[2], PLACES)
    state.run()
    assert state.result is not None
    assert [one.n_calls for one in state.result.files] == [14, 14, 18]
    assert state.save(tmp_path / "a.bedpe").read_bytes() == shell(three, tmp_path / "b.bedpe", tmp_path)
    three[1].unlink()
    three[2].unlink()
    state.run()
    assert state.why_not_run() == "Tick two callers or more."
    assert [bool(row.error) for row in state.rows] == [False, True, True]


def test_cancelling_the_reading_takes_out_what_was_not_read(project: Project, three: list[Path]) -> None:
    runner = SteppedRunner()
    state = ConsensusState(TinyWindow(project, runner).labels)
    state.add_files(three[:2])
    runner.advance(9)
    state.add_files(three[2:])
    runner.advance(1)
    state.cancel()
    runner.advance(1)
    assert [row.name for row in state.rows] == ["m.tsv", "loops.chromosight.tsv"]
    assert (state.running, state.error) == (False, "")


def test_another_map_forgets_files_and_result(project: Project, three: list[Path]) -> None:
    window = TinyWindow(project)
    state = window.consensus
    state.add_files(three)
    state.run()
    window.source = replace(TinySource(), name="other")  # type: ignore[assignment]
    window.map_changed.emit()
    assert (state.files, state.result) == ([], None)
    window.source = None
    with pytest.raises(LabelError, match="needs the map"):
        state.add_files(three)


def test_the_plot_counts_every_structure_once(project: Project, three: list[Path]) -> None:
    state = TinyWindow(project).consensus
    state.add_files(three)
    state.run()
    assert state.result is not None
    upset = upset_of(state.result)
    assert {tuple(sorted(one.callers)): one.n for one in upset.columns} == {
        ("chromosight", "mine", "mustache"): 6,
        ("chromosight", "mustache"): 4,
        ("chromosight",): 4,
        ("mine", "mustache"): 2,
        ("mustache",): 2,
    }
    assert [one.n for one in upset.columns] == [6, 4, 4, 2, 2]
    assert [(one.name, one.n) for one in upset.rows] == [("chromosight", 14), ("mustache", 14), ("mine", 8)]
    assert (
        upset.columns[-1].text == "2 loops by mustache alone" or upset.columns[-2].text == "2 loops by mustache alone"
    )
    assert upset.rows[2].text.startswith("mine: 8 loops, 100% of them with others; 8 are in the list; by the votes ")
    assert "chromosight: 14 loops, 71% of them with others; 10 are in the list; by" in upset.rows[0].text
    state.set_caller(state.rows[2], "mustache")
    state.run()
    assert state.result is not None
    text = next(one.text for one in upset_of(state.result).rows if one.name == "mustache")
    assert text.startswith("mustache: 14 loops from 22 calls, "), "calls of one place are one structure"
    assert [short_number(n) for n in (0, 999, 1_234, 9_960, 12_400, 2_000_000)] == [
        "0", "999", "1.2k", "10k", "12k", "2.0M",
    ]  # fmt: skip


def test_settings_are_those_of_the_shell_unless_chosen() -> None:
    assert consensus_settings() == ConsensusSettings(None, "em", 0, False)


def test_a_caller_that_is_renamed_while_other_work_runs_ends_nothing(project: Project, three: list[Path]) -> None:
    """Its file is read anew when that has ended: before the next run."""
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    state = window.consensus
    state.add_files(three)
    runner.advance(9)
    ended: list[object] = []

    def work(token: Any) -> Any:
        yield Clock().step("judging", 0, 1)

    window.labels.busy.start("The judgment", work, done=ended.append, failed=ended.append)
    state.set_caller(state.files[0], "Peakachu")
    assert window.labels.busy.text == "The judgment"
    with pytest.raises(ProjectError, match="The judgment has not ended yet"):
        window.labels.busy.start("Another", work, done=ended.append, failed=ended.append)
    with pytest.raises(ProjectError, match="The judgment has not ended yet"):
        window.open_project(project.path)
    runner.advance(9)
    assert ended == [None]
    state.run()
    for _ in range(3):
        runner.advance(30)
    assert state.result is not None
    assert "Peakachu" in state.result.consensus.callers


def test_a_set_of_a_region_is_silent_only_where_it_was_sought(project: Project, three: list[Path]) -> None:
    """Elsewhere the share counts those that could have called: two lists, not three."""
    window = TinyWindow(project)
    window.importing.start(three[:1])
    window.importing.start(three[1:2])
    found = project.add_set("our 1.0", Origin.PREDICTED)
    project.add([loop(*PLACES[12])], set_id=found.id)
    project.add([loop(*PLACES[13])], set_id=found.id)
    state = window.consensus
    for row in state.sets:
        state.set_on(row, True)

    def shares() -> dict[int, float]:
        state.choose(consensus_settings(method="count"))
        state.run()
        assert state.result is not None
        return {r.anchor1.start: r.soft_score for r in state.result.consensus.records}

    silent = shares()
    assert (silent[PLACES[6][0]], silent[PLACES[12][0]]) == (pytest.approx(2 / 3), 1)
    low, high = PLACES[11][0], PLACES[16][1]
    run = {"model": {"name": "our", "version": "1.0"}, "parameters": {"regions": [f"{CHROM}:{low}-{high}"]}}
    project.add_run(found.id, run)
    known = shares()
    assert (known[PLACES[6][0]], known[PLACES[12][0]]) == (1, 1)
