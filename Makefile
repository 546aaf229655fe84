# Two commands do everything: `make demo` and `make test`. Only installing uses the network.

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,\
	$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>&1 | grep -x True),$(p))))
PYTEST_ARGS ?= -n 2

DEMO := .venv/demo
TEST := .venv/test
API := .venv/demo-api
SERVERS := mlserver mlflow litserve bentoml
METADATA := setup.cfg pyproject.toml constraints.txt
SOURCES := $(shell find surrogate adapters -type f ! -name '*.pyc')

.DEFAULT_GOAL := help
.PRECIOUS: .venv/%/bin/python
.PHONY: help demo demo-api test test-servers servers lint format docs constraints clean

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(DEMO)/.installed  ## Audit a real model, compare two; writes out/report.html, comparison.html
	@mkdir -p out
	$(DEMO)/bin/surrogate audit examples/adult.onnx examples/data/adult.csv \
		--target income --preprocess examples/adult.py:prepare \
		--protected sex --protected race --report out/report.html
	$(DEMO)/bin/surrogate compare natural=examples/natural.onnx robust=examples/robust.onnx \
		examples/data/magic.csv --test examples/data/magic_held_out.csv --target shower \
		--adversarial examples/data/magic_adversarial.npz \
		--radius .1 --radius .2 --radius .4 --trained robust=.2 --report out/comparison.html
	@echo "The whole report: open $(CURDIR)/out/report.html in a browser."
	@echo "The comparison: open $(CURDIR)/out/comparison.html in a browser."

demo-api: $(API)/.installed  ## Audit the same model behind a URL, with a budget and a ledger
	@mkdir -p out
	$(API)/bin/python examples/audit_api.py out

test: $(TEST)/.installed  ## Run the tests, lint and types
	$(TEST)/bin/python -m pytest $(PYTEST_ARGS)
	$(MAKE) --no-print-directory lint

test-servers: $(TEST)/.installed  ## Test against MLServer, MLflow, LitServe and BentoML
	@$(MAKE) --no-print-directory -k -j2 servers || \
		echo "Servers whose environment could not be built are skipped." >&2
	$(TEST)/bin/python -m pytest -m servers tests/servers

servers: $(SERVERS:%=.venv/servers/%/.installed)  ## Build the environments of these servers

lint: $(TEST)/.installed  ## Check style and types
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy

format: $(TEST)/.installed  ## Put the style right where a tool can
	$(TEST)/bin/ruff check --fix .
	$(TEST)/bin/ruff format .

docs: $(TEST)/.installed  ## Build the pages into docs/_build/html
	$(TEST)/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "The pages: open $(CURDIR)/docs/_build/html/index.html in a browser."

constraints: $(TEST)/.installed  ## Pin what is installed in the test environment
	$(TEST)/bin/python .ci/freeze.py > constraints.txt.new
	mv constraints.txt.new constraints.txt

clean:  ## Remove what was made, the environments too
	rm -rf .venv build dist out docs/_build docs/api *.egg-info .coverage
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/%/bin/python:
	$(if $(PYTHON),,$(error Python 3.11 or later is needed, with its venv module; \
		name yours: make PYTHON=/path/to/python3.11))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; $(PYTHON) is older." >&2; exit 1; }
	$(PYTHON) -m venv .venv/$*

$(DEMO)/.installed: $(DEMO)/bin/python $(METADATA) $(SOURCES)
	rm -rf build
	$(DEMO)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt '.[onnx,report]'
	@touch $@

$(API)/.installed: $(API)/bin/python $(METADATA) $(SOURCES)
	rm -rf build
	$(API)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt \
		'.[onnx,http,report]'
	@touch $@

.venv/servers/%/.installed: .venv/servers/%/bin/python tests/servers/constraints-%.txt
	.venv/servers/$*/bin/python -m pip install -q --disable-pip-version-check --no-deps -r tests/servers/constraints-$*.txt
	@touch $@

$(TEST)/.installed: $(TEST)/bin/python $(METADATA)
	$(TEST)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt \
		torch==2.13.0 -e '.[test,docs]'
	@touch $@
