# Needs Python 3.11 or newer and make; everything else is installed into .venv: what runs from requirements.lock, and
# with it what checks, tests and draws pages from requirements-dev.lock.

VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run app test test-slow e2e screenshots docs lint bench calibrate validation questions lock clean

help:
	@echo "make run          forecast the pre-training of Llama 3 405B on 16,384 GPUs"
	@echo "make app          open the app in a browser"
	@echo "make test         lint, types and the whole test suite, on all cores"
	@echo "make test-slow    the tests that take longer, and whether they catch planted faults"
	@echo "make e2e          drive the app in a real browser (Debian's package chromium)"
	@echo "make screenshots  take the pictures of docs/images/ in that browser"
	@echo "make docs         build the docs as a site in build/site, with a reference of the Python API"
	@echo "make lint         ruff and mypy only"
	@echo "make bench        measure what the README's speed table is made of"
	@echo "make calibrate    fit the constants of the step-time model on published runs"
	@echo "make validation   write docs/validation.md, docs/step_time_validation.md and docs/questions/"
	@echo "make questions    write docs/questions/ with its figures (Chromium draws them)"
	@echo "make lock         pin the dependencies, in both lock files"
	@echo "make clean        remove the environment, the caches and the builds"

run: $(READY)
	$(VENV)/bin/derisk run scenarios/presets/llama3_405b_16k.yaml
	@echo "The command derisk is $(VENV)/bin/derisk: write it so, or run \`. $(VENV)/bin/activate\` first."

app: $(READY)
	$(VENV)/bin/derisk app

# Each worker takes tests from another that has more left; more than eight wait for memory more than they help.
SUITE := $(PYTHON) -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal --durations 20

test: $(DEV_READY) lint
	$(SUITE)

test-slow: $(DEV_READY)
	$(SUITE) -m slow
	$(PYTHON) -m tests.plant

# Playwright drives the browser of the machine and brings none of its own.
PLAYWRIGHT := playwright==1.65.2

e2e: $(DEV_READY)
	$(INSTALL) "$(PLAYWRIGHT)"
	$(PYTHON) -m pytest -m e2e tests/e2e

screenshots: $(DEV_READY)
	$(INSTALL) "$(PLAYWRIGHT)"
	$(PYTHON) -m tests.e2e.screenshots

# The extra `docs`, as it was tried. The pages that come out need no network, which is looked at.
DOCS := mkdocs==1.6.1 mkdocs-material==9.8.2 mkdocstrings==1.0.8 mkdocstrings-python==2.0.11

docs: $(DEV_READY)
	@$(PYTHON) -c "import mkdocs, material, mkdocstrings, mkdocstrings_handlers.python" 2>/dev/null \
	  || $(INSTALL) $(DOCS)
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet --site-dir build/site
	$(PYTHON) -m tests.site build/site
	@echo "The docs are build/site/index.html."

lint: $(DEV_READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy --strict simulator

bench: $(DEV_READY)
	$(PYTHON) benchmarks/run.py
	$(PYTHON) benchmarks/step_time.py

calibrate: $(DEV_READY)
	$(PYTHON) tests/fit_steps.py

validation: $(DEV_READY)
	$(PYTHON) tests/published.py
	$(PYTHON) tests/step_page.py
	$(PYTHON) tests/question_pages.py
	$(PYTHON) -m tests.nomenclature_tables

# The browser of the machine draws the figures.
questions: $(DEV_READY)
	$(INSTALL) "$(PLAYWRIGHT)"
	$(PYTHON) tests/question_pages.py --figures

# Python compiles what it imports, once; compiling all that is installed takes as long as fetching it.
INSTALL := $(PYTHON) -m pip install --quiet --no-compile

# The environment is set up once, and completed when a lock or the packaging changes. A package that was half installed
# looks whole to pip, so an installation that did not come to its end is begun again in an empty environment: the stamp
# goes first and comes back last.
$(READY): requirements.lock pyproject.toml $(PYTHON)
	@if [ -e $@ ] && $(PYTHON) -c ''; then rm $@; exit; fi; \
	for candidate in python3.11 python3 python3.12 python3.13 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "setting up $(VENV) with $$candidate"; \
	    exec "$$candidate" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "no Python 3.11 or newer was found; install one, then run make again" >&2; exit 1
	$(INSTALL) --requirement requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements-dev.lock $(READY)
	@rm $(READY)
	$(INSTALL) --requirement requirements-dev.lock
	@touch $(READY) $@

# Missing at first, and again when an update of the system took the interpreter away: then all is set up.
$(PYTHON):

# The pins name versions only: from which index they come is the user's choice. What is pinned stays as it is where it
# fits; `make lock UPGRADE=--upgrade` takes the newest of everything. The second file begins as a copy of the first, so
# that what runs has one version, whatever else is installed.
PIP_TOOLS := pip-tools==7.6.2
COMPILE := $(PYTHON) -m piptools compile --quiet --no-build-isolation --strip-extras --no-header --annotation-style line \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

lock: $(READY)
	$(INSTALL) "$(PIP_TOOLS)"
	$(COMPILE) $(UPGRADE) --extra build --extra dev --output-file requirements-dev.lock pyproject.toml
	cp requirements-dev.lock requirements.lock
	$(COMPILE) --extra build --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
