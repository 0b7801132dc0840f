# The few commands of this project. Needs make and Python 3.11 or newer; everything else goes into .venv,
# from the hashed files in requirements/, once.

SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
RUN   := $(VENV)/.run-installed
TEST  := $(VENV)/.test-installed
FUZZ  := $(VENV)/.fuzz-installed
SPARK := $(VENV)/.spark-installed
PROVE := .prove/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format golden new-source bench evaluate fuzz prove pins clean

help: ## List these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: $(RUN) ## Hunt through the example estate and show what is found
	@$(BIN)/sferic demo

test: lint $(SPARK) ## Everything a change must pass: lint, types, all tests
	$(BIN)/python -m pytest

check: lint ## The quick part: lint, types, and the tests of structure
	$(BIN)/python -m pytest -q tests/test_house_style.py tests/test_plugin_style.py tests/test_import_contract.py

lint: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(TEST) ## Let the formatter wrap and indent the code:  make format [path=src/sferic/cli]
	$(BIN)/ruff format $(or $(path),.)

golden: $(TEST) ## Rewrite expected output, for review:  make golden [id=squid_access]
	$(BIN)/python -m pytest -q --refresh-golden $(if $(id),-k $(id))

new-source: $(TEST) ## Scaffold a log source:  make new-source id=acme_gateway_web
	$(BIN)/python scripts/new_source.py $(id)

bench: $(TEST) ## Time a hunt against plain text tools:  make bench [file=PATH | sizes="2GB 10GB 50GB"]
	$(BIN)/python benchmarks/$(if $(file),run.py "$(file)",growth.py $(or $(sizes),2GB 10GB 50GB) --folder benchmarks/data)

fuzz: $(FUZZ) ## Feed damaged lines to the log sources:  make fuzz [seconds=60] [id=squid_access]
	@$(BIN)/python -m fuzz --seconds $(or $(seconds),60) $(id)

evaluate: $(RUN) ## Measure detection quality anew and write its page:  make evaluate [full=1]
	$(BIN)/sferic evaluate $(if $(full),--full) --to docs/explanation > /dev/null

prove: $(TEST) $(PROVE) ## Run and check every exported text, and write the page about it
	@$(BIN)/python -m prove

pins: ## Renew requirements/*.txt from pyproject.toml (needs uv)
	scripts/pins

clean: ## Remove the environment and every cache
	rm -rf $(VENV) .prove .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(VENV)/pyvenv.cfg:
	@python=$$(scripts/find-python) && "$$python" -m venv $(VENV)

$(RUN): requirements/run.txt pyproject.toml $(VENV)/pyvenv.cfg
	@scripts/install $(BIN)/python requirements/run.txt
	@touch $@

$(TEST): requirements/test.txt pyproject.toml $(VENV)/pyvenv.cfg
	@scripts/install $(BIN)/python requirements/test.txt
	@touch $(RUN) $@

$(FUZZ): requirements/fuzz.txt $(TEST)
	@scripts/install $(BIN)/python requirements/fuzz.txt 2>/dev/null || echo "atheris has no wheel for this Python or platform" >&2
	@touch $@

# About 450 MB, of use only where there is Java. Without it the tests on a cluster are skipped, and pytest says so.
$(SPARK): requirements/spark.txt $(TEST)
	@scripts/install-spark $(BIN)/python requirements/spark.txt && touch $@ || true

# The vendors' checkers want other versions of many packages than we do, so they live apart. Node is optional, and so is
# a Python newer than 3.11, which one of them needs.
$(PROVE): requirements/prove.txt
	@python=$$(PYTHON=$${PYTHON:-python3.13} scripts/find-python) && "$$python" -m venv .prove
	@.prove/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r requirements/prove.txt
	@npm install --silent --no-audit --no-fund --prefix .prove/node @kusto/language-service-next@12.4.1 > /dev/null 2>&1 \
	  || echo "npm is not there or failed: Microsoft's parser of KQL is left out" >&2
	@touch $@
