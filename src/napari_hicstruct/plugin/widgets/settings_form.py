"""A form for settings of pydantic: one row a key, drawn by magicgui from the key's type and limits.

A row bears the key's title, else its name.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, get_origin

from magicgui.widgets import Container, create_widget
from pydantic.fields import FieldInfo
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_hicstruct.config.base import FrozenConfig
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.style import form

_MAX_WHOLE, _MAX_NUMBER = 1_000_000_000, 1e9


class SettingsForm(QWidget):
    """All keys of a configuration but those left out.

    Parameters
    ----------
    config : FrozenConfig
        The values to begin with; its class says which keys there are.
    left_out : collection of str
        Keys that have no row.

    Attributes
    ----------
    form : magicgui.widgets.Container
        Its widgets bear the keys' names.
    edited : Signal(dict)
        Somebody changed a value: all values by key.
    """

    edited = Signal(dict)

    def __init__(self, config: FrozenConfig, *, left_out: Collection[str] = ()) -> None:
        super().__init__()
        fields = {name: info for name, info in type(config).model_fields.items() if name not in left_out}
        widgets = [_widget(name, info, getattr(config, name)) for name, info in fields.items()]
        self.form: Any = Container(widgets=widgets, labels=False)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            (fields[one.name].title or _words(one.name), one.native) for one in widgets
        ]
        vbox(form(rows), on=self)
        self.form.changed.connect(lambda *_: self.edited.emit(self.values()))

    def values(self) -> dict[str, Any]:
        """What is set, by key."""
        return {one.name: one.value for one in self.form}

    def show_values(self, config: FrozenConfig) -> None:
        """Show other values, without a signal."""
        with self.form.changed.blocked():
            for one in self.form:
                wanted = getattr(config, one.name)
                if one.value != wanted:
                    one.value = wanted


def _words(name: str) -> str:
    return name.replace("_", " ")


def _widget(name: str, info: FieldInfo, value: Any) -> Any:
    """The row of one key."""
    options: dict[str, Any] = {"tooltip": _tooltip(name, info)}
    kind: Any = info.annotation
    if kind is int:
        options |= {"min": int(_limit(info, ("ge", "gt"), 0)), "max": _MAX_WHOLE}
    elif kind is float:
        options |= {"min": _limit(info, ("ge", "gt"), 0.0), "max": _limit(info, ("le", "lt"), _MAX_NUMBER)}
        options["step"] = _step(value)
    elif get_origin(kind) is tuple:
        return create_widget(value=value, name=name, widget_type="LiteralEvalLineEdit", options=options)
    made = create_widget(value=value, annotation=kind, name=name, options=options)
    if kind is bool:
        made.native.setText("")  # its row says what it is
    return made


def _tooltip(name: str, info: FieldInfo) -> str:
    text = info.description or _words(name)
    return text[:1].upper() + text[1:]


def _limit(info: FieldInfo, names: Collection[str], otherwise: float) -> float:
    """The limit that a key's type says."""
    found = (getattr(part, name, None) for part in info.metadata for name in names)
    return next((float(one) for one in found if one is not None), otherwise)


def _step(value: float) -> float:
    """A tenth of a number's order of magnitude: 0.0001 of 0.002."""
    return float(10.0 ** (math.floor(math.log10(value)) - 1)) if value > 0 else 1e-4
