# For people; every line here is one that can be typed by hand. `make help` lists them.

# The first that runs and is new enough: a name on the PATH may be a shim of pyenv with nothing behind.
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test check lint types docs bench changelog tools clean

help:  ## List these targets
	@grep --extended-regexp --no-filename '^[a-z-]+:.*##' $(MAKEFILE_LIST) \
	| awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/megaplan-cloud: pyproject.toml
	@test -n "$(PYTHON)" || { echo "There is no Python 3.11 or later on the PATH: install one, then run make again." >&2; exit 2; }
	@echo "Creating $(VENV) and installing Megaplan Cloud into it ..."
	@$(PYTHON) -m venv $(VENV) \
	|| { echo "Python cannot make environments here; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/development: $(BIN)/megaplan-cloud
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

tools:  ## Find tmux and git, or install them where that needs no question
	@sh examples/tools.sh

demo: $(BIN)/megaplan-cloud tools  ## Run the main job: a chain of three plans, in a box on this machine
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

demo-clean:  ## Remove the demo's box and everything it made
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh clean

test: $(VENV)/development tools  ## Run every test
	@$(BIN)/pytest --numprocesses=2 --dist=worksteal

check: $(VENV)/development  ## Run the quicker part (about two minutes): lint, types, docs, tests that take no servers
	@$(MAKE) --no-print-directory lint types
	@$(BIN)/pytest --numprocesses=2 --dist=worksteal -m 'not slow' --quiet

lint: $(VENV)/development  ## Check style, of Python and of shell
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/development  ## Check types
	@$(BIN)/mypy

docs: $(VENV)/development  ## Write the generated pages anew
	@$(BIN)/python -m megaplan_cloud.engine.reference
	@$(BIN)/python -m tests.support.transcripts

bench: $(VENV)/development  ## Measure against the neighbours, side by side
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@$(BIN)/python -m benchmarks

changelog: $(VENV)/development  ## Gather changelog.d/ into CHANGELOG.md
	@$(BIN)/python changelog.d/gather.py

clean: demo-clean  ## Remove the environment and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
