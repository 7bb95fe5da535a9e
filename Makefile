# `make help` lists what there is.  Targets keep a stamp in the environment, so that a second run is quick.

VENV   ?= .venv
SAMPLE ?= examples/intervals.py
# CI installs this build of torch before anything can pull in another.
TORCH  ?= torch==2.13.0
PYTEST ?= -n auto

# Where the extension's page finds its pictures; in an extension that isn't published they are left as they are.
PICTURES_URL ?=
PICTURES := $(if $(PICTURES_URL),--baseImagesUrl $(PICTURES_URL),--no-rewrite-relative-links)

# Whether `make ci` installs editors, Debian packages among them: where CI is set, as build services do.  Otherwise it
# drives those that are there.
INSTALL_EDITORS ?= $(CI)

# Which of the editors' tests are run.
EDITOR_TESTS ?= tests/editors
EDITORS := $(or $(HEATLINE_EDITORS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/heatline-editors)
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# Debian's python3 has no venv module until python3-venv is there: such a one doesn't count.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(USABLE)' 2>/dev/null && echo $$python && break; done)

# Node knows its own certificates only; behind a company's proxy the system's are needed.
SYSTEM_CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(SYSTEM_CERTIFICATES),)
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CERTIFICATES)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-python test-node test-editors editors pictures lint bench profile package extension docs ci ci-editors ci-test-editors

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.stamp-dev node_modules/.stamp ## Make the development environment (Python and, if there is npm, Node)

demo: $(VENV)/.stamp-run ## Score a sample with the default supervisor: install, fetch, show the heat map
	$(BIN)/heatline supervisor pull
	$(BIN)/heatline check $(SAMPLE) --all

test: test-node test-python ## Run all tests

test-python: $(VENV)/.stamp-dev
	$(BIN)/python -m pytest -m "not editor" $(PYTEST)

test-node: node_modules/.stamp
	@if command -v npm >/dev/null; then npm test; else echo "npm is not here: the client's tests are left out."; fi

editors: ## Install the editors that test-editors drives (Debian packages need root)
	HEATLINE_EDITORS="$(EDITORS)" tests/editors/install.sh

# Where there is no npm, the one that came with the editors builds the extension.
test-editors: $(VENV)/.stamp-editors ## Run the tests that drive real editors (those that are installed), and report
	PATH="$$PATH:$(EDITORS)/node/bin" $(MAKE) --no-print-directory node_modules/.stamp
	PATH="$$PATH:$(EDITORS)/node/bin" HEATLINE_EDITORS="$(EDITORS)" $(BIN)/python -m pytest -m editor $(EDITOR_TESTS)

pictures: $(VENV)/.stamp-editors node_modules/.stamp ## Take the pictures of VS Code in docs/images
	PATH="$$PATH:$(EDITORS)/node/bin" HEATLINE_EDITORS="$(EDITORS)" HEATLINE_SCREENSHOTS=docs/images \
	$(BIN)/python -m pytest tests/editors/test_vscode_pictures.py

lint: $(VENV)/.stamp-dev node_modules/.stamp ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if $(BIN)/python -c 'import torch' 2>/dev/null; then $(BIN)/mypy; \
	else echo "The probes extra is not installed: only server/ is type-checked."; $(BIN)/mypy server; fi
	@if command -v npm >/dev/null; then npm run lint && npm run typecheck; fi

# `make bench QUICK=1 PAGES=FOLDER` runs the least of every part, to see that all of it works; its figures mean nothing.
PAGES ?= docs
LEAST := $(if $(QUICK),--supervisor smollm2-135m)

bench: $(VENV)/.stamp-probes ## Measure everything and write docs/benchmarks*.md (an hour, on a machine with nothing else to do)
	@mkdir -p "$(PAGES)"
	$(BIN)/python benchmarks/throughput.py $(LEAST) $(if $(QUICK),--part lengths) --out "$(PAGES)/benchmarks.md"
	$(BIN)/python benchmarks/builds.py $(LEAST) --out "$(PAGES)/benchmarks-builds.md"
	$(BIN)/python benchmarks/startup.py $(LEAST) $(if $(QUICK),--rounds 1) --out "$(PAGES)/benchmarks-startup.md"
	$(BIN)/python benchmarks/latency.py $(LEAST) $(if $(QUICK),--keystrokes 8 --lines 200) \
		--out "$(PAGES)/benchmarks-latency.md"
	$(BIN)/python benchmarks/growth.py $(if $(QUICK),--quick) --out "$(PAGES)/benchmarks-growth.md"
	$(BIN)/python benchmarks/check_tree.py $(LEAST) $(if $(QUICK),--files 3 --lines 40,--files 100 --copies 11) \
		--out "$(PAGES)/benchmarks-check.md"

profile: $(VENV)/.stamp-probes ## See where the time goes and write docs/profiles.md
	$(BIN)/python benchmarks/profiles.py --out docs/profiles.md

package: $(VENV)/.stamp-dev node_modules/.stamp ## Build the wheel and the VS Code extension into dist/
	mkdir -p dist
	rm -f dist/heatline-*.whl dist/heatline-*.vsix
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory extension; \
	else echo "npm is not here: the VS Code extension is left out."; fi
	@ls -l dist/

extension:
	rm -rf client-vscode/bundled
	$(BIN)/python client-vscode/scripts/server_wheel.py dist/heatline-*.whl client-vscode/bundled
	cp LICENSE client-vscode/LICENSE
	npm run package --workspace client-vscode -- $(PICTURES)
	@test $$(cat dist/heatline-*.vsix | wc -c) -lt 1000000 || { echo "The extension's package is 1 MB or more." >&2; exit 1; }

docs: $(VENV)/.stamp-dev ## Write the pages that are made from the code
	$(BIN)/python -m heatline.cli.reference > docs/cli.md.part
	mv docs/cli.md.part docs/cli.md
	$(BIN)/python -m heatline.settings.reference

ci: $(VENV)/.stamp-probes ## What CI runs: set everything up, lint, package, test
	$(MAKE) lint package
	$(BIN)/heatline supervisor pull || echo "warning: no supervisor; the tests that need one are skipped"
	@for weights in "$$HEATLINE_TEST_WEIGHTS"/qwen2.5-coder-0.5b*.gguf; do test ! -f "$$weights" || \
	$(BIN)/heatline supervisor add qwen2.5-coder-0.5b --file "$$weights"; done
	$(MAKE) test
	$(if $(INSTALL_EDITORS),$(MAKE) ci-editors)
	$(MAKE) ci-test-editors || { echo "Those that failed are tried once more: real editors depend on what else runs."; \
	$(MAKE) ci-test-editors AGAIN=--last-failed; }

ci-test-editors:
	PATH="$$PATH:$(EDITORS)/node/bin" HEATLINE_EDITORS="$(EDITORS)" \
	$(BIN)/python -m pytest -m editor $(AGAIN) $(EDITOR_TESTS)

# What can't be installed in time is left out: its tests are skipped and say why.
ci-editors:
	HEATLINE_STEP_SECONDS=180 timeout 1200 $(MAKE) editors || echo "warning: not every editor was installed in time"
	timeout 300 $(MAKE) $(VENV)/.stamp-editors || echo "warning: VS Code's tests are skipped without the editors extra"

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
	echo "No usable Python was found: install Python 3.11 or later with its venv module" \
	"(on Debian: apt-get install python3-venv), or name one with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.stamp-run: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.stamp-run

$(VENV)/.stamp-editors: pyproject.toml | $(VENV)/.stamp-dev
	$(PIP) install --quiet --editable '.[dev,editors]'
	@touch $@

$(VENV)/.stamp-probes: pyproject.toml | $(BIN)/python
	$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) install --quiet '$(TORCH)'
	$(PIP) install --quiet --editable '.[dev,probes]'
	@touch $@ $(VENV)/.stamp-dev $(VENV)/.stamp-run

node_modules/.stamp: package.json package-lock.json client-vscode/package.json
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund && touch $@; \
	else echo "npm is not here: the VS Code client is left out."; fi
