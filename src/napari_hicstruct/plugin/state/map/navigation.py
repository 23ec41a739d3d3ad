"""Where to look: a region, a gene or a place by its name; links to the view; places to step through."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.errors import RegionError
from napari_hicstruct.plugin.state.map.places import Places
from napari_hicstruct.plugin.state.map.view import POSITION_BP, View, parse_view
from napari_hicstruct.tracks.finding import around_gene, genes_named, may_be_gene

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.jobs import Runner
    from napari_hicstruct.plugin.state.map.map import MapState
    from napari_hicstruct.plugin.state.settings import Settings

_MAX_OTHERS = 4


class NavigationState:
    """Ways to a view, and from a view to a text that leads back to it.

    Parameters
    ----------
    window : MapState
    settings : Settings
    runner : Runner

    Attributes
    ----------
    find_wanted : Signal
        The person wants to type where to go.
    genome_wanted : Signal
        The person wants to see the whole genome.
    """

    find_wanted = Signal()
    genome_wanted = Signal()

    def __init__(self, window: MapState, settings: Settings, runner: Runner) -> None:
        self._window, self._settings, self._runner = window, settings, runner

    @staticmethod
    def of(window: Any) -> NavigationState:
        """That of a window; one of its own for a state that has none."""
        known = getattr(window, "navigation", None)
        return known if isinstance(known, NavigationState) else NavigationState(window, window.settings, window.runner)

    @cached_property
    def places(self) -> Places:
        """Bookmarks and lists of places."""
        return Places(self._window, self._settings, self._runner)

    def flicker(self) -> str:
        """Show the other map in the same place; gives its name, empty where there is one map alone."""
        window: Any = self._window
        return str(window.second_map.flicker())

    def link(self) -> str:
        """The view as a region string: the region box and ``hicstruct view MAP -r`` open it again.

        Raises
        ------
        RegionError
            If no part of the map is in view.
        """
        view = View(*self._window.visible())
        if not len(view.rows) or not len(view.cols):
            raise RegionError("No part of the map is in view.")
        return view.link()

    def go(self, text: str) -> str:
        """Go to what was typed: a region, else a gene of the tracks that are open; a sentence on what was found.

        Raises
        ------
        RegionError
            If it is neither.
        """
        window = self._window
        source = window.source
        if source is None:
            raise RegionError("No map is open.", hint="Open a contact map first.")
        around = min(POSITION_BP, *map(len, window.visible())) or POSITION_BP  # one may look past the end
        try:
            view = parse_view(text, source.chromsizes, chrom=window.chrom, around=around)
        except RegionError as error:
            return self._go_to_gene(text, error)
        window.go_to(view.rows, view.cols)
        return ""

    def genes(self, text: str) -> list[Any]:
        """Genes of this name, or whose name begins so, on chromosomes of the map; of the tracks that are open."""
        source, known = self._window.source, getattr(self._window, "tracks", None)
        if source is None or known is None:
            return []
        return genes_named(text, (getattr(one, "track", one) for one in known.tracks), source.chromsizes)

    def _go_to_gene(self, text: str, error: RegionError) -> str:
        if not may_be_gene(text):
            raise error
        found = self.genes(text)
        if not found:
            raise RegionError(error.message, hint=self._why_no_gene(text, error))
        gene, source = found[0], self._window.source
        assert source is not None
        around = around_gene(gene, source.chromsizes, source.resolutions[0])
        self._window.go_to(around)
        others = [one.name for one in found[1 : 1 + _MAX_OTHERS] if one.name != gene.name]
        return f"{gene.name} · {View(around, around).short()}" + (f" · also {', '.join(others)}" if others else "")

    def _why_no_gene(self, text: str, error: RegionError) -> str:
        tracks = getattr(self._window, "tracks", None)
        listed = [getattr(one, "track", one) for one in ([] if tracks is None else tracks.tracks)]
        if any(hasattr(track, "find") for track in listed):
            return f"No gene of the open tracks is called {text.strip()}."
        return f"{error.hint or ''} To search by gene, drop a GTF, GFF or BED12 of genes.".strip()
