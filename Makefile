# make study: everything from nothing. make help: the rest.

PYTHON ?= python3
CORES ?= all
ARGS ?=

BIN := .venv/bin
READY := .venv/installed
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help study reference status cost test lint config format bench lock clean venv

help: ## this list
	@echo "make PYTHON=python3.12 CORES=4 ARGS='...' TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## /    \1\t/p' $(MAKEFILE_LIST)

venv: $(READY) ## .venv, with the packages of requirements.lock

$(READY): requirements.lock pyproject.toml envs/venv.sh
	@envs/venv.sh $(PYTHON)

study: $(READY) ## the default study; its figures are then in results/quick/figures
	$(BIN)/snakemake --cores $(CORES) $(ARGS)
	@echo "The figures are in results/quick/figures, the report is results/quick/report.html"

reference: $(READY) ## what is kept in results/reference, and the tables in the documents, from each study's trials
	$(BIN)/odyssey reference --cores $(CORES) $(ARGS)

status: $(READY) ## how far the study is (ARGS="--watch --configfile FILE")
	@$(BIN)/odyssey status $(ARGS)

cost: $(READY) ## what a study will cost, measured here (ARGS="--configfile FILE")
	@$(BIN)/odyssey cost $(ARGS)

test: $(READY) ## the test suite (SLOW=1: with the tests that take minutes)
	$(BIN)/python -m pytest $(if $(SLOW),-m "slow or not slow") $(ARGS)

lint: $(READY) ## what has to hold before a commit, besides the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules workflow results/reference
	$(BIN)/snakemake --lint
	$(BIN)/mypy

config: $(READY) ## config/README.md and config/schema.json, from the models
	$(BIN)/odyssey config

format: $(READY) ## the layout of the code, put right
	$(BIN)/ruff check --fix-only --select I .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile rules workflow results/reference

bench: .venv/installed-bench ## the engines against their peers, and the workflow's own cost (benchmarks/README.md)
	$(BIN)/python benchmarks/engine.py $(ARGS)
	$(BIN)/python benchmarks/overhead.py $(ARGS)

.venv/installed-bench: $(READY) requirements-bench.lock
	$(BIN)/python -m pip install -q -r requirements-bench.lock
	@touch $@

# UPGRADE=--upgrade lets the packages move that pyproject.toml does not pin.
COMPILE = .lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate $(UPGRADE)
lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: ## the lock files, from pyproject.toml
	$(PYTHON) -m venv .lock
	.lock/bin/python -m pip install -q "$$(sed -n 's/^lock = \["\(.*\)"\]/\1/p' pyproject.toml)"
	$(COMPILE) pyproject.toml --group build --group test -o requirements.lock
	$(COMPILE) --group bench -c requirements.lock -o requirements-bench.lock
	rm -rf .lock

clean: ## away with .venv and the caches; results stay
	rm -rf .venv .lock .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
