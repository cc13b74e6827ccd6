# Everything one needs to know: make demo, make test, make check, make bench, make docs.
# All of them use the same .venv, made on first use. Choose another Python with
# `make PYTHON=python3.12 test`.

VENV := .venv
DIR ?= demo
PYTEST_ARGS ?= -q -n auto
MAX_LINES := 600

# The first Python on the path that fits; pyenv's shims exist without working, so each is run.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(FITS)' >/dev/null 2>&1 && { echo $$p; break; }; done)
endif

.DEFAULT_GOAL := help
.PHONY: help venv demo test check format bench docs protos golden clean

help: ## Show what can be made.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(VENV)/installed ## Make .venv with Lineal, its extras and the tools (the others do it too).

# Two steps: first what builds packages, so that the build itself is pinned too and nothing but
# the index is asked. Debian's Python lacks ensurepip without python3-venv; its pip can stand in.
$(VENV)/installed: pyproject.toml constraints.txt Makefile
	@if ! $(or $(PYTHON),false) -c '$(FITS)' 2>/dev/null; then \
		echo "Lineal needs Python 3.11, 3.12 or 3.13, and $(if $(PYTHON),$(PYTHON) is not one,none is on the path)." \
			"Install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
		exit 1; \
	fi
	@if ! $(VENV)/bin/python -m pip --version >/dev/null 2>&1; then \
		rm -rf $(VENV); \
		if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
			$(PYTHON) -m venv $(VENV); \
		else \
			$(PYTHON) -m venv --without-pip $(VENV) && \
			$(PYTHON) -m pip --python $(VENV)/bin/python install -q -c constraints.txt pip; \
		fi; \
	fi
	$(VENV)/bin/python -m pip install -q -c constraints.txt pip hatchling setuptools
	$(VENV)/bin/python -m pip install -q -c constraints.txt --no-build-isolation \
		--editable '.[contracts,demo,grpc,mysql,pandas,pandera,polars,postgres]' --group test --group check
	@touch $@

demo: $(VENV)/installed ## Take real data through the whole journey, into DIR (default: demo).
	$(VENV)/bin/lineal demo $(DIR)

test: $(VENV)/installed ## Run the tests; PYTEST_ARGS="-x tests/cli" runs some.
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/installed ## Lint, check types, the order of imports and the length of files.
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@find src -name '*.py' ! -name '*_pb2*' -exec awk -v most=$(MAX_LINES) \
		'FNR == most + 1 {print FILENAME " has more than " most " lines"; bad = 1} \
		END {exit bad}' {} +

format: $(VENV)/installed ## Format the code and mend what the linter can.
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: $(VENV)/installed ## Compare speed with what people would use instead.
	$(VENV)/bin/python -m benchmarks

docs: $(VENV)/installed ## Write the command reference anew from the commands.
	$(VENV)/bin/python docs/command_reference.py

# A venv of its own: the compiler's protobuf need not be the one that Lineal runs with.
protos: ## Generate ML Metadata's messages anew from their sources.
	$(PYTHON) -m venv build/protos
	build/protos/bin/pip install -q 'grpcio-tools==1.74.*' setuptools
	build/protos/bin/python src/lineal/mlmd/proto/generate.py
	build/protos/bin/python src/lineal/mlmd/remote/generate.py

TFDV ?= python3
golden: ## Ask TFDV anew for the tests' answers: make golden TFDV=/path/to/its/python.
	$(TFDV) tests/validation/golden/make.py

clean: ## Remove .venv, caches and the demo's folder.
	rm -rf $(VENV) $(DIR) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
