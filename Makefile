# Descent: `make` alone lists what can be made. Set-up happens by itself, once.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:

PYTHON ?=
PORT ?= 8000
PAGE ?=
DEVICE ?= cpu
ARGS ?=
PINS ?= $(shell grep -oE '^(torch|triton)==[0-9.]+' requirements.lock)
RUN := .venv/bin/python
# A stamp keyed on all that decides what is installed, and where.
KEY := $(shell { pwd; echo "$(PYTHON)"; cat requirements.lock pyproject.toml; } | cksum | tr ' ' '-')
READY := .venv/ready-$(KEY)

# One thread each: two test workers share two cores, and speed is compared on one thread.
export OMP_NUM_THREADS := 1

.PHONY: help setup book serve lab test lint student bench lock clean

help:  ## List these targets (the default).
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s  %s\n", $$1, $$2}' Makefile

setup: $(READY)  ## Create .venv with the locked packages; the others do this for you.

$(READY):
	@book/setup.sh "$(PYTHON)"
	@touch $@

book: $(READY)  ## Execute every page, build the site, say where to open it (PAGE=… for one).
	@$(RUN) -m book.build $(PAGE)

serve: book  ## Build, then serve the site on this machine (PORT=8000).
	@echo "http://127.0.0.1:$(PORT)/ (Ctrl-C stops)"
	@$(RUN) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) || \
	  { echo "Is port $(PORT) taken? Then: make serve PORT=8001" >&2; exit 1; }

lab: $(READY)  ## Open the chapters in JupyterLab.
	@$(RUN) -m jupyterlab --LabApp.default_url=/lab/tree/chapters

test: $(READY)  ## Check everything: lint, library, notebooks, the built site in a browser.
	@tests/system-packages.sh
	@$(MAKE) --no-print-directory lint
	@$(RUN) -m pytest -n 2 -m "not browser" --doctest-modules lib book tests
	@$(RUN) -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env chapters exercises
	@$(RUN) -m book.build
	@$(RUN) -m pytest -n 2 -m browser tests

lint: $(READY)  ## Check the style of code, notebooks and pages.
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m book.lint

student: $(READY)  ## Write the students' form of the graded notebooks.
	@$(RUN) -m book.student

bench: $(READY)  ## Print the library's speed as ratios to torch's (DEVICE=cuda on a GPU).
	@$(RUN) -m benchmarks --device $(DEVICE) $(ARGS)

lock: $(READY)  ## Write requirements.lock anew (PINS="torch==… triton==…" to move torch).
	@$(RUN) -m book.lock $(PINS) > requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean:  ## Remove what was built; the environment stays (rm -rf .venv removes it).
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
