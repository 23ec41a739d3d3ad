"""What importing and discovering the plugin costs over napari itself, and what it must not load.

Each run is a fresh interpreter that has imported napari and its plugin machinery already; then the import of the
package and the reading of its manifest are timed.  Bars: at most 0.1 s in all; no torch, lightning, cooler or pandas.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

RUNS = 15
MUST_NOT_LOAD = ("torch", "lightning", "lightning_fabric", "cooler", "pandas", "hictkpy")

SCRIPT = """
import json, sys, time
started = time.perf_counter()
import napari
from napari import Viewer, layers
from npe2 import PluginManager, PluginManifest
napari_s = time.perf_counter() - started
started = time.perf_counter()
import napari_hicstruct
import_s = time.perf_counter() - started
before = set(sys.modules)
started = time.perf_counter()
manager = PluginManager()
manager.register(PluginManifest.from_distribution("napari-hicstruct"))
discover_s = time.perf_counter() - started
print(json.dumps(dict(napari=napari_s, package=import_s, discovery=discover_s,
                      loaded=sorted(set({names!r}) & set(sys.modules)))))
"""

LIGHT = "import json, sys, napari_hicstruct; print(json.dumps(sorted(set({names!r}) & set(sys.modules))))"


def run(runs: int = RUNS) -> dict[str, object]:
    """Medians in seconds, and which of the heavy libraries were loaded by us alone."""
    timings = [json.loads(_python(SCRIPT.format(names=MUST_NOT_LOAD))) for _ in range(runs)]
    median = {key: statistics.median(t[key] for t in timings) for key in ("napari", "package", "discovery")}
    over = [t["package"] + t["discovery"] for t in timings]
    return {
        "napari_s": round(median["napari"], 4),
        "package_s": round(median["package"], 4),
        "discovery_s": round(median["discovery"], 4),
        "over_napari_s": round(statistics.median(over), 4),
        "over_napari_worst_s": round(max(over), 4),
        "loaded_by_package": json.loads(_python(LIGHT.format(names=MUST_NOT_LOAD))),
        "loaded_with_discovery": timings[-1]["loaded"],
        "bar_s": 0.1,
        "met": statistics.median(over) <= 0.1,
    }


def _python(code: str) -> str:
    command = [sys.executable, "-c", code]
    # away from the checkout, so that nothing is imported from it by accident
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(sys.prefix)).stdout


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
