"""Which program called a list of structures, and what its set is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from napari_hicstruct.annotations.records import Annotation

_BY_FILE_NAME: tuple[tuple[str, str], ...] = (
    ("chromosight", "chromosight"),
    ("mustache", "mustache"),
    ("peakachu", "Peakachu"),
    ("hicpeaks|pyhiccups|bhfdr", "hicpeaks"),
    ("hiccups|merged_loops|postprocessed_pixels|enriched_pixels", "HiCCUPS"),
    ("cooltools.*dots|dots", "cooltools dots"),
    ("hicdetectloops|hicexplorer", "HiCExplorer"),
    ("lasca", "LASCA"),
    ("fithichip", "FitHiChIP"),
    ("fit-?hi-?c", "Fit-Hi-C"),
    (r"(?:^|[^a-z])sip(?:[^a-z]|$)|siploops", "SIP"),
    ("arrowhead", "Arrowhead"),
    ("hitad", "HiTAD"),
    ("topdom", "TopDom"),
    ("ontad", "OnTAD"),
    ("spectraltad", "SpectralTAD"),
    ("hicfindtads", "HiCExplorer"),
    ("insulation", "cooltools insulation"),
    ("stripenn", "Stripenn"),
    ("stripepy", "StripePy"),
    ("stripecaller|quagga", "StripeCaller"),
)
"""Words in a file's name that name the program, where its columns do not."""

_NO_PROGRAM = ("", "soft loops", "soft stripes", "soft TADs", "soft boundaries", "model", "consensus")
_ENDS = re.compile(r"(\.(gz|bz2|xz|bedpe|bed|txt|tsv|csv|bedgraph|longrange|interact|parquet|domains|2d))+$", re.I)
_BREAKS = re.compile(r"[\s._-]+")
_ASSEMBLY = re.compile(r"(hg|grch|mm|grcm|dm|ce|danrer|saccer|rn|t2t)[a-z]*\d*", re.I)
_MAX_RECORDS = 50


def stem(file_name: str) -> str:
    """A file's name without what says how it is written: ``loops.bedpe.gz`` → ``loops``."""
    return _ENDS.sub("", file_name) or file_name


@lru_cache(maxsize=4096)
def program_in(text: str) -> str:
    """The program that a file's name names; empty if none."""
    lowered = text.lower()
    return next((name for words, name in _BY_FILE_NAME if re.search(words, lowered)), "")


@lru_cache(maxsize=4096)
def program_meant(caller: str) -> str:
    """The program that a person names as a caller (``Peakachu``, ``peakachu 10kb``); empty for any other name."""
    lowered = caller.strip().lower()
    for words, name in _BY_FILE_NAME:
        if re.fullmatch(rf"(?:{words}|{re.escape(name.lower())})(?:[\s._-].*)?", lowered):
            return name
    return ""


def caller_of(file_name: str, records: Sequence[Annotation]) -> str:
    """The program that wrote a file: by its columns, else by the file's name, else the file's name itself."""
    named = {record.source for record in records[:_MAX_RECORDS]} - {*_NO_PROGRAM, file_name}
    if len(named) == 1:
        return named.pop()
    return program_in(file_name) or stem(file_name)


def source_of(record: Annotation) -> str:
    """Who says so, as it is shown everywhere: the model, else the program, also where only its file is on record."""
    return shown_source(record.model, record.source)


def shown_source(model: str, source: str) -> str:
    """As :func:`source_of`, of what a record holds."""
    return model or _program_or_file(source)


@lru_cache(maxsize=4096)
def _program_or_file(source: str) -> str:
    bare = stem(source)
    return source if bare == source else program_in(source) or bare


def with_caller(records: Sequence[Annotation], file_name: str) -> list[Annotation]:
    """Records that name only their file as source name the program, where the file's name does."""
    program = program_in(file_name)
    if not program:
        return list(records)
    return [record.with_(source=program) if record.source == file_name else record for record in records]


def set_name(file_name: str, caller: str, map_name: str = "", assembly: str = "") -> str:
    """The program, then what the file's name adds to it and to the map's name.

    ``GM12878_chr21.HiTAD.20kb.hg19.txt`` of HiTAD, on a map ``GM12878_MboI_chr21_hg19``, is ``HiTAD · 20kb``.
    """
    words = [word for word in _BREAKS.split(stem(file_name)) if word]
    of_map = {word.lower() for word in _BREAKS.split(map_name)}
    own = list(words)
    while own and own[0].lower() in of_map:
        own.pop(0)
    while own and _ASSEMBLY.fullmatch(own[-1]) and own[-1].lower() in of_map | {assembly.lower()}:
        own.pop()
    named = {word.lower() for word in _BREAKS.split(caller)} | {caller.lower()}
    known = caller == program_in(file_name) or caller != stem(file_name)
    if not known:
        return _spelt(stem(file_name), own) or stem(file_name)
    rest = _spelt(stem(file_name), [word for word in own if word.lower() not in named])
    return f"{caller} · {rest}" if rest else caller


def _spelt(text: str, words: Sequence[str]) -> str:
    """``words`` of ``text`` with the breaks that stand between them there, else a dot."""
    if not words:
        return ""
    found = re.search(r"[\s._-]+".join(map(re.escape, words)), text)
    return found[0] if found else ".".join(words)
