# Two commands on a fresh machine: make demo, make test. They need git, make and Python 3.11 or newer.

VENV := .venv
BIN := $(VENV)/bin
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; \
	do $$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)
MANIFESTS := pyproject.toml plugins/requirements.txt $(wildcard plugins/*/pyproject.toml)
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --quiet
BUILDERS := hatchling editables setuptools wheel
DEMO := demo
LOWEST := .venv-lowest
LOWEST_PYTHON ?= python3.11

.DEFAULT_GOAL := help
.PHONY: help install demo test test-lowest laws check docs clean

help:
	@echo "make demo     install, simulate cutouts, score them, make a picture of the best"
	@echo "make install  the environment $(VENV) with the zoo and all its plugins"
	@echo "make test     the whole test suite"
	@echo "make test-lowest  with the lowest versions that pyproject.toml allows, on Python 3.11"
	@echo "make laws     the laws of all plugins and published weights, and the longest tests, as before a release"
	@echo "make check    the linters and the type checker"
	@echo "make docs     the documentation, in site/"
	@echo "make clean    remove $(VENV) and what was built"

install: $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/zoo simulate finding_space_shifted -n 48 --seed 1 -o $(DEMO)/cutouts
	$(BIN)/zoo predict lastro.space $(DEMO)/cutouts -o $(DEMO)/scores.csv --gallery $(DEMO)/top.png --top 12
	@$(BIN)/python examples/demo_truth.py $(DEMO)/scores.csv $(DEMO)/cutouts/truth.csv
	@echo
	@echo "Look at $(DEMO)/top.png. Then try:"
	@echo "  $(BIN)/zoo predict lastro.space YOUR_FOLDER -o scores.csv --gallery top.png   # your own FITS"
	@echo "  $(BIN)/zoo info lastro.space                 # what it has learned from, and what it gets wrong"
	@echo "  $(BIN)/zoo leaderboard --on finding_space    # how it compares"
	@echo "  $(BIN)/zoo new mynet                         # a network of your own"

test: $(VENV)/.developer
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal

# timm takes the newest torchvision, which takes the newest torch, unless it is told otherwise.
test-lowest:
	$(LOWEST_PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install --disable-pip-version-check --quiet uv
	$(LOWEST)/bin/uv pip install --python $(LOWEST)/bin/python --resolution lowest-direct --quiet \
		-r plugins/requirements.txt -e '.[test]' 'torchvision>=0.25'
	OMP_NUM_THREADS=1 $(LOWEST)/bin/pytest -n auto --maxprocesses 8 --dist worksteal

laws: $(VENV)/.developer
	@for plugin in $(notdir $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))); do \
		grep -q "plugin: zoo-$$plugin$$" registry.yaml && weights=--weights || weights=; \
		$(BIN)/zoo check $$plugin $$weights || exit 1; \
	done
	@OMP_NUM_THREADS=1 $(BIN)/pytest -m release
	@OMP_NUM_THREADS=1 $(BIN)/pytest --hypothesis-profile=thorough tests/images/test_corrupt_files.py

check: $(VENV)/.developer
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.developer
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) $(LOWEST) $(DEMO) site build dist

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer found; name one: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Every package is built by the same hatchling (lenstronomy's source by setuptools), and not in an environment of its own.
$(VENV)/.installed: $(BIN)/pip $(MANIFESTS)
	@echo "installing into $(VENV): about 2.5 GB to download, 7 GB on disk, and several minutes in which pip is silent"
	$(INSTALL) $(BUILDERS)
	$(INSTALL) --no-build-isolation -r plugins/requirements.txt
	@touch $@

$(VENV)/.developer: $(BIN)/pip $(MANIFESTS)
	@echo "installing into $(VENV): about 2.5 GB to download, 7 GB on disk, and several minutes in which pip is silent"
	$(INSTALL) $(BUILDERS)
	$(INSTALL) --no-build-isolation -r plugins/requirements.txt -e '.[test,lint,docs]'
	@touch $(VENV)/.installed $@
