# make run: the program.  make install-torch, make test, make soak: everything that CI checks.  Needs Python ≥ 3.11 and nothing else.

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)

# A third of the suite waits for programs that it has started: half as many again as there are cores.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores + (cores + 1) / 2)))
# By file, and no more of them than two: soak measures seconds and memory, and each would count the others' load.
SOAK_WORKERS ?= 2

.PHONY: run test install install-dev install-torch lint types contract unit soak bench pictures readme texts clean

run: $(VENV)/installed
	@$(BIN)/gradtui $(ARGS)

# What reads the sources runs beside the tests, one after the other: each has one core at the most.
test: $(VENV)/installed-dev
	@$(MAKE) --no-print-directory -j2 unit lint types contract

# Says what it does: on a slow line it is a minute until the program is there.
INSTALL = @test -n "$(PYTHON)" || { echo "gradtui needs Python 3.11 or newer; found: $$(python3 --version 2>&1)"; exit 2; }; \
	$(PYTHON) tools/install.py $(VENV)

$(VENV)/installed: pyproject.toml
	$(INSTALL)
	@touch $@

$(VENV)/installed-dev: pyproject.toml
	$(INSTALL) dev
	@touch $@ $(VENV)/installed

# PyTorch and what trains with it, for tests alone: without them `make test` leaves some out, and says which.
$(VENV)/installed-torch: pyproject.toml
	$(INSTALL) dev,torch-tests
	@touch $@ $(VENV)/installed-dev $(VENV)/installed

install: $(VENV)/installed
install-dev: $(VENV)/installed-dev
install-torch: $(VENV)/installed-torch

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

contract: $(VENV)/installed-dev
	$(BIN)/lint-imports

# Bytecode is kept, whatever the surroundings say: to rewrite the assertions of all tests takes each worker 5 s.
unit soak: export PYTHONDONTWRITEBYTECODE :=

unit: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# What is too long for every change: attacks kept up, servers under load, thousands of random keys, a thousand layers.
soak: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "soak or property" --hypothesis-profile=soak -n $(SOAK_WORKERS) --dist loadfile

# Ratios side by side; with torch installed in $(VENV), also against PyTorch.
bench: $(VENV)/installed-dev
	$(BIN)/python bench/engine.py $(ARGS)

# docs/*.svg: the real screen, reached by key, without a terminal; and docs/contact/*.png, every view in every size,
# language, set of glyphs and theme, to be looked at. SHEETS="80x24 zh" makes some of those (an hour for all of them).
pictures: $(VENV)/installed-dev
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/contact.py $(SHEETS)

# The generated parts of README.md and the pages in docs/: presets, keys, settings, options, measures.
readme: $(VENV)/installed-dev
	$(BIN)/python tools/readme.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist build
