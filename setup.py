"""Everything static stands in setup.cfg; here only what it cannot say.

All packages of src/ plus ``resources/``, which lies at the top of the repository and is installed as
``napari_hicstruct.resources``; and the README as a package index shows it, where links cannot be relative.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

REPOSITORY = "https://github.com/napari-hicstruct/napari-hicstruct"


def readme() -> str:
    """The README with its relative links and pictures made absolute."""
    text = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"(!\[[^\]]*\]\()(?!\w+:|#)", rf"\1{REPOSITORY}/raw/HEAD/", text)
    return re.sub(r"((?<!!)\[[^\]]*\]\()(?!\w+:|#)", rf"\1{REPOSITORY}/blob/HEAD/", text)


setup(packages=[*find_packages("src"), "napari_hicstruct.resources"], long_description=readme())
