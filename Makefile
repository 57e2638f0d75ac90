# `make portrait` makes a picture, `make studio` opens the Studio in the browser, `make test` runs the tests. Each sets up .venv by itself; a second run is quick.
# PYTHON=/path/to/python3.x chooses the interpreter of a new .venv. See docs/install.md.

PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PROMPT ?= Portrait of a woman with auburn hair, soft window light from the left, 85mm lens
SEED ?= 13
# Files of tests that run at a time.
WORKERS ?= 2
export PROMPT SEED

.DEFAULT_GOAL := help
.PHONY: help portrait studio serve test browser clients screenshots check format bench clean

help:  ## this list
	@sed -nE 's/^([a-z]+):.*## ?/  make \1: /p' $(MAKEFILE_LIST)

portrait: $(VENV)/installed  ## write portrait.png with the embedded checkpoint (PROMPT="…" SEED=13)
	@printf 'prompt: %s\n' "$$PROMPT"
	@$(BIN)/fluxgram generate --seed "$$SEED" --out portrait.png --force -- "$$PROMPT"

studio: $(VENV)/installed-server  ## the Studio in the browser (STUDIO="--port 8000 …")
	@$(BIN)/fluxgram studio $(STUDIO)

serve: $(VENV)/installed-server  ## the service at http://127.0.0.1:7070 (SERVE="--port 8000 …")
	@$(BIN)/fluxgram serve $(SERVE)

test: $(VENV)/installed-dev  ## run all tests; those of the Studio need Chromium (make browser)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

browser:  ## install Debian's Chromium for the Studio's tests, where this user may; tests without one are skipped
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& { timeout 300 apt-get install -qq --no-install-recommends chromium >/dev/null 2>&1 \
		|| { timeout 120 apt-get update -qq && timeout 300 apt-get install -qq --no-install-recommends chromium; } >/dev/null 2>&1; }; } \
		|| echo "There is no Chromium; install it with: sudo apt-get install chromium" >&2

screenshots: $(VENV)/installed-dev  ## the pictures in docs/studio.md, from a service of their own
	$(BIN)/python -m tests.studio.screenshots

clients: $(VENV)/installed-dev  ## the service's tests with published JavaScript clients (needs node 20 or newer)
	npm --prefix tests/clients ci --no-audit --no-fund
	$(BIN)/python -m pytest tests/clients

check: $(VENV)/installed-dev  ## style, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-dev  ## put the source into the common format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-dev  ## run the benchmarks; paste what they print into bench/RESULTS.md
	$(BIN)/python bench/first_picture.py
	$(BIN)/python bench/klein_cpu.py

clean:  ## remove .venv and everything that was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "fluxgram needs Python 3.11 or newer, and none was found on the path." >&2; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment." >&2; \
		echo "On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }

# constraints.txt pins torch itself, so a build of it that is already there (CPU or CUDA) is kept.
$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up .venv; the first time this downloads torch and takes some minutes."
	@$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up .venv; the first time this downloads torch and takes some minutes."
	@$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@touch $(VENV)/installed $(VENV)/installed-server $@

$(VENV)/installed-server: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up .venv; the first time this downloads torch and takes some minutes."
	@$(PIP) install --quiet -c constraints.txt -e '.[server]'
	@touch $(VENV)/installed $@
