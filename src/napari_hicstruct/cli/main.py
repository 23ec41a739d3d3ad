"""The ``hicstruct`` command: one thin module per sub-command, one place that turns errors into lines."""

from __future__ import annotations

import contextlib
import datetime
import errno
import importlib
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer

from napari_hicstruct import __version__
from napari_hicstruct.cli.streams import give_up_stdout, prepare_streams
from napari_hicstruct.config.files import why, why_and_hint
from napari_hicstruct.errors import Cancelled, HicStructError, OutputError

COMMANDS = (
    "info",
    "view",
    "predict",
    "compare",
    "consensus",
    "insulation",
    "import_labels",
    "export",
    "simulate",
    "dataset",
    "train",
    "finetune",
    "calibrate",
    "evaluate",
    "report",
    "figure",
    "pileup",
    "higlass",
    "stripe_check",
    "repair",
    "fuse",
    "segment",
    "epi",
    "models",
)
"""Modules of this package, in the order of ``--help``; each has ``register(app)`` and imports nothing heavy."""

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"napari-hicstruct {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error (works at any place)."),
) -> None:
    """Find, judge and correct loops, stripes and TADs in Hi-C contact maps."""


def build_app() -> typer.Typer:
    """The typer application with all commands."""
    app = typer.Typer(
        name="hicstruct",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in COMMANDS:
        importlib.import_module(f"napari_hicstruct.cli.{name}").register(app)
    return app


def run() -> NoReturn:
    """Entry point of the console script."""
    sys.exit(main(sys.argv[1:]))


def main(args: Sequence[str]) -> int:
    """Run one command line and give its exit status: 0, 1 (our fault), 2 (bad input), 130 (interrupted)."""
    prepare_streams()
    debug = "--debug" in args
    words = [word for word in args if word != "--debug"]
    try:
        with warnings.catch_warnings():
            if not debug:  # libraries' deprecation notes help no one at a prompt; the test-suite sees them as errors
                warnings.simplefilter("ignore")
            status = typer.main.get_command(build_app()).main(words, prog_name="hicstruct", standalone_mode=False)
            _flush_stdout()
        if status == INTERRUPTED:  # typer turns Ctrl+C into this status without a word
            _say("interrupted.")
        return status if isinstance(status, int) else 0
    except BaseException as error:
        return _explain(error, debug)


def _explain(error: BaseException, debug: bool) -> int:
    """One line on standard error, and the exit status."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if debug:
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt | Cancelled | typer.Abort):
        _say("interrupted.")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):  # the reader of a pipe left (| head): not worth a word
        give_up_stdout()
        return FAILED
    if isinstance(error, HicStructError):
        _say(str(error))
        return BAD_INPUT
    if hasattr(error, "format_message"):  # click's usage errors, whichever click typer brings
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "hicstruct"
        if text := error.format_message():  # an empty one: no command was given and the help is printed
            _say(f"{text.rstrip('.')}. See '{command} --help'.")
        return BAD_INPUT
    if (full := _disk_error(error)) is not None:
        give_up_stdout()  # it may be the one that is full
        reason, hint = why_and_hint(full)
        what = "the result" if full is error else "a file that a library keeps"
        _say(f"{what} cannot be written: {reason}. {hint}")
        return BAD_INPUT
    log = _write_log(error)
    _say(f"unexpected {type(error).__name__}: {error} — this is an internal error; details are in {log}")
    return FAILED


def _disk_error(error: BaseException) -> OSError | None:
    """The full or broken disk behind an error that names no file: the error itself, or what it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO) and not cause.filename:
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _flush_stdout() -> None:
    """Write what is left; a disk that is full must not pass for success."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up_stdout()
        raise OutputError(f"standard output cannot be written: {why(error)}.") from error


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody reads it
        print("hicstruct: " + " ".join(text.split()), file=sys.stderr, flush=True)


def _write_log(error: BaseException) -> str:
    """Write the traceback where the person can find it, and give the place in words."""
    from napari_hicstruct.config.paths import log_dir

    name = f"hicstruct-{datetime.datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    text = f"napari-hicstruct {__version__}\n{sys.argv}\n" + "".join(traceback.format_exception(error))
    for folder in (log_dir, lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            path = folder() / name
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            return str(path)
    return "no log, as no folder could be written: run it again with --debug"
