# Targets for users, developers and CI. They create the virtual environment if it is missing.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3,$(shell command -v $(name) 2>/dev/null)))
UV ?= uv
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help venv fetch up down demo browser test test-fast quality chaos lint bench lock
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info[:2] in {(3, 11), (3, 12)} else "Weir needs Python 3.11 or 3.12: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

venv: $(INSTALLED) ## create .venv with the `weir` command, from requirements.lock

fetch: venv ## download the jars of Kafka and Flink, and verify their hashes
	$(BIN)/weir fetch

up: venv ## start everything and wait until it is healthy
	$(BIN)/weir up

down: venv ## stop everything and keep its state
	$(BIN)/weir down

demo: venv ## run the whole loop with simulated traffic and analysts, and open its page; Ctrl-C ends it
	$(BIN)/weir demo

lint: venv ## check style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: ## install Chromium for the browser tests, with apt-get, unless it is on PATH
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium; } >/dev/null \
		|| { echo "The browser tests need Chromium. Install it and put the command chromium on PATH."; exit 1; }

test: lint browser ## lint, then run every test in two processes: whole systems in one, the rest in the other
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder

test-fast: venv ## run the unit and property tests, which take about a minute
	$(BIN)/pytest tests/unit tests/properties

quality: venv ## judge the scores on a fixed sample, against the committed figures
	$(BIN)/pytest tests/quality

chaos: venv ## fuzz payments, labels, mappings, files and the API for ten minutes (FUZZ_S sets the seconds)
	$(BIN)/pytest tests/chaos

bench: venv ## measure throughput and latency against a bare loop, into bench/results
	$(BIN)/python -m bench

lock: ## update requirements.lock from pyproject.toml (needs uv)
	$(UV) pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" -o requirements.lock
