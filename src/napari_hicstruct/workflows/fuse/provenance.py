"""What a fused map says it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.config.map_uri import absolute_uri

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.fuse.map_checks import MapPlan
    from napari_hicstruct.workflows.fuse.requests import FuseMapsRequest

SHIPPED, SHIPPED_UNLIKE = "hic", "hic-unlike"
"""Networks that are taken where nobody names one: of maps in the same bins, and of a sharp and a deep one."""


def account(
    request: FuseMapsRequest, plan: MapPlan, sources: tuple[ContactSource, ContactSource], model: dict[str, Any]
) -> dict[str, Any]:
    """Both maps, depths, network, settings and version, as the file keeps them."""
    maps = [
        {
            "uri": absolute_uri(source.uri),
            "fingerprint": source.fingerprint(),
            "assembly": source.assembly,
            "contacts": contacts,
            "bins": bins,
        }
        for source, contacts, bins in zip(sources, plan.contacts, plan.read, strict=True)
    ]
    unlike = plan.read if plan.read[0] != plan.read[1] else None
    return {
        "first": maps[0],
        "second": maps[1],
        "model": model,
        "parameters": {
            "resolution": plan.resolution,
            "chroms": [one.names[0] for one in plan.chroms],
            "region": str(plan.chroms[0].region).replace(",", "") if request.region is not None else None,
            "counts": request.counts,
            "unlike_bins": unlike,
        },
        "command": command(request),
        "made_with": f"napari-hicstruct {__version__}",
    }


def command(request: FuseMapsRequest) -> str:
    """What makes the same file in a shell."""
    import shlex

    words = ["hicstruct", "fuse", request.a, request.b, "-o", str(request.out)]
    if request.resolution is not None:
        words += ["--resolution", str(request.resolution)]
    for chrom in request.chroms:
        words += ["--chrom", chrom]
    if request.region is not None:
        words += ["--region", str(request.region).replace(",", "")]
    if request.model is not None:
        words += ["--model", str(request.model)]
    return shlex.join([*words, *(["--counts"] if request.counts else [])])


def model_record(folder: Path, card: dict[str, Any], sha256: str) -> dict[str, Any]:
    """Name, version and checksum of a network."""
    return {"name": card.get("name", folder.name), "version": card.get("version", ""), "sha256": sha256}
