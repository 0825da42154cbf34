# `make run` and `make test` need Python 3.11 or newer and make, nothing else. Paths are relative:
# GNU make splits absolute ones at spaces.

PYTHON ?= python3
ARGS ?=
VENV_PYTHON := .venv/bin/python
RUNTIME_LOCK := config/requirements.txt
DEV_LOCK := tests/requirements.txt
ASSETS_LOCK := config/requirements-assets.txt
TYPESCRIPT := tests/openapi/clients/typescript

.PHONY: help run test clients fuzz lint format bench assets lock audit clean

help:
	@echo "make run     start Fourgate on PORT (8000)"
	@echo "make test    run the tests; ARGS='-k paging' passes arguments to pytest"
	@echo "make clients run what TypeScript clients are generated of the documents, and spectral over them; needs Node.js"
	@echo "make fuzz    hunt with random tests; FUZZ=100 draws a hundred times as often as make test"
	@echo "make lint    ruff, mypy, import-linter, missing migrations"
	@echo "make format  let ruff format the code"
	@echo "make bench   print the numbers of benchmarks/; ARGS=--table: beside a plain application; LARGE=1: at a large size"
	@echo "make assets  fetch the browser assets of the GraphQL consoles"
	@echo "make lock    choose new versions for the lock files"
	@echo "make audit   ask whether a package of the lock files has a known vulnerability"
	@echo "make clean   delete .venv and what tools left; .data, with the database, stays"

run: .venv/runtime.stamp
	@exec $(VENV_PYTHON) manage.py up $(ARGS)

# A process per core, each with a PostgreSQL of its own; then what must have the machine to itself.
# Exit code 5 says that ARGS chose no test of a part.
test: .venv/dev.stamp
	$(VENV_PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not alone and not node" $(ARGS) || test $$? -eq 5
	$(VENV_PYTHON) -m pytest -m alone $(ARGS) || test $$? -eq 5

# Typed clients of other languages, and the linter of documents: npm packages, pinned by a lock file of their own.
clients: .venv/dev.stamp $(TYPESCRIPT)/node_modules/.package-lock.json
	$(VENV_PYTHON) -m pytest -m node $(ARGS)

$(TYPESCRIPT)/node_modules/.package-lock.json: $(TYPESCRIPT)/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { \
	    echo "make clients needs Node.js 20 or newer with npm, and this machine has none." >&2; exit 1; }
	npm --prefix $(TYPESCRIPT) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Everything that draws at random, with new seeds and FUZZ times as often.
fuzz: export FUZZ ?= 20
fuzz: .venv/dev.stamp
	$(VENV_PYTHON) -m pytest -m "hypothesis or fuzz" $(ARGS)

lint: .venv/dev.stamp
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy config metadata core apikeys webhooks
	.venv/bin/lint-imports
	$(VENV_PYTHON) manage.py makemigrations --check --dry-run

format: .venv/dev.stamp
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

bench: .venv/dev.stamp
	$(VENV_PYTHON) benchmarks/run.py $(if $(LARGE),--growth) $(ARGS)
	$(if $(LARGE),$(VENV_PYTHON) benchmarks/run.py --settings-pages $(ARGS))

assets: .venv/runtime.stamp
	$(VENV_PYTHON) -m config.assets

# Versions come from the public registry alone: this machine's pip settings are left out.
lock: export PIP_CONFIG_FILE := /dev/null
lock: export PIP_FIND_LINKS :=
lock: export CUSTOM_COMPILE_COMMAND := make lock
lock: .venv/dev.stamp
	$(VENV_PYTHON) -m piptools compile --quiet --upgrade --output-file=$(RUNTIME_LOCK) pyproject.toml
	$(VENV_PYTHON) -m piptools compile --quiet --upgrade --extra=dev --constraint=$(RUNTIME_LOCK) --output-file=$(DEV_LOCK) pyproject.toml
	$(VENV_PYTHON) -m piptools compile --quiet --upgrade --output-file=$(ASSETS_LOCK) config/requirements-assets.in

audit: .venv/made.stamp
	@.ci/audit $(VENV_PYTHON) $(RUNTIME_LOCK) $(DEV_LOCK)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .data/test-runs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made once, and its packages change only when their lock does.
.venv/runtime.stamp: $(RUNTIME_LOCK) .venv/made.stamp
	@echo "Installing the packages of $(RUNTIME_LOCK) …"
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(RUNTIME_LOCK)
	@touch $@

# Holds everything of the runtime lock too, in the same versions.
.venv/dev.stamp: $(DEV_LOCK) .venv/made.stamp
	@echo "Installing the packages of $(DEV_LOCK) …"
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(DEV_LOCK)
	@touch $@ .venv/runtime.stamp

.venv/made.stamp:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Fourgate needs Python 3.11 or newer; '$(PYTHON)' is not. Say which to use: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Making .venv …"
	@"$(PYTHON)" -m venv .venv
	@touch $@
