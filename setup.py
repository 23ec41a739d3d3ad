"""Everything static stands in setup.cfg; here only what it cannot say: all packages of src/ plus resources/.

``resources/`` lies at the top of the repository and is installed as ``napari_hicstruct.resources``.
"""

from setuptools import find_packages, setup

setup(packages=[*find_packages("src"), "napari_hicstruct.resources"])
