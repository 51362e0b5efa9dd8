# Two commands on a fresh machine: make demo, make test. They need git, make and Python 3.11 or newer.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(shell command -v $(name))))
MANIFESTS := pyproject.toml plugins/requirements.txt $(wildcard plugins/*/pyproject.toml)
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help install demo test check docs clean

help:
	@echo "make demo     install, simulate cutouts, score them, make a picture of the best"
	@echo "make install  the environment $(VENV) with the zoo and all its plugins"
	@echo "make test     the whole test suite"
	@echo "make check    the linters and the type checker"
	@echo "make docs     the documentation, in site/"
	@echo "make clean    remove $(VENV) and what was built"

install: $(VENV)/.installed

demo: $(VENV)/.installed
	@BIN=$(BIN) sh docs/demo.sh $(DEMO)

test: $(VENV)/.developer
	$(BIN)/pytest

check: $(VENV)/.developer
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.developer
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) $(DEMO) site build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "the zoo needs Python 3.11 or newer; make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python $(MANIFESTS)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r plugins/requirements.txt
	@touch $@

$(VENV)/.developer: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -e '.[test,lint,docs]'
	@touch $@
