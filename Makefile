# Every target works in a fresh clone. PYTHON=python3.12 chooses the interpreter.
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1

VENV = .venv
PORT = 8000
PY = $(VENV)/bin/python
NEWEST = .venv-newest
OLDEST = .venv-oldest
NEWEST_DEPS = .venv-newest-deps
FAST = $(wildcard tests/unit tests/contract tests/integration)
# What neither belongs to $(FAST) nor needs a browser.
FURTHER = $(wildcard tests/docs tests/typing tests/architecture)
DRIVERS = $(wildcard tests/contract/test_values_contract.py tests/integration/compat)
TORTURE_TESTS = tests/torture
E2E = $(wildcard tests/e2e)
COVERED_PERCENT = 90
GENERATED = docs/reference/cli.md docs/reference/settings.md docs/reference/texts.md

.DEFAULT_GOAL = help
.PHONY: help demo test check lint types contracts fast newest oldest newest-deps browser small coverage torture bench reference assets docs docs-serve clean setup setup-dev

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

demo: setup ## serve examples/demo on http://127.0.0.1:8000; PORT=… takes another
	@$(VENV)/bin/starmodel run examples/demo/app.py --host 127.0.0.1 --port $(PORT)

test: lint types contracts ## everything: lint, types, import contracts, all tests
	@scripts/databases
	@$(PY) -m pytest -q -n auto $(FAST) $(FURTHER)
	@$(PY) -m pytest -q $(TORTURE_TESTS)
	@$(MAKE) --no-print-directory browser newest

check: lint types contracts ## the quick part of `test`: no browser, no database server
	@$(PY) -m pytest -q -n auto -m "not server and not slow" $(FAST)

lint: setup-dev ## ruff: rules and format; documents that are generated are fresh
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check . || { echo "Not formatted; mend it with: $(PY) -m ruff format ."; exit 1; }
	@$(PY) -m cogapp -I scripts --verbosity=0 --check $(GENERATED) || { echo "Stale; write it anew with: make reference"; exit 1; }

types: setup-dev
	@$(PY) -m mypy --no-error-summary

contracts: setup-dev
	@scripts/import-contracts $(PY)

fast: setup-dev ## all tests that need no browser, on every database
	@scripts/databases
	@$(PY) -m pytest -q -n auto $(FAST)

small: setup-dev ## the end-to-end tests that take less than a minute
	@scripts/chromium
	@echo "End to end, small tier (its aim: under 60 s):"
	@$(PY) -m pytest -q -m small $(E2E)

browser: small
	@echo "End to end, the rest:"
	@$(PY) -m pytest -q -n 2 --dist loadfile -m "not small" $(E2E)

# Servers and commands in processes of their own count. Without end-to-end tests.
coverage: setup-dev ## lines and branches that the tests run; takes twice as long as the tests
	@scripts/databases
	@rm -f .coverage .coverage.*
	@$(PY) -m pytest -q -n auto --cov --cov-branch --cov-report= $(FAST) $(FURTHER)
	@$(PY) -m coverage report

# The quick tests under the newest other interpreter of this machine, if there is one, which also
# counts the lines they run: from Python 3.12 on at little cost. Of the database servers, the
# values that their compiled drivers read and write.
newest: setup-dev
	@main=$$($(PY) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	other=$$(scripts/newest-python $$main); \
	if [ -n "$$other" ]; then \
		PYTHON="$$other" scripts/venv $(NEWEST) test && \
		rm -f .coverage .coverage.* && \
		COVERAGE_CORE=sysmon $(NEWEST)/bin/python -m pytest -q -n auto --cov --cov-report= \
			-m "not server and not slow" $(FAST) && \
		printf 'Lines that the tests run, in percent (at least $(COVERED_PERCENT)): ' && \
		$(NEWEST)/bin/python -m coverage report --format=total --fail-under=$(COVERED_PERCENT) && \
		$(NEWEST)/bin/python -m pytest -q -m server $(DRIVERS) && \
		echo "Tested under Python $$main and $$($(NEWEST)/bin/python -V | cut -d' ' -f2)."; \
	else \
		echo "Tested under Python $$main; no other of 3.12, 3.13, 3.14 was found."; \
	fi

oldest: setup-dev ## the quick tests with the lowest allowed version of each dependency
	@$(PY) scripts/lowest_versions.py >$(VENV)/lowest.txt
	@PYTHON=$(PY) PIP_CONSTRAINT=$(CURDIR)/$(VENV)/lowest.txt scripts/venv $(OLDEST) test
	@$(OLDEST)/bin/python -m pytest -q -n auto -m "not server and not slow" $(FAST)

newest-deps: setup-dev ## the quick tests with the newest allowed version of each dependency
	@PYTHON=$(PY) scripts/venv $(NEWEST_DEPS) test
	@$(NEWEST_DEPS)/bin/python -m pip install --quiet --quiet --upgrade --upgrade-strategy eager --editable ".[test]"
	@$(NEWEST_DEPS)/bin/python -m pytest -q -n auto -m "not server and not slow" $(FAST)

torture: setup-dev ## processes killed at random under fifty writers, for minutes
	@TORTURE=large $(PY) -m pytest -q -s $(TORTURE_TESTS)

bench: setup-dev ## run the benchmarks
	@$(PY) benchmarks/run.py
	@$(PY) benchmarks/lists.py
	@$(PY) benchmarks/fanout.py
	@$(PY) benchmarks/growth.py
	@$(PY) benchmarks/rules.py
	@$(PY) benchmarks/related_list.py
	@$(PY) benchmarks/sessions.py
	@$(PY) benchmarks/databases.py

reference: setup-dev ## write the generated parts of docs/reference anew
	@$(PY) -m cogapp -I scripts --verbosity=0 -r $(GENERATED)

assets: setup ## build what browsers load into src/starmodel/static
	@$(PY) frontend/build.py

docs: setup-dev ## build the documentation into site/
	@$(PY) scripts/documentation/build.py

docs-serve: setup-dev # on http://127.0.0.1:8001, following changes
	@$(PY) scripts/documentation/build.py --serve

clean: ## remove environments, caches and everything built
	@rm -rf $(VENV) $(NEWEST) $(OLDEST) $(NEWEST_DEPS) build dist site src/starmodel/static src/starmodel/static.new
	@rm -rf frontend/.kept frontend/node_modules
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@scripts/venv $(VENV)

setup-dev:
	@scripts/venv $(VENV) dev
