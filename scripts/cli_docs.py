"""Write docs/cli.md from the commands themselves; ``--check`` only says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from napari_hicstruct.cli.main import build_app

TARGET = Path(__file__).resolve().parents[1] / "docs" / "cli.md"

HEAD = """# Command line

Made from the commands' own help by `scripts/cli_docs.py` (`make docs`); change it there.

Common to all: `--help`; `--json` prints one line for machines on standard output; `--quiet` drops the progress bar,
which goes to standard error and only to a terminal; `--debug`, at any place, shows the traceback of an error.
Regions are written `chr17:62.5M-63.5M` or `chr17:62,500,000-63,500,000`.

| exit status | means |
|---|---|
| 0 | done |
| 2 | bad input: one line on standard error says which file, line or option, and what to do |
| 130 | interrupted (Ctrl+C); what stood there before is untouched |
| 1 | an internal error: one line names the log that holds the details |
"""


def render() -> str:
    """The whole page."""
    group: Any = typer.main.get_command(build_app())
    return "\n".join([HEAD, *(part for name, command in group.commands.items() for part in sections(name, command))])


def sections(name: str, command: Any) -> Iterator[str]:
    """A command, or each command of a group after the group itself."""
    yield section(name, command)
    for inner, one in getattr(command, "commands", {}).items():
        yield from sections(f"{name} {inner}", one)


def section(name: str, command: Any) -> str:
    """One command: usage, what it does, its arguments and options."""
    usage = " ".join(["hicstruct", name, *(_usage(p) for p in command.params if p.param_type_name == "argument")])
    lines = [f"## `{usage} [OPTIONS]`", "", (command.help or "").strip(), "", "| option | means |", "|---|---|"]
    for parameter in command.params:
        if parameter.name == "help" or getattr(parameter, "hidden", False):
            continue
        names = ", ".join(f"`{text}`" for text in _names(parameter))
        empty = parameter.default in (None, False, (), [], "")
        default = "" if empty or parameter.required or (parameter.default == -1) else _default(parameter)
        help_text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
        lines.append(f"| {names} | {help_text}{default} |")
    if lines[-1].startswith("|---"):  # a group alone
        lines = lines[:-3]
    return "\n".join(lines) + "\n"


def _names(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [_usage(parameter)]
    return [*parameter.opts, *parameter.secondary_opts]


def _default(parameter: Any) -> str:
    value = parameter.default
    many = value if isinstance(value, list | tuple) else [value]
    text = ", ".join(str(getattr(one, "value", one)) for one in many)
    return f" (default {text})"


def _usage(parameter: Any) -> str:
    text = (parameter.metavar or parameter.name).upper()
    return text + ("..." if parameter.nargs == -1 and not text.endswith("...") else "")


def main() -> None:
    """Write the page, or with ``--check`` fail if it is out of date."""
    page = render()
    if "--check" not in sys.argv:
        TARGET.write_text(page, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != page:
        sys.exit("docs/cli.md is out of date: run make docs")


if __name__ == "__main__":
    main()
