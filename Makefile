# Two commands do everything: `make demo` and `make test`. Both create the environment first.
# PYTEST=… hands further options to pytest.
PYTHON ?= $(shell for p in python3.11 python3.12; do $$p -c '' 2>/dev/null && echo $$p && break; done)
TAG := $(shell $(PYTHON) -c 'import sys; print("py%d%d" % sys.version_info[:2])' 2>/dev/null)
BIN := .venv/bin

.PHONY: demo demo-auto test test-long lint types contracts unit bench clean

demo: .venv/ready  ## Start the whole world on this machine and say what to click
	$(BIN)/cmbot demo

demo-auto: .venv/ready  ## The same, clicked by a program and checked against the Butler
	$(BIN)/cmbot demo --auto

test: lint types contracts unit  ## Everything that must hold, within a quarter of an hour

test-long: .venv/ready  ## The rest: a real browser, long stories; what needs Debian packages skips without them
	$(BIN)/pytest -m long -n auto --dist loadscope $(PYTEST)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: .venv/ready
	$(BIN)/mypy

contracts: .venv/ready
	$(BIN)/lint-imports

unit: .venv/ready
	$(BIN)/pytest -m 'not long' -n auto --dist loadscope $(PYTEST)

bench: .venv/ready  ## Figures; they fail nothing. BENCH=… hands on options (--passes 10000)
	$(BIN)/python tests/bench.py $(BENCH)

.venv/ready: pyproject.toml requirements/$(TAG).txt
	@test -n "$(PYTHON)" || { echo "make: no python3.11 or python3.12 found; install one or say make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/$(TAG).txt -e '.[sandbox,dev]'
	@touch $@

clean:
	rm -rf .venv .cmbot-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
