# Two commands do everything on a machine with Python >= 3.11, git and make:
#
#   make demo    a sample province is made, taken in and shown; then `make serve-demo`
#   make test    every test, with coverage
#
# Everything is installed into .venv, from requirements.lock and nothing else.

.DEFAULT_GOAL := help

# The newest Python that is good enough; PYTHON=… chooses another.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)
endif

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := .demo
RECORDS ?= 600
PORT ?= 8000
# Processes that run tests.
JOBS ?= 2


# How long `make fuzz` goes on.
SECONDS ?= 600

.PHONY: help demo serve-demo test coverage-signing check-rules coverage bench bench-growth fuzz mutants check lint types imports docs format lock install clean

help:
	@echo "make demo      make a sample province, take it in, show what came of it"
	@echo "make test      run every test, with coverage"
	@echo
	@echo "Further: serve-demo check-rules check lint types imports coverage coverage-signing bench bench-growth fuzz mutants docs format lock clean"

demo: $(INSTALLED)
	@$(BIN)/hocba demo --home $(DEMO) --records $(RECORDS)

$(DEMO)/demo.json: | $(INSTALLED)
	@$(BIN)/hocba demo --home $(DEMO) --records $(RECORDS)

serve-demo: $(DEMO)/demo.json
	@$(BIN)/hocba serve --home $(DEMO) --port $(PORT)

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term $(TESTS)

# After `make test`, by what it measured: no line and no branch of the verdicts that no test reaches.
coverage-signing: $(INSTALLED)
	$(BIN)/coverage report --include='signing/*' --fail-under=100

# Ten thousand sample records with one broken rule each: found under its own code and no other.
check-rules: $(INSTALLED)
	$(BIN)/python -m tests.support.rule_defects

# Which lines and branches no test reaches, as pages to read.
coverage: $(INSTALLED)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term-missing:skip-covered --cov-report=html $(TESTS)
	@echo "htmlcov/index.html"

bench: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks

# What must not grow with a batch, at full size: about half an hour and 5 GB below TMPDIR.
bench-growth: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks.growth 20000 200000

# Documents made from genuine ones, judged until the time is up; then the properties at length.
fuzz: $(INSTALLED)
	$(BIN)/python -m tests.fuzz $(SECONDS)
	$(BIN)/python -m pytest -q --hypothesis-profile=long tests/signing/test_properties.py

# 300 MB over a line that is cut ten times, by two clients; every byte compared.
soak-upload: $(INSTALLED)
	$(BIN)/python -m tests.support.soak_upload

# Which changes of the verdict logic no test notices (docs/mutation-testing.md).
mutants: $(INSTALLED)
	$(BIN)/python -m tests.mutation

check: lint types imports

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

imports: $(INSTALLED)
	$(BIN)/lint-imports

# The parts of the documentation that follow from the code; a test compares.
docs: $(INSTALLED)
	$(BIN)/python -m tests.support.reference

format: $(INSTALLED)
	$(BIN)/ruff format .

# The lock names versions and hashes, and no place to load them from.
lock: $(INSTALLED)
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --quiet --extra dev \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --output-file requirements.lock

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "hocba cần Python 3.11 trở lên; máy này chưa có. / hocba needs Python 3.11 or newer; none was found." >&2; \
		echo "Cài Python rồi chạy lại, hoặc: / Install one and try again, or: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
		exit 2; \
	fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON): không phải Python 3.11 trở lên. / $(PYTHON) is not Python 3.11 or newer." >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python này thiếu mô-đun venv. / This Python lacks the module venv." >&2; \
		echo "Debian, Ubuntu: sudo apt install python3-venv" >&2; exit 2; }
	@[ -x $(BIN)/python ] || "$(PYTHON)" -m venv $(VENV)
	@echo "Cài đặt vào $(VENV) theo requirements.lock … / Installing into $(VENV) …"
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

clean:
	rm -rf $(VENV) $(DEMO) .coverage* htmlcov .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
