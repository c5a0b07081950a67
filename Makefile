# Needs make and a Python from 3.11 on; everything else goes into .venv, pinned and checked by hash.

VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14 python
RIGHT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(RIGHT)' 2>/dev/null && echo $$p && break; done)
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
EXTRAS := --extra=openai --extra=amqp

# All tests are shared by some processes, each with a PostgreSQL of its own; some tests need but one.
# There is one more than processors, up to four: tests that kill something mostly wait.
PROCESSES := $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')
AT_ONCE := --numprocesses=$(PROCESSES) --dist=worksteal

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help setup extras run test check fix licences audit bench chaos psql lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/dev.installed ## Set up .venv with all that development needs

extras: $(VENV)/extras.installed ## Set up what GENERATOR=openai and AMQP_URL need besides

run: $(VENV)/run.installed ## Start everything: API, projector, worker, embedded PostgreSQL
	@exec $(BIN)/python run.py serve $(ARGS)

test: $(VENV)/dev.installed ## Run the tests; ARGS="tests/log -x" runs some of them
	$(BIN)/python -m pytest $(or $(ARGS),$(AT_ONCE))

check: $(VENV)/dev.installed ## Check format, lint and types; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: $(VENV)/dev.installed ## Format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

licences: $(VENV)/dev.installed ## Check that every package has a licence we may use
	@$(BIN)/python .ci/licences.py

audit: licences ## Ask for known vulnerabilities of what is pinned; needs a network
	@$(BIN)/python .ci/audit.py $(ARGS)

bench: $(VENV)/dev.installed ## Measure the bars; ARGS="--only append_64" measures one
	$(BIN)/python run.py bench $(ARGS)

chaos: $(VENV)/dev.installed ## Kill, freeze and cut off workers; ARGS="--only kill --seeds 50" does one
	$(BIN)/python -m bench.chaos $(ARGS)

psql: $(VENV)/run.installed ## Open psql on the database
	@$(BIN)/python run.py db psql

lock: $(BIN)/python ## Pin what pyproject.toml asks for; the newest that fits
	$(BIN)/pip install --quiet pip-tools
	$(COMPILE) --upgrade --output-file=requirements.lock pyproject.toml
	$(COMPILE) --upgrade $(EXTRAS) --constraint=requirements.lock \
		--output-file=requirements-extras.lock pyproject.toml
	$(COMPILE) --upgrade --extra=dev $(EXTRAS) --constraint=requirements-extras.lock \
		--output-file=requirements-dev.lock pyproject.toml

clean: ## Remove .venv and caches; the data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Daybook needs a Python from 3.11 on; none was found." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.installed: requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(VENV)/extras.installed: requirements-extras.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-extras.lock
	@touch $@ $(VENV)/run.installed

$(VENV)/dev.installed: requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run.installed $(VENV)/extras.installed
