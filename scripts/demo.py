"""The main job through the public commands: open a map, run the model, export, draw.

With a screen the window opens at the end; without one, pictures are drawn to ``demo-out/`` on a virtual screen.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "demo-out"
HICSTRUCT = Path(sys.executable).parent / "hicstruct"
REAL_MAP, REAL_REGION, REAL_ZOOM = (
    "maps/HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool",
    "chr17:62.5M-63.5M",
    "chr17:62.65M-63.05M",
)
KINDS = (("loops", "loops.bedpe"), ("stripes", "stripes.bedpe"), ("TADs", "tads.bed"), ("boundaries", "boundaries.bed"))

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 110)


@dataclass
class Demo:
    """What the demo works on and how long each step took."""

    map: Path
    region: str
    zoom: str
    seconds: dict[str, float] = field(default_factory=dict)

    def step(self, title: str, *words: str | Path, screen: bool = False, quiet: bool = True) -> str:
        """Run one ``hicstruct`` command, show it as a person would type it, give its standard output."""
        shown = " ".join(_short(word) for word in words)
        console.print(f"[bold cyan]{title}[/]  [dim]hicstruct {shown}[/]")
        command = [HICSTRUCT, *words]
        if screen and not has_screen():
            command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
        started = time.perf_counter()
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        self.seconds[title] = time.perf_counter() - started
        if result.returncode:
            sys.exit(f"demo: '{title}' failed with status {result.returncode}")
        if not quiet:
            print(result.stdout, end="")
        return result.stdout


def main() -> None:
    """The whole main job."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    demo = choose_map()
    project, labels, exported = OUT / "demo.hicproj", OUT / "labels", OUT / "export"
    demo.step("Open", "info", demo.map, quiet=False)
    demo.step("Predict", "predict", demo.map, "-o", labels, "--region", demo.region, "--project", project)
    demo.step("Export", "export", project, "-o", exported)
    pictures = [] if has_screen() else list(draw(demo))
    summarise(demo, labels, exported, pictures)
    if has_screen():
        demo.step("Look and correct", "view", demo.map, "--project", project, "--region", demo.region, screen=True)


def choose_map() -> Demo:
    """The real map if the data are there, else a simulated one."""
    given = os.environ.get("HICSTRUCT_DATA")
    for folder in (Path(given) if given else None, ROOT.parent / "shared" / "data"):
        if folder is not None and (folder / REAL_MAP).is_file():
            return Demo(folder / REAL_MAP, REAL_REGION, REAL_ZOOM)
    console.print("No real map here (HICSTRUCT_DATA is not set): simulating one.")
    demo = Demo(OUT / "sample.mcool", "", "")
    demo.step("Simulate", "simulate", "-o", demo.map, "--truth", OUT / "truth", "--length", "16M", "--depth", "200")
    facts = json.loads(demo.step("Look up", "info", demo.map, "--json"))
    chrom, length = facts["chromosomes"][0]["name"], facts["chromosomes"][0]["length"]
    demo.region, demo.zoom = f"{chrom}:0-{length}", f"{chrom}:{length // 3}-{min(length, length // 3 + 800_000)}"
    return demo


def draw(demo: Demo) -> Iterator[Path]:
    """Pictures of the real window: the bare map, the predictions, and a closer look."""
    # each picture names its project, so that nothing lands in the person's own one
    bare, called = OUT / "map-only.hicproj", OUT / "demo.hicproj"
    for name, region, project in (
        ("map", demo.region, bare),
        ("predictions", demo.region, called),
        ("closer", demo.zoom, called),
    ):
        picture = OUT / f"{name}.png"
        demo.step(
            f"Draw {name}",
            "view",
            demo.map,
            "--region",
            region,
            "--project",
            project,
            "--screenshot",
            picture,
            screen=True,
        )
        yield picture


def summarise(demo: Demo, labels: Path, exported: Path, pictures: list[Path]) -> None:
    """What was found, where it lies, how long it took."""
    table = Table(title=f"{demo.map.name}  {demo.region}")
    for column in ("found", "number", "strongest", "score", "file"):
        table.add_column(column, justify="right" if column in ("number", "score") else "left")
    for kind, name in KINDS:
        number, strongest, score = strongest_of(labels / name)
        table.add_row(kind, str(number), strongest, score, _short(labels / name))
    console.print(table)
    console.print("Exported:", ", ".join(sorted(path.name for path in exported.iterdir())))
    if pictures:
        console.print("Pictures:", ", ".join(_short(picture) for picture in pictures))
    console.print("Seconds:", ", ".join(f"{title.lower()} {spent:.1f}" for title, spent in demo.seconds.items()))


def strongest_of(path: Path) -> tuple[int, str, str]:
    """Number of records in a BED or BEDPE file, and place and score of the best one."""
    rows = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    if not rows:
        return 0, "–", "–"
    paired, column = path.suffix == ".bedpe", 7 if path.suffix == ".bedpe" else 4
    best = max(rows, key=lambda row: _number(row[column]))
    if path.name == "tads.bed":
        place = f"{best[0]}:{int(best[1]):,}-{int(best[2]):,}"
    else:
        place = f"{best[0]}:{_middle(best[1:3])}" + (f" × {_middle(best[4:6])}" if paired else "")
    return len(rows), place, f"{_number(best[column]):.2f}"


def _middle(ends: list[str]) -> str:
    return f"{(int(ends[0]) + int(ends[1])) / 2e6:.3f} Mb"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def has_screen() -> bool:
    """True if a window can be shown to a person."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _short(word: str | Path) -> str:
    return os.path.relpath(word) if isinstance(word, Path) else word


if __name__ == "__main__":
    main()
