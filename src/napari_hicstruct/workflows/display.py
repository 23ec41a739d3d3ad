"""Whether a window can be opened here; asked before Qt ends the process in its own way.  Needs no Qt."""

from __future__ import annotations

import os
import sys

from napari_hicstruct.errors import HicStructError


def check_qt() -> None:
    """Refuse where no Qt binding is installed: it is an extra, clusters do without.

    Raises
    ------
    HicStructError
    """
    from importlib.util import find_spec

    if not any(find_spec(name) for name in ("PyQt6", "PySide6", "PyQt5")):
        raise HicStructError(
            "no Qt is installed, so there is no window.", hint='Run: pip install "napari-hicstruct[pyqt6]"'
        )


def check_display(hint: str) -> None:
    """Refuse where there is no screen to draw on.

    Parameters
    ----------
    hint : str
        What the refusal recommends.

    Raises
    ------
    HicStructError
    """
    if not sys.platform.startswith("linux") or os.environ.get("WAYLAND_DISPLAY"):
        return
    name = os.environ.get("DISPLAY", "")
    if name and _answers(name):
        return
    why = f"the display {name} does not answer" if name else "there is no display here"
    raise HicStructError(f"{why}.", hint=hint)


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
