"""Refuse words that are not the field's: ``python scripts/check_words.py [--list]``, part of make lint.

The words stand in ``denied_words.toml`` beside this file, with what to write instead and the places that may keep
them: names that projects and journals store, and old spellings of options.  Read are names, comments and texts of the
package, and the documentation.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = Path(__file__).with_name("denied_words.toml")
LIMIT = re.compile(
    r"^_?(?:[A-Z0-9]+_)*(?:MOST|LEAST|FEWEST|ENOUGH|LARGEST|SMALLEST|LONGEST|SHORTEST|WIDEST|NARROWEST|FARTHEST|NEAREST"
    r"|HIGHEST|LOWEST|DEEPEST|(?:NEAR|REACH)(?!_))(?:_[A-Z0-9]+)*(?=(?:: [^=]+)? = )"
)
"""A constant of a module that is a limit or a tolerance and does not say which, or in which unit."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is read, what is denied, and where it is allowed.

    Attributes
    ----------
    files, skipped : tuple of str
        Patterns of paths that are read, and of those among them that are not.
    denied : tuple of (re.Pattern, str)
        Pattern, and what to write instead.
    allowed : tuple of (str, re.Pattern)
        Pattern of a path, and of the line that may stay there.
    """

    files: tuple[str, ...]
    skipped: tuple[str, ...]
    denied: tuple[tuple[re.Pattern[str], str], ...]
    allowed: tuple[tuple[str, re.Pattern[str]], ...]


def load_rules(path: Path = SETTINGS) -> Rules:
    """The rules of a file."""
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    denied = [(re.compile(rf"(?i)\b(?:{rule['words']})\b"), rule["instead"]) for rule in settings["denied"]]
    allowed = [(rule["file"], re.compile(rule["line"])) for rule in settings.get("allowed", [])]
    return Rules(tuple(settings["files"]), tuple(settings["skipped"]), tuple(denied), tuple(allowed))


def spread(line: str) -> str:
    """A line whose names are taken apart into words: ``last_wordsOf`` → ``last words Of``."""
    return CAMEL.sub(" ", line.replace("_", " "))


def find(name: str, text: str, rules: Rules) -> Iterator[tuple[int, str, str]]:
    """Line number (1-based), denied word and what to write instead, for each denied word of a file."""
    keeps = [line for file, line in rules.allowed if fnmatch(name, file)]
    for number, line in enumerate([name, *text.splitlines()]):  # number 0: the file's own name
        if any(keep.search(line) for keep in keeps):
            continue
        if name.startswith("src/") and (limit := LIMIT.match(line)):
            yield number, limit.group(), "MIN_…, MAX_…, or the unit: NEAR_BP, REACH_BINS"
        words = spread(line)
        for pattern, instead in rules.denied:
            yield from ((number, match.group(), instead) for match in pattern.finditer(words))


def read_files(rules: Rules) -> Iterator[tuple[str, str]]:
    """Path relative to the repository and text of the tracked files that are read."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    names = listed or [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
    for name in sorted(names):
        wanted, skipped = (any(fnmatch(name, one) for one in own) for own in (rules.files, rules.skipped))
        if wanted and not skipped and (ROOT / name).is_file():
            yield name, (ROOT / name).read_text(encoding="utf-8")


def main(arguments: Iterable[str]) -> int:
    """Print each denied word with its place; 1 if there is any, but with ``--list`` always 0."""
    rules, counts = load_rules(), Counter[str]()
    for name, text in read_files(rules):
        for line, word, instead in find(name, text, rules):
            counts[word.lower()] += 1
            print(f"{name}:{line}: '{word}': write {instead}")
    if counts:
        print(", ".join(f"{word} {n}" for word, n in counts.most_common()))
    else:
        print("words: none that is denied")
    return bool(counts) and "--list" not in arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
