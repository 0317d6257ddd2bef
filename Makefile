# Paths are relative on purpose: the checkout may lie under a folder with a space in its name, which
# make does not support in a target.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The Python that creates the environment; everything else runs in the environment.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --quiet --quiet --disable-pip-version-check --no-input
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
COMPILED := $(VENV)/.compiled
GRAPHIQL := api/static/graphiql/.built
GRAPHIQL_SOURCES := $(addprefix api/graphiql/,package.json package-lock.json build.mjs src/* src/*/*)
CACHES := .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

export PIP_ROOT_USER_ACTION := ignore

# `make demo PORT=9000` is the same as SANGKIEN_PORT=9000 in the environment.
ifdef PORT
export SANGKIEN_PORT := $(PORT)
endif

# Two concurrent makes in one checkout take turns where flock exists (Linux).
TURN := $(if $(shell command -v flock),flock Makefile)

# An environment that was copied or moved with its checkout still refers to the old path.
ifneq ($(shell cat $(READY) 2>/dev/null),$(shell pwd -P))
MOVED := moved
endif

PYTEST := $(RUN) -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

.PHONY: help demo test check bench lock graphiql clean environment assets compiled moved

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

demo: environment assets ## set everything up and serve the demo (PORT=8000 selects the port)
	@$(RUN) -m api.cli demo

test: environment assets compiled ## set everything up and run the tests (ARGS="-k rollup" for some)
	@$(PYTEST) $(ARGS)

check: environment assets compiled ## lint, formatting, types, layers, then the tests
	@echo "check: ruff"
	@$(RUN) -m ruff check --quiet .
	@echo "check: formatting"
	@$(RUN) -m ruff format --check --quiet .
	@echo "check: types"
	@$(RUN) -m mypy --no-error-summary
	@echo "check: layers"
	@$(RUN) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo
	@echo "check: tests"
	@$(PYTEST) $(ARGS)

bench: environment ## measure the figures of docs/benchmarks.md (ARGS for some)
	@$(RUN) -m tests.bench $(ARGS)

COMPILE := $(RUN) -m uv pip compile pyproject.toml --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-header --quiet

lock: environment ## resolve requirements.lock from pyproject.toml
	@echo "lock: resolving requirements.lock"
	@$(COMPILE) --group dev --upgrade --output-file requirements.lock
	@echo "lock: taking requirements-runtime.lock from it"
	@$(COMPILE) --no-annotate --constraint requirements.lock --output-file requirements-runtime.lock

graphiql: environment ## build the GraphiQL page in api/static/graphiql
	@$(TURN) $(MAKE) --silent $(GRAPHIQL)

clean: ## remove the environment, caches and build products (keeps .data, the database)
	@rm -rf $(VENV) $(CACHES) build dist sangkien.egg-info api/static/graphiql api/graphiql/node_modules tests/clients/node_modules
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

environment:
	@$(TURN) $(MAKE) --silent $(READY)

# The API works without the page, so demo and tests continue when npm cannot build it.
assets: environment
	@$(TURN) $(MAKE) --silent $(GRAPHIQL) || echo "graphiql: not built, going on without the page"

# Tests start the program a hundred times, and Python may be configured to write no bytecode. Errors
# are ignored, because some packages contain files that are not valid in this Python version.
compiled: environment
	@$(TURN) $(MAKE) --silent $(COMPILED)

$(COMPILED): $(READY)
	@$(RUN) -m compileall -qq -j 0 $(VENV)/lib api schema auth db || true
	@touch $(COMPILED)

# Stamps are written last, so an interrupted environment is created again.
$(LOCKED): requirements.lock $(MOVED)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "environment: Python 3.11 or newer is needed, $(PYTHON) is %d.%d" % sys.version_info[:2])'
	@rm -f $(READY) $(LOCKED)
	@echo "environment: making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "environment: installing requirements.lock"
	@$(PIP) install --no-compile --require-hashes --requirement requirements.lock
	@touch $(LOCKED)

$(READY): $(LOCKED) pyproject.toml
	@echo "environment: installing sangkien"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@pwd -P > $(READY)

$(GRAPHIQL): $(wildcard $(GRAPHIQL_SOURCES))
	@echo "graphiql: building the page"
	@$(RUN) -m api.graphiql_build
	@touch $(GRAPHIQL)
