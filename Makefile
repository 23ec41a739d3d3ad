# Two commands on a fresh machine: `make demo` and `make test`; both set everything up first (scripts/setup.sh).
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint coverage bench bench-peers docs clean

BIN := .venv/bin
# a virtual screen: tests and pictures never need or touch the real one
SCREEN := xvfb-run -a -s "-screen 0 1600x1000x24"
# processes that run tests beside each other: one more than the two cores of the usual machine, for tests wait for disks,
# timers and screens a seventh of the time
WORKERS ?= 3
# in each of them (numba's threads, too: tests/conftest.py says why)
ONE_THREAD := OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*##/  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup:  ## system libraries, .venv, the package and its tools
	@bash scripts/setup.sh

demo: setup  ## the main job on a real (or sample) map; opens napari, or draws to demo-out/
	@$(BIN)/python scripts/demo.py

test: lint  ## everything that is checked: style first, then all tests in three processes
	@$(ONE_THREAD) $(SCREEN) $(BIN)/python -m pytest -n $(WORKERS) --max-worker-restart=0 $(ARGS)

lint: setup  ## style, tiers, types, spelling, sizes: what pre-commit runs, over all files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/typos
	@$(BIN)/python scripts/check_sizes.py
	@$(BIN)/python scripts/check_words.py

coverage: setup  ## all tests again, slower, and which lines none of them reaches (coverage.xml)
	@$(BIN)/python -m coverage erase
	@$(ONE_THREAD) $(SCREEN) $(BIN)/python -m coverage run -m pytest $(ARGS)
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage xml -q
	@$(BIN)/python -m coverage report

bench: setup  ## all our own benchmarks, slow
	@$(SCREEN) $(BIN)/python -m benchmarks.run

bench-peers: setup  ## the same beside other programs (installs them into .venv-peers)
	@$(SCREEN) $(BIN)/python -m benchmarks.run --peers

docs: setup  ## write docs/cli.md and docs/recipe.md, check links, command lines, pictures; build site/ (a warning is an error)
	@$(BIN)/python scripts/cli_docs.py
	@$(BIN)/python scripts/recipe_docs.py
	@$(BIN)/python -m pytest -q tests/meta/test_docs.py
	@$(BIN)/python -c "import material, mkdocstrings_handlers.python" 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

clean:  ## remove what was built, but keep .venv
	rm -rf build dist site demo-out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* coverage.xml
