"""HTML that cannot be broken by what it shows: every text is escaped unless it is markup already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


class Markup(str):
    """Text that is HTML already and stays as it is."""

    __slots__ = ()


def element(name: str, /, *content: object, **attributes: object) -> Markup:
    """One element; ``class_`` and ``for_`` lose their ``_``, others become ``-``; attributes of None are left out."""
    shown = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    head = "".join(f' {key}="{escape(str(value))}"' for key, value in shown.items())
    return Markup(f"<{name}{head}>{joined(*content)}</{name}>")


def single(name: str, /, **attributes: object) -> Markup:
    """An element without content: ``<img>``, ``<rect/>``."""
    whole = element(name, **attributes)
    return Markup(whole.removesuffix(f"></{name}>") + "/>")


def joined(*content: object) -> Markup:
    """Content one behind the other; what is no markup is escaped, None is left out, lists are unfolded."""
    return Markup("".join(map(_one, content)))


def _one(part: object) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup):
        return part
    if isinstance(part, list | tuple):
        return joined(*part)
    return escape(readable_text(str(part)))


def readable_text(text: str) -> str:
    """Without what no page may hold: halves of letters from file names, control characters."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in whole)


def table(caption: str, heads: Sequence[object], rows: Iterable[Sequence[object]], *, hidden: bool = False) -> Markup:
    """A table whose first column names the rows; a cell may be markup of its own ``<td>``."""
    head = element("tr", [element("th", one, scope="col") for one in heads])
    body = [element("tr", element("th", row[0], scope="row"), [_cell(one) for one in row[1:]]) for row in rows]
    titled = element("caption", caption, class_="hidden" if hidden else None)
    whole = element("table", titled, element("thead", head), element("tbody", body))
    return element("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)


def _cell(content: object) -> Markup:
    if isinstance(content, Markup) and content.startswith("<td"):
        return content
    return element("td", content)
