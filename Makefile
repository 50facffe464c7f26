# `make demo` runs MotionFan, `make test` tests it. They install into .venv and frontend/node_modules: once, and again when the lists of
# packages or the page's sources change. The hidden files below record when that was.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt
RUNTIME := $(VENV)/.runtime-installed
TOOLS := $(VENV)/.tools-installed
MODULES := frontend/node_modules/.installed
PAGE := backend/server/page/index.html
FAST_TESTS := $(addprefix tests/,cli core films forecast keypoints server starflow tools test_pipeline.py test_outputs.py)
PAGE_SOURCES := $(shell find frontend/src frontend/public -type f 2>/dev/null) \
	$(wildcard frontend/*.ts frontend/*.html frontend/tsconfig.json frontend/package.json)

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-other-python lint format clean node chromium

help:
	@echo "make demo    install what is needed, build the page and start the server"
	@echo "make test    run all tests, also those in a real browser"
	@echo "make test-other-python  run the fast tests on the other supported Python, if it is installed"
	@echo "make lint    check style, types, imports, dead code, spelling, names, links and containers"
	@echo "make format  bring Python and TypeScript into our style"
	@echo "make clean   remove everything that make has installed and built"

demo: $(RUNTIME) $(PAGE)
	@exec $(VENV)/bin/motionfan serve

test: $(TOOLS) $(PAGE) chromium
	@status=0; (cd frontend && npm test --silent) || status=1; $(PYTHON) -m pytest -n 2 --dist loadfile || status=1; exit $$status

# Python 3.11 and 3.12 are both supported; `make test` takes one, this takes the other one that it finds on the PATH, or
# OTHER_PYTHON=/path/to/python. It needs an environment of its own, so it is not part of `make test`.
test-other-python: $(TOOLS)
	@wanted=$$($(PYTHON) -c 'import sys; print("3.12" if sys.version_info[1] == 11 else "3.11")'); \
	found=$${OTHER_PYTHON:-python$$wanted}; \
	if ! $$found -c "import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$$wanted')" >/dev/null 2>&1; then \
		echo "Python $$wanted is not installed here: only $$($(PYTHON) --version) is tested."; exit 0; \
	fi; \
	if [ ! -f .venv-other/.tools-installed ] || [ $(TOOLS) -nt .venv-other/.tools-installed ]; then \
		echo "Installing Python packages for $$wanted (this takes some minutes) ..."; \
		$$found -m venv .venv-other && .venv-other/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
			-c constraints.txt -e '.[dev]' && touch .venv-other/.tools-installed || exit 1; \
	fi; \
	.venv-other/bin/python -m pytest $(FAST_TESTS)

lint: $(TOOLS) $(MODULES)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/vulture
	@$(VENV)/bin/codespell
	@$(PYTHON) -m tools.lint
	@$(VENV)/bin/hadolint Dockerfile
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	@! docker compose version >/dev/null 2>&1 || docker compose --profile '*' config --quiet
	@cd frontend && npm run --silent lint

format: $(TOOLS) $(MODULES)
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@cd frontend && npm run --silent format

clean:
	@rm -rf $(VENV) .venv-other frontend/node_modules backend/server/page *.egg-info
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The Node.js version is checked before any long step begins.
node:
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
		2>/dev/null || { \
		echo "MotionFan needs Node.js 20.19 or newer to build its page, but $$( \
			(node --version || echo "no Node.js") 2>/dev/null | head -n 1) was found." >&2; exit 1; }

$(PYTHON): | node
	@for name in python3.12 python3.11 python3 python; do \
		if $$name -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1; then \
			echo "Creating $(VENV) with $$($$name --version) ..."; exec $$name -m venv $(VENV); \
		fi; \
	done; \
	echo "MotionFan needs Python 3.11 or 3.12 with its venv module, but $$( \
		(python3 --version || echo "no Python") 2>/dev/null | head -n 1) was found." >&2; exit 1

$(RUNTIME): pyproject.toml constraints.txt | node $(PYTHON)
	@echo "Installing Python packages (the first time this takes some minutes) ..."
	@$(PIP) -e .
	@touch $@

$(TOOLS): pyproject.toml constraints.txt | node $(PYTHON)
	@echo "Installing Python packages and test tools (the first time this takes some minutes) ..."
	@$(PIP) -e '.[dev]'
	@touch $(RUNTIME) $@

$(MODULES): frontend/package.json frontend/package-lock.json | node
	@echo "Installing the page's packages ..."
	@cd frontend && npm ci --loglevel=error
	@touch $@

$(PAGE): $(PAGE_SOURCES) $(MODULES)
	@echo "Building the page ..."
	@cd frontend && npm run --silent build -- --logLevel=warn
	@touch $@

chromium:
	@for name in chromium google-chrome; do \
		if command -v $$name >/dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests ..."; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo "The browser tests need Chromium: install it (on Debian: sudo apt-get install chromium), then run make test again." >&2; \
		exit 1; \
	fi
