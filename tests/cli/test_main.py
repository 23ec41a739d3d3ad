"""The frame of the command line: what a person sees when things go right, wrong and very wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import typer

from napari_hicstruct.cli import main as cli
from napari_hicstruct.cli.common import emit, plain, show_progress
from napari_hicstruct.errors import Cancelled, MapError
from napari_hicstruct.jobs import Progress

ASKED_FOR = ("info", "view", "predict", "import", "export", "simulate", "train", "evaluate", "models")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch):
    """Make ``hicstruct go`` and ``hicstruct stay``; ``go`` raises what the test asks for."""

    def install(error: BaseException | None) -> None:
        def build() -> typer.Typer:
            app = typer.Typer(pretty_exceptions_enable=False)
            app.callback()(cli._options)

            @app.command()
            def go(number: int = 1) -> None:
                if error is not None:
                    raise error

            @app.command()
            def stay() -> None:
                print("stayed")

            return app

        monkeypatch.setattr(cli, "build_app", build)

    return install


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in ASKED_FOR if f" {name} " not in shown] == []


@pytest.mark.parametrize("name", ASKED_FOR)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    assert f"hicstruct {name}" in capsys.readouterr().out


def test_help_is_light() -> None:
    code = (
        "import sys; from napari_hicstruct.cli.main import main; status = main(['--help'])\n"
        "heavy = {'torch', 'napari', 'numpy', 'cooler', 'pandas', 'qtpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy - {'numpy'} else status)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def test_bad_input_is_one_line_and_status_2(command, capsys: pytest.CaptureFixture[str]) -> None:
    command(MapError("is not a contact map.", where="a.cool", hint="Give a\n.cool file."))
    assert cli.main(["go"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hicstruct: a.cool: is not a contact map. Give a .cool file.\n")


@pytest.mark.parametrize("words", [["go", "--number", "x"], ["gone"], ["go", "--what"], ["go", "extra"]])
def test_wrong_usage_is_one_line_and_status_2(command, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command(None)
    assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("hicstruct: ")
    assert err.count("\n") == 1
    assert "--help" in err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Cancelled("Cancelled.")])
def test_interrupt_is_130(command, error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    command(error)
    assert cli.main(["go"]) == 130
    assert capsys.readouterr().err == "hicstruct: interrupted.\n"


def test_unexpected_failure_names_the_log(
    command, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HICSTRUCT_LOGS", str(tmp_path))
    command(RuntimeError("tensor shapes differ"))
    assert cli.main(["go"]) == 1
    err = capsys.readouterr().err
    (log,) = tmp_path.glob("*.log")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert str(log) in err
    assert "Traceback" in log.read_text()
    assert "tensor shapes differ" in log.read_text()


def test_a_full_disk_is_said_whatever_was_raised_from_it(
    command, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """napari's icons are written when it is imported; what comes of that is an error of the plugin manager."""
    monkeypatch.setenv("HICSTRUCT_LOGS", str(tmp_path))
    error = RuntimeError("Failed to import command")
    error.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    command(error)
    assert cli.main(["go"]) == 2
    text = "hicstruct: a file that a library keeps cannot be written: the disk is full. Free some disk and repeat.\n"
    assert capsys.readouterr().err == text
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback_wherever_it_stands(command, capsys: pytest.CaptureFixture[str]) -> None:
    command(MapError("is broken."))
    assert cli.main(["go", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_success_is_silent(command, capsys: pytest.CaptureFixture[str]) -> None:
    command(None)
    assert cli.main(["stay"]) == 0
    assert capsys.readouterr() == ("stayed\n", "")


def test_interrupted_progress_closes_the_job() -> None:
    closed = []

    def job() -> Generator[Progress, None, int]:
        try:
            yield Progress(stage="one", done=1, total=2)
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        show_progress(job())
    assert closed == [True]


def test_notices_are_told_without_a_bar_too(capsys: pytest.CaptureFixture[str]) -> None:
    def job() -> Generator[Progress, None, int]:
        yield Progress(stage="train", done=1, total=2, message="loss 3")
        yield Progress(stage="train", done=2, total=2, message="Out of memory: batches are cut.", notice=True)
        return 1

    assert show_progress(job()) == 1
    assert capsys.readouterr().err == "note: Out of memory: batches are cut.\n"


def test_progress_bar_on_a_terminal_goes_to_stderr(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    def job() -> Generator[Progress, None, int]:
        yield Progress(stage="predict chr17", done=0, total=0)
        yield Progress(stage="predict chr17", done=2, total=2, message="3 loops")
        return 42

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert show_progress(job()) == 42
    out, err = capsys.readouterr()
    assert out == ""
    assert "predict chr17" in err
    assert show_progress(job(), quiet=True) == 42
    assert capsys.readouterr() == ("", "")


def test_json_is_one_line_of_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class Row:
        path: Path
        values: np.ndarray
        score: float

    row = Row(Path("a/b"), np.array([1.5, np.nan]), float("inf"))
    emit([row, {"n": np.int64(3), "s": {"x"}, "none": None, "yes": True}], json=True)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == [
        {"path": "a/b", "values": [1.5, None], "score": None},
        {"n": 3, "s": ["x"], "none": None, "yes": True},
    ]
    assert plain(np.float32(np.nan)) is None


def test_tables_keep_square_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"file": "a[1].mcool", "bins": 12345, "norms": ("KR", "VC")})
    emit([{"chrom": "chr1", "length": 10_000}, {"chrom": "chr2", "length": 5, "note": "[bold]x"}])
    out = capsys.readouterr().out
    for text in ("a[1].mcool", "12,345", "KR, VC", "10,000", "[bold]x"):
        assert text in out


def test_a_wrong_value_is_one_line_of_two_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["stripe-check", "a.cool", "b.tsv", "-o", str(tmp_path / "s.png"), "-n", "x"]) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert said.endswith(". See 'hicstruct stripe-check --help'.")
    assert ".. See" not in said
