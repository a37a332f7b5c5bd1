# Two commands do everything: `make demo` and `make test`. Both create the environment first.
# PYTEST=… hands further options to pytest.
PYTHON ?= $(shell for p in python3.11 python3.12; do $$p -c '' 2>/dev/null && echo $$p && break; done)
TAG := $(shell $(PYTHON) -c 'import sys; print("py%d%d" % sys.version_info[:2])' 2>/dev/null)
BIN := .venv/bin
# The real iDDS and panda-server stand beside PostgreSQL; without it their tests skip, and nothing is installed.
REAL_PANDA := $(if $(wildcard /usr/lib/postgresql/*/bin/initdb)$(shell command -v initdb),.venv-idds/ready .venv-panda-server/ready)

.PHONY: demo demo-auto test test-long test-panda lint types contracts unit docs bench clean

demo: .venv/ready  ## Start the whole world on this machine and say what to click
	$(BIN)/cmbot demo

demo-auto: .venv/ready  ## The same, clicked by a program and checked against the Butler
	$(BIN)/cmbot demo --auto

test: lint types contracts unit  ## Everything that must hold, within a quarter of an hour

test-long: .venv/ready $(REAL_PANDA)  ## The rest: a real browser and PanDA, long stories; what needs Debian packages skips without them
	$(BIN)/pytest -m long -n auto --dist loadscope $(PYTEST)

test-panda: .venv/ready $(REAL_PANDA)  ## bps and cmbot against the real iDDS and panda-server (needs Debian's postgresql)
	$(BIN)/pytest -v -m long -n auto --dist loadscope $(PYTEST) tests/real_panda

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

docs: .venv/ready  ## The manual, as pages below docs/_build
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

bench: .venv/ready  ## Figures; they fail nothing. BENCH=… hands on options (--passes 10000)
	$(BIN)/python tests/bench.py $(BENCH)

.venv/ready: pyproject.toml requirements/$(TAG).txt
	@test -n "$(PYTHON)" || { echo "make: no python3.11 or python3.12 found; install one or say make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/$(TAG).txt -e '.[sandbox,dev]'
	@touch $@

# panda-server's build gives files to a user of PanDA's own where it runs in root's group.
.venv-%/ready: requirements/%.txt
	$(PYTHON) -m venv $(@D)
	$(if $(filter 0,$(shell id -u)),setpriv --regid 65534 --clear-groups) $(@D)/bin/python -m pip install --disable-pip-version-check --progress-bar off --no-compile --no-deps -r $<
	@touch $@

clean:
	rm -rf .venv .venv-idds .venv-panda-server .cmbot-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis docs/_build
