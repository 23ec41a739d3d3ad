"""Options that take several values in a row, as a shell gives them for ``*.mcool``."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

MAPS = "--maps"

maps_option: list[str] = typer.Option(
    [], MAPS, metavar="MAP...", help="Maps, several in a row, as a shell makes them of *.mcool: the same as MAP..."
)
"""Use as a parameter's default in a :class:`MapsCommand`; the values are those of the command's argument."""


class ManyValues(TyperCommand):
    """Lets options take several values in a row: ``--top 25 50 100`` as well as ``--top 25 --top 50``.

    For commands without positional arguments.
    """

    many: tuple[str, ...] = ()
    """Such options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option's name before each further value."""
        spread: list[str] = []
        option, fresh = "", False
        for word in args:
            if word.startswith("-"):
                option, fresh = word if word in self.many else "", True
            elif option and not fresh:
                spread.append(option)
            else:
                fresh = False
            spread.append(word)
        return super().parse_args(ctx, spread)


class MapsCommand(TyperCommand):
    """A command whose arguments are maps: they may stand behind ``--maps``, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the option's name away: what follows it are arguments."""
        end = args.index("--") if "--" in args else len(args)
        given = [word.removeprefix(f"{MAPS}=") for word in args[:end] if word != MAPS]
        return super().parse_args(ctx, given + args[end:])
