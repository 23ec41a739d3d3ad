"""Messages of the panels: long names of files do not run out of the dock, and a path stays one that can be copied."""

from __future__ import annotations

from typing import Any

from napari_hicstruct.plugin.widgets.style import Said

NAME = "GM12878_MboI_chr21_10kb_hg19+GM12878_Rao_chr21_30_35Mb_10kb.mcool"


def test_long_names_are_broken_and_paths_are_not(qtbot: Any) -> None:
    said = Said()
    qtbot.addWidget(said)
    said.say(f"Fused into {NAME}. A note.")
    assert said.minimumSizeHint().width() < 0.6 * said.fontMetrics().horizontalAdvance(NAME)
    assert said.text().replace("\u200b", "") == f"Fused into {NAME}. A note."
    path = f"/data/of/a_person_with_long_names/{NAME}"
    said.say(f"Wrote 3 loops to {path}")
    assert path in said.text()
    said.say("")
    assert said.isHidden()
