"""``hicstruct view``: open napari on a contact map, or draw it into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_hicstruct.cli.common import overwrite_file_option
from napari_hicstruct.config.files import check_output_file
from napari_hicstruct.config.map_uri import split_uri


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(view)


def view(
    map: Annotated[str, typer.Argument(help="Contact map: .cool, .mcool, .hic, or FILE::/group.", metavar="MAP")],
    labels: Annotated[list[Path] | None, typer.Option("--labels", "-l", help="Label file to draw; repeatable.")] = None,
    region: Annotated[
        str | None,
        typer.Option("--region", "-r", help="Where to look: chr17:62.5M-63.5M, chr17:63M, chr17, or rows × columns."),
    ] = None,
    norm: Annotated[str | None, typer.Option(help="raw, oe, or name of weights (default: the map's best).")] = None,
    project: Annotated[
        Path | None, typer.Option("--project", "-p", help="Project (*.hicproj) to open or make.")
    ] = None,
    relink: Annotated[bool, typer.Option("--relink", help="Tie the project to this map from now on.")] = False,
    screenshot: Annotated[Path | None, typer.Option(help="Draw, write this PNG, and exit.")] = None,
    overwrite: bool = overwrite_file_option,
) -> None:
    """Open MAP in napari with the HiC Structures dock."""
    from npe2 import PluginManager

    from napari_hicstruct.workflows.display import check_display, check_qt

    if screenshot is not None:
        read = [split_uri(map)[0], *(labels or ()), *([project] if project else ())]
        check_output_file(screenshot, read, overwrite=overwrite)
    check_display("Run it as: xvfb-run -a hicstruct view … --screenshot map.png")
    check_qt()

    # The command line and the plugin do not import each other: this goes through the plugin's own command.
    plugins = PluginManager.instance()
    plugins.discover()
    plugins.commands.get("napari-hicstruct.show")(
        map,
        labels=labels or (),
        region=region,
        norm=norm,
        project=project,
        relink=relink,
        screenshot=screenshot,
    )
