"""How fast a person's keys are taken: xdotool presses A and R in a real window, then the project is read.

Run under a screen (or xvfb-run) with xdotool installed: ``python -m benchmarks.judging_speed [--keys 100]``.
*sustained*: the next key goes out when the window has answered the last one (judged, flown to the next, drawn).
*burst*: keys at 10 per second, whatever the window does.  Bars: sustained ≥ 5 per second; in both, exactly as many
candidates judged as keys pressed, in the order of the queue, each with the right word.
The map is the real HFFc6 one where it is at hand, else a simulated one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._harness import BenchmarkError, data_dir, percentile, record, say
from benchmarks.edit_latency_gui import make_map, settle

BAR_PER_S, BURST_PER_S = 5.0, 10
PATIENCE_S = 20.0
HFFC6 = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"


def the_map(folder: Path) -> tuple[Path, str, tuple[int, int]]:
    """A map, its chromosome, and where on it there are contacts (bp)."""
    try:
        real = data_dir() / "maps" / HFFC6
    except BenchmarkError:
        real = folder / "none"
    if real.exists():
        return real, "chr17", (62_500_000, 63_500_000)
    make_map(folder / "map.cool")
    return folder / "map.cool", "chr1", (10_000_000, 11_000_000)


def write_candidates(path: Path, chrom: str, within: tuple[int, int], number: int) -> None:
    """A BEDPE of loops at distinct places, with scores."""
    draw = random.Random(11)
    bins = range(within[0] // 5_000 + 1, within[1] // 5_000 - 1)
    places = {tuple(sorted(draw.sample(bins, 2))) for _ in range(4 * number)}
    lines = [
        f"{chrom}\t{a * 5000}\t{a * 5000 + 5000}\t{chrom}\t{b * 5000}\t{b * 5000 + 5000}\tl{k}\t{draw.random():.4f}"
        for k, (a, b) in enumerate(sorted(places, key=lambda _: draw.random())[:number])
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Typist:
    """Presses keys in the window by xdotool and watches what becomes of them."""

    def __init__(self, attachment: Any, app: Any) -> None:
        self._editor, self._review, self._app = attachment.editor, attachment.review, app
        self._draw = random.Random(5)

    def words(self, number: int) -> str:
        """Keys to press."""
        return "".join(self._draw.choice("ar") for _ in range(number))

    def expected(self, words: str) -> list[tuple[str, str]]:
        """What each of the first candidates of the queue must have become."""
        meaning = {"a": "accepted", "r": "rejected"}
        return [(uid, meaning[word]) for uid, word in zip(self._review.queue.uids, words, strict=False)]

    def wait(self, judged: int) -> None:
        """Let the window work until so many are judged and nothing is left to draw."""
        deadline = time.monotonic() + PATIENCE_S
        while self._review.queue.done < judged and time.monotonic() < deadline:
            self._app.processEvents()
            time.sleep(0.001)
        settle(self._app)

    def sustained(self, words: str) -> tuple[float, list[float]]:
        """Keys per second, and milliseconds from each press to the window's answer."""
        done, each = self._review.queue.done, []
        began = time.perf_counter()
        for number, word in enumerate(words, 1):
            pressed = time.perf_counter()
            subprocess.run(["xdotool", "key", word], check=True)
            self.wait(done + number)
            each.append((time.perf_counter() - pressed) * 1e3)
        return len(words) / (time.perf_counter() - began), each

    def burst(self, words: str) -> float:
        """Keys per second that went out."""
        done, began = self._review.queue.done, time.perf_counter()
        process = subprocess.Popen(["xdotool", "key", "--delay", str(1000 // BURST_PER_S), *words])
        while process.poll() is None:
            self._app.processEvents()
            time.sleep(0.001)
        rate = len(words) / (time.perf_counter() - began)
        self.wait(done + len(words))
        return rate

    def wrong(self, expected: list[tuple[str, str]], before: int) -> int:
        """How many candidates are not what their key said, plus how many too many or too few were judged."""
        project = self._editor.labels.project
        bad = sum(project.get(uid).status.value != word for uid, word in expected)
        judged = project.count(statuses=["accepted", "rejected"])
        return bad + abs(judged - before - len(expected))


def read_labels(session: Any, app: Any, paths: list[Path]) -> None:
    """Import label files and wait until they are in."""
    session.importing.start(paths)
    deadline = time.monotonic() + PATIENCE_S
    while session.importing.running and time.monotonic() < deadline:
        app.processEvents()
        time.sleep(0.005)


def focus(viewer: Any, app: Any) -> None:
    """Give the window the keyboard, as a click into it would."""
    window = viewer.window._qt_viewer.window()
    window.activateWindow()
    viewer.window._qt_viewer.canvas.native.setFocus()
    subprocess.run(["xdotool", "windowfocus", "--sync", str(int(window.winId()))], check=True)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        app.processEvents()
        time.sleep(0.01)


def run(keys: int) -> dict[str, Any]:
    """Open the window, import the candidates, press the keys, read the project."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.session import ensure_session

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, chrom, within = the_map(folder)
        write_candidates(folder / "calls.bedpe", chrom, within, 2 * keys + 20)
        viewer = napari.Viewer(show=True)
        viewer.window.resize(1500, 950)
        session = ensure_session(viewer)
        session.open_map(path)
        open_dock(viewer)
        app = QApplication.instance()
        read_labels(session, app, [folder / "calls.bedpe"])
        attachment = session.editing
        typist = Typist(attachment, app)
        focus(viewer, app)
        subprocess.run(["xdotool", "key", "n"], check=True)
        settle_until_chosen(attachment, app)
        words = typist.words(keys)
        expected = typist.expected(words)
        rate, each = typist.sustained(words)
        wrong = typist.wrong(expected, 0)
        words = typist.words(keys)
        expected = typist.expected(words)
        sent = typist.burst(words)
        wrong_burst = typist.wrong(expected, keys)
        viewer.close()  # ends the session, too, while Qt still stands
        settle(app)
    return {
        "map": path.name,
        "keys": keys,
        "sustained_per_s": rate,
        "answer_ms": {"p50": percentile(each, 50), "p95": percentile(each, 95), "max": max(each)},
        "wrong_or_lost": wrong,
        "burst_per_s": sent,
        "burst_wrong_or_lost": wrong_burst,
    }


def settle_until_chosen(attachment: Any, app: Any) -> None:
    """Wait for the first candidate to be under the cursor."""
    deadline = time.monotonic() + PATIENCE_S
    while attachment.editor.labels.current is None:
        if time.monotonic() > deadline:
            raise BenchmarkError("the window does not take keys: is there a window system that gives it the focus?")
        app.processEvents()
        time.sleep(0.005)
    settle(app)


def main() -> int:
    """Measure, record, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100)
    chosen = parser.parse_args()
    if shutil.which("xdotool") is None:
        raise BenchmarkError("xdotool is not installed")
    with tempfile.TemporaryDirectory() as home:
        for name in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS"):
            os.environ[name] = str(Path(home) / name.lower())
        os.environ["NAPARI_CONFIG"] = str(Path(home) / "napari.yaml")
        figures = run(chosen.keys)
    lost = figures["wrong_or_lost"] + figures["burst_wrong_or_lost"]
    figures["held"] = figures["sustained_per_s"] >= BAR_PER_S and not lost
    record("judging_speed", figures)
    say(f"{figures['map']}: {figures['keys']} keys, {figures['sustained_per_s']:.1f} per second sustained")
    say(f"  answered within {figures['answer_ms']['p50']:.0f} ms, p95 {figures['answer_ms']['p95']:.0f} ms")
    say(f"  wrong or lost: {figures['wrong_or_lost']}")
    say(f"  burst at {figures['burst_per_s']:.1f} per second: {figures['burst_wrong_or_lost']} wrong or lost")
    return 0 if figures["held"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
