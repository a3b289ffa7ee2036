# Each target does all of its own set-up; they need Python 3.11-3.13, make and a network.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
EXAMPLE := .example
WORKERS ?= 3
# The first interpreter that runs and is of a supported version.
FIND_PYTHON = for candidate in $(PYTHON) python3 python3.12 python3.13 python3.11 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	      >/dev/null 2>&1; then echo "$$candidate"; exit 0; fi; done; \
	  echo "needs Python 3.11, 3.12 or 3.13; none was found: name one with make PYTHON=..." >&2; exit 1
LOCK = requirements/py$$($(BIN)/python -c 'import sys; print("%d%d" % sys.version_info[:2])').lock
INSTALL = PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet -c $(LOCK)

.PHONY: help demo app test tests examples lab check widgets bench validate lock browser clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@python=$$($(FIND_PYTHON)); echo "Setting up $(VENV) with $$python ..."; \
	"$$python" -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml $(wildcard requirements/*.lock)
	@echo "Installing the packages (a minute or two) ..."
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml $(wildcard requirements/*.lock)
	@echo "Installing the packages, those of the tests too (two or three minutes) ..."
	@$(INSTALL) -e '.[formats,postgres,remote,test]'
	@touch $(VENV)/.core $@

$(VENV)/.bench: $(VENV)/.test
	@$(INSTALL) -e '.[bench]'
	@touch $@

demo: $(VENV)/.core  ## build the example specimen, run the four templates, print report and key numbers
	@$(BIN)/scalebridge demo --output $(DEMO)

app: $(VENV)/.core  ## the guided page on the example specimen, in a browser (APP=--no-browser: its address only)
	@specimen=$(DEMO)/specimen; \
	if [ ! -f $$specimen/workspace.toml ]; then \
	  specimen=$(EXAMPLE)/specimen; \
	  if [ ! -f $(EXAMPLE)/whole ]; then \
	    echo "Building the example specimen (half a minute) ..."; rm -rf $(EXAMPLE); \
	    $(BIN)/scalebridge example $(EXAMPLE)/files --workspace $$specimen && touch $(EXAMPLE)/whole; \
	  fi; \
	fi; \
	$(BIN)/scalebridge app $$specimen $(APP)

test: tests examples  ## every check at a reduced, seeded size

# The workers share the cores; and some library sets the locale anew, to ASCII where nobody chose one.
tests examples: export OPENBLAS_NUM_THREADS := 1
tests examples: export OMP_NUM_THREADS := 1
tests examples: export PYTHONUTF8 := 1

tests: $(VENV)/.test browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# One process: workers would each import everything. It begins after the tests, where both may run.
examples: $(VENV)/.test browser
	@$(BIN)/python -m pytest -q --doctest-modules typings/scalebridge

lab: $(VENV)/.core  ## JupyterLab on the tutorials, with the templates beside them
	@$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks

check: $(VENV)/.test  ## lint, format, types, notebooks without outputs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/nbstripout --verify templates/*.ipynb notebooks/*.ipynb
	@if command -v npm >/dev/null; then built=$$(mktemp -d) \
	  && OUT=$$built $(MAKE) --silent widgets && diff -rq --exclude='*.css' $$built src/widgets/static \
	  || { echo "src/widgets/static is not what src/widgets/js gives: make widgets" >&2; exit 1; }; \
	else echo "npm is missing: the browser's part was not rebuilt and compared"; fi

widgets:  ## rebuild what the browser runs (needs npm), after its types were checked
	@cd src/widgets/js && npm install --no-package-lock --no-audit --no-fund --silent \
	  && npm run --silent types && npm run --silent build

bench: $(VENV)/.bench browser  ## timings beside named peers, same work, same run
	@missed=""; for benchmark in benchmarks/*.py; do echo "== $$benchmark"; \
	  $(BIN)/python $$benchmark || missed="$$missed $$benchmark"; done; \
	  if [ -n "$$missed" ]; then echo "missed their goals:$$missed" >&2; exit 1; fi

validate: $(VENV)/.test  ## the full counts; writes docs/validation.md, reliability.md and the table of formats.md
	@rm -rf validate/references
	@SCALEBRIDGE_FULL=1 SCALEBRIDGE_SEEDS=50 SCALEBRIDGE_DVC_WINDOWS=5 \
	  SCALEBRIDGE_REFERENCES=validate/references $(BIN)/python -m pytest -q -m "full or reference"
	@$(BIN)/python -m scalebridge.reports.reliability --output docs/reliability.md --work validate
	@$(BIN)/python -m scalebridge.reports.mutations --output docs/formats.md --work validate
	@$(BIN)/python -m scalebridge.reports.validation --output docs/validation.md --work validate

lock: $(BIN)/python  ## renew the locked versions of this Python
	@$(BIN)/python requirements/lock.py

browser: $(VENV)/.test
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
	  || timeout 120 $(BIN)/playwright install --with-deps chromium >/dev/null 2>&1 \
	  || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qq -y chromium >/dev/null 2>&1; } \
	  || echo "No Chromium could be installed: the browser tests will be skipped."

clean:  ## remove what these targets made
	@rm -rf $(VENV) $(DEMO) $(EXAMPLE) validate .pytest_cache .mypy_cache .ruff_cache
