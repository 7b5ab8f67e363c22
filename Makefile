# idp-sandbox: everything is made in .venv and nothing outside it, but for the programs that the tests drive.

PYTHON  ?= python3
WORKERS ?= 2

VENV  := .venv
BIN   := $(VENV)/bin
PIP   := $(BIN)/python -m pip --disable-pip-version-check --quiet
BUILD := pyproject.toml requirements.txt

# Each stamp is newer than the files it was made from, so that a second `make` installs nothing.
VENV_MADE  := $(VENV)/.made
RUN_READY  := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test

.DEFAULT_GOAL := help
.PHONY: help run test lint types check format components bench clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_READY) ## Serve the sandbox; PORT=9500 or ARGS="--approval hint" are passed on
	$(BIN)/idp-sandbox serve $(if $(PORT),--port $(PORT)) $(ARGS)

check: lint types test ## Everything a change must pass

lint: $(TEST_READY) ## Check style and the banned calls
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(TEST_READY) ## Check types
	$(BIN)/mypy

test: $(TEST_READY) components ## Run the whole suite in random order, then the coverage gate
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -p xdist -n $(WORKERS) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

format: $(TEST_READY) ## Fix what can be fixed by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

components: ## Install what the tests use besides Python
	@scripts/test-components.sh

bench: $(RUN_READY) ## Measure logins per second beside other mocks; ARGS="--quick" is passed on
	@PYTHON=$(PYTHON) scripts/bench-targets.sh
	$(BIN)/python -m bench $(ARGS)

clean: ## Remove everything that make has made
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
	rm -rf tests/interop/node/node_modules examples/javascript/node_modules bench/.targets bench/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV_MADE): scripts/make-venv.sh
	PYTHON=$(PYTHON) scripts/make-venv.sh $(VENV)
	@touch $@

$(RUN_READY): $(VENV_MADE) $(BUILD)
	$(PIP) install --editable .
	@touch $@

$(TEST_READY): $(VENV_MADE) $(BUILD)
	$(PIP) install --editable '.[test]'
	@touch $(RUN_READY) $@
