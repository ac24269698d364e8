# Everything a person or a machine does with Weir. Each target makes the virtual environment when it is missing.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3,$(shell command -v $(name) 2>/dev/null)))
UV ?= uv
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help venv fetch up down demo browser test test-fast lint bench lock
.DEFAULT_GOAL := help

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info[:2] in {(3, 11), (3, 12)} else "Weir needs Python 3.11 or 3.12: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

venv: $(INSTALLED) ## .venv with the `weir` command, from requirements.lock

fetch: venv ## Kafka's and Flink's jars, each checked by its hash
	$(BIN)/weir fetch

up: venv ## start everything
	$(BIN)/weir up

down: venv ## stop everything
	$(BIN)/weir down

demo: venv ## the whole loop with simulated traffic and analysts, and a page to look at; Ctrl-C ends it
	$(BIN)/weir demo

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: ## Chromium, which the browser tests drive: Debian's, unless there is one
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium; } >/dev/null \
		|| { echo "The browser tests need Chromium: install it and have it on PATH as chromium."; exit 1; }

test: lint browser ## linting, types, import rules, and every test
	$(BIN)/pytest

test-fast: venv ## unit and property tests, in seconds
	$(BIN)/pytest tests/unit tests/properties

bench: venv ## throughput and latency beside a bare loop, into bench/results
	$(BIN)/python -m bench

lock: ## requirements.lock from pyproject.toml (needs uv)
	$(UV) pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" -o requirements.lock
