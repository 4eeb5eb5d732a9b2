# The commands of this project; `make` alone lists them.
# PYTHON is the interpreter that .venv is created from, JOBS the number of tests that run in parallel.
PYTHON ?= python3
JOBS ?= 2
# Windows (Git Bash) keeps the programs of a virtual environment in another folder.
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
SHELL := sh
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz soak app bench lint format clean
# Deadlines of tests end what hangs. Machines that run them are often busy, so they are three times those of an idle one.
export NETCOMPOSER_TEST_PATIENCE ?= 3

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

# Created once, and again when one of these files has changed.
$(INSTALLED): pyproject.toml constraints.txt .ci/install
	@PYTHON="$(PYTHON)" sh .ci/install

demo: $(INSTALLED)  ## train, inspect and export a network in the real window; results in demo_out/
	$(BIN)/netcomposer demo --out demo_out

test: lint  ## run all checks and all tests
	@# A crashed worker ends the run; otherwise pytest-xdist would wait for its tests forever.
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -q -n $(JOBS) --dist loadfile --max-worker-restart 0

fuzz: $(INSTALLED)  ## search for failing cases of the property tests at random; add what it prints as an @example
	QT_QPA_PLATFORM=offscreen NETCOMPOSER_TEST_PATIENCE=60 $(BIN)/pytest -q -n $(JOBS) --max-worker-restart 0 -m hypothesis --hypothesis-profile fuzz

soak: $(INSTALLED)  ## kill, fill the disk, cut the power, mutate files: at most 30 minutes, prints what was lost
	@$(BIN)/python -m tests.soak $(SOAK)

app: $(INSTALLED)  ## open the application
	$(BIN)/netcomposer

bench: $(INSTALLED)  ## measure speed and memory, each against a reference measured in the same run
	@$(BIN)/python -m tests.benchmarks $(BENCH)

lint: $(INSTALLED)  ## check style, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(INSTALLED)  ## format all files
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:  ## remove everything these commands have produced except .venv
	rm -rf demo_out build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
