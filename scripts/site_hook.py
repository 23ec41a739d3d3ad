"""Hook of mkdocs: pages of the site that stand outside docs/, and links that lead out of it.

In the repository ``../benchmarks/README.md`` is a link like any other; on the site it is another page, or the file in
the repository where the site has no such page.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]

# file of the repository → page of the site
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
# folders whose pictures go along
PICTURES = {"benchmarks/results": "benchmarks-results"}

LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
PICTURE = re.compile(r"""(<img src=")([^"]+)(")""")  # with a width, which Markdown cannot say
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
FIRST_ITEM = re.compile(r"[-*] |1\. ")
PARAGRAPH = re.compile(r"(?![\s#|>]|[-*] |\d+\. ).")
ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):(?=<code>)")

# a file of types beside the package names what is public, as ``from .x import y as y``
STUB = ROOT / "src" / "napari_hicstruct" / "__init__.pyi"
NAMES = re.compile(r"^<!-- public names:.*-->$", re.MULTILINE)

# pages whose tables need the whole width
WIDE = {"benchmarks.md", "glossary.md"}


def on_files(files: Files, *, config: Any, **_: Any) -> Files:
    """Add what stands outside docs/."""
    for source, target in PAGES.items():
        files.append(File.generated(config, target, content=(ROOT / source).read_text(encoding="utf-8")))
    for folder, target in PICTURES.items():
        for path in sorted((ROOT / folder).glob("*.png")):
            files.append(File.generated(config, f"{target}/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Let every link lead to a page of the site, or else to the file in the repository."""
    target = page.file.src_uri
    source = {page: file for file, page in PAGES.items()}.get(target, f"docs/{target}")
    markdown = NAMES.sub("\n\n".join(f"::: napari_hicstruct.{name}" for name in public_names()), markdown)
    if target in WIDE:
        page.meta["hide"] = ["toc"]

    def follow(link: re.Match[str]) -> str:
        return link[1] + site_link(link[2], source, target, config.repo_url) + link[3]

    parts = CODE.split(with_open_lists(markdown))
    for pattern in (LINK, PICTURE):
        parts[::2] = [pattern.sub(follow, part) for part in parts[::2]]  # every second part is code: nothing is a link
    return "".join(parts)


def on_page_content(html: str, **_: Any) -> str:
    """Leave out the roles that docstrings put before a name: Markdown has none."""
    return ROLE.sub("", html)


def public_names() -> list[str]:
    """Names that the package offers, modules left out, in the order of the file of types."""
    imports = [node for node in ast.parse(STUB.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    return [alias.name for node in imports if node.module for alias in node.names if alias.asname == alias.name]


def with_open_lists(markdown: str) -> str:
    """An empty line before each list that follows a paragraph at once: Python-Markdown takes it for text otherwise."""
    lines: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        if not fenced and lines and PARAGRAPH.match(lines[-1]) and FIRST_ITEM.match(line):
            lines.append("")
        fenced ^= line.startswith("```")
        lines.append(line)
    return "\n".join(lines) + "\n"


def site_link(link: str, source: str, target: str, repository: str) -> str:
    """What stands on a page of the site for ``link`` in the file ``source``."""
    if re.match(r"\w+:|/", link):
        return link
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    page = PAGES.get(file, file.removeprefix("docs/") if file.startswith("docs/") else None)
    folder = PICTURES.get(posixpath.dirname(file))
    if page is None and folder is not None and file.endswith(".png"):
        page = f"{folder}/{posixpath.basename(file)}"
    if page is not None:
        return posixpath.relpath(page, posixpath.dirname(target) or ".")
    return f"{repository}/blob/main/{file}" if (ROOT / file).exists() else link
