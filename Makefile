# The commands of this project; `make` alone lists them.
# PYTHON names the interpreter that .venv is made from, JOBS how many tests run at a time.
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz app bench lint format clean
# Deadlines of tests end what hangs. Machines that run them are often busy, so they are three times those of an idle one.
export NETCOMPOSER_TEST_PATIENCE ?= 3

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

# Made once, and again when what it is made from has changed.
$(INSTALLED): pyproject.toml constraints.txt .ci/install
	@PYTHON="$(PYTHON)" sh .ci/install

demo: $(INSTALLED)  ## the whole job in the real window; results in demo_out/
	$(BIN)/netcomposer demo --out demo_out

test: lint  ## all checks and all tests
	@# A worker that crashes ends the run: pytest-xdist would wait for ever for the tests it held.
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -q -n $(JOBS) --dist loadfile --max-worker-restart 0

fuzz: $(INSTALLED)  ## search for failing cases of the property tests at random; add what it prints as an @example
	QT_QPA_PLATFORM=offscreen NETCOMPOSER_TEST_PATIENCE=60 $(BIN)/pytest -q -n $(JOBS) --max-worker-restart 0 -m hypothesis --hypothesis-profile fuzz

app: $(INSTALLED)  ## open the window
	$(BIN)/netcomposer

bench: $(INSTALLED)  ## measure speed and memory, each against a reference in the same run
	@$(BIN)/python -m tests.benchmarks $(BENCH)

lint: $(INSTALLED)  ## style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(INSTALLED)  ## put all files into the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:  ## remove what the commands made, but for .venv
	rm -rf demo_out build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
