"""``hicstruct view``: open napari on a contact map, or draw it into a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from napari_hicstruct.errors import HicStructError


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(view)


def view(
    map: Annotated[str, typer.Argument(help="Contact map: .cool, .mcool, .hic, or FILE::/group.", metavar="MAP")],
    labels: Annotated[list[Path] | None, typer.Option("--labels", "-l", help="Label file to draw; repeatable.")] = None,
    region: Annotated[str | None, typer.Option("--region", "-r", help="Where to look: chr17:62.5M-63.5M.")] = None,
    norm: Annotated[str | None, typer.Option(help="raw, oe, or name of weights (default: the map's best).")] = None,
    project: Annotated[
        Path | None, typer.Option("--project", "-p", help="Project (*.hicproj) to open or make.")
    ] = None,
    relink: Annotated[bool, typer.Option("--relink", help="Tie the project to this map from now on.")] = False,
    screenshot: Annotated[Path | None, typer.Option(help="Draw, write this PNG, and exit.")] = None,
) -> None:
    """Open MAP in napari with the HiC Structures dock."""
    _check_display()
    _check_qt()
    from npe2 import PluginManager

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


def _check_qt() -> None:
    """The Qt binding is an extra: clusters do without."""
    from importlib.util import find_spec

    if not any(find_spec(name) for name in ("PyQt6", "PySide6", "PyQt5")):
        raise HicStructError(
            "no Qt is installed, so there is no window.", mend='Run: pip install "napari-hicstruct[pyqt6]"'
        )


def _check_display() -> None:
    """Say what is missing before Qt aborts the process."""
    if not sys.platform.startswith("linux") or os.environ.get("WAYLAND_DISPLAY"):
        return
    name = os.environ.get("DISPLAY", "")
    if name and _answers(name):
        return
    why = f"the display {name} does not answer" if name else "there is no display here"
    raise HicStructError(f"{why}.", mend="Run it as: xvfb-run -a hicstruct view … --screenshot map.png")


def _answers(display: str) -> bool:
    """True if an X server answers at ``display``; also where that cannot be found out."""
    import ctypes
    import ctypes.util

    library = ctypes.util.find_library("xcb") or "libxcb.so.1"
    try:
        xcb = ctypes.CDLL(library)
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
