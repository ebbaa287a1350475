# Needs Python 3.11 or newer and make; everything else is installed into .venv from requirements.lock.

VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run app test test-slow e2e screenshots docs lint bench calibrate validation questions lock clean

help:
	@echo "make run          forecast the pre-training of Llama 3 405B on 16,384 GPUs"
	@echo "make app          open the app in a browser"
	@echo "make test         lint, types and the whole test suite"
	@echo "make test-slow    the tests that take longer"
	@echo "make e2e          drive the app in a real browser (Debian's package chromium)"
	@echo "make screenshots  take the pictures of docs/images/ in that browser"
	@echo "make docs         build the docs as a site in build/site, with a reference of the Python API"
	@echo "make lint         ruff and mypy only"
	@echo "make bench        measure what the README's speed table is made of"
	@echo "make calibrate    fit the constants of the step-time model on published runs"
	@echo "make validation   write docs/validation.md, docs/step_time_validation.md and docs/questions/"
	@echo "make questions    write docs/questions/ with its figures (Chromium draws them)"
	@echo "make lock         pin the dependencies anew in requirements.lock"
	@echo "make clean        remove the environment, the caches and the builds"

run: $(READY)
	$(VENV)/bin/derisk run scenarios/presets/llama3_405b_16k.yaml
	@echo "The command derisk is $(VENV)/bin/derisk: write it so, or run \`. $(VENV)/bin/activate\` first."

app: $(READY)
	$(VENV)/bin/derisk app

test: $(READY) lint
	$(PYTHON) -m pytest

test-slow: $(READY)
	$(PYTHON) -m pytest -m slow

# Playwright drives the browser of the machine and brings none of its own.
PLAYWRIGHT := playwright==1.65.2

e2e: $(READY)
	$(PYTHON) -m pip install --quiet "$(PLAYWRIGHT)"
	$(PYTHON) -m pytest -m e2e tests/e2e

screenshots: $(READY)
	$(PYTHON) -m pip install --quiet "$(PLAYWRIGHT)"
	$(PYTHON) -m tests.e2e.screenshots

# The extra `docs`, as it was tried. The pages that come out need no network, which is looked at.
DOCS := mkdocs==1.6.1 mkdocs-material==9.8.2 mkdocstrings==1.0.8 mkdocstrings-python==2.0.11

docs: $(READY)
	@$(PYTHON) -c "import mkdocs, material, mkdocstrings, mkdocstrings_handlers.python" 2>/dev/null \
	  || $(PYTHON) -m pip install --quiet $(DOCS)
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet --site-dir build/site
	$(PYTHON) -m tests.site build/site
	@echo "The docs are build/site/index.html."

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy --strict simulator

bench: $(READY)
	$(PYTHON) benchmarks/run.py
	$(PYTHON) benchmarks/step_time.py

calibrate: $(READY)
	$(PYTHON) tests/fit_steps.py

validation: $(READY)
	$(PYTHON) tests/published.py
	$(PYTHON) tests/step_page.py
	$(PYTHON) tests/question_pages.py

# The browser of the machine draws the figures.
questions: $(READY)
	$(PYTHON) -m pip install --quiet "$(PLAYWRIGHT)"
	$(PYTHON) tests/question_pages.py --figures

# The environment is set up once, and refreshed when the lock or the packaging changes.
$(READY): requirements.lock pyproject.toml
	@if [ ! -x $(PYTHON) ]; then \
	  for candidate in python3.11 python3 python3.12 python3.13 python; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	      echo "setting up $(VENV) with $$candidate"; \
	      exec "$$candidate" -m venv $(VENV); \
	    fi; \
	  done; \
	  echo "no Python 3.11 or newer was found; install one, then run make again" >&2; exit 1; \
	fi
	$(PYTHON) -m pip install --quiet --requirement requirements.lock
	$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The pins name versions only: from which index they come is the user's choice.
# What is pinned stays as it is where it fits; `make lock UPGRADE=--upgrade` takes the newest of everything.
lock: $(READY)
	$(PYTHON) -m pip install --quiet pip-tools
	$(PYTHON) -m piptools compile --quiet --extra dev --strip-extras --no-header --annotation-style line \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(UPGRADE) \
	  --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
