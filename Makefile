# Everything a fresh Debian 12 machine needs is installed by the targets themselves.
#
#   make demo    the hub with simulated locks; prints one address
#   make check   fast: format, lint, types, imports, unit tests
#   make test    everything, browser and independent peers included; property tests draw the same examples in every run
#   make bench   figures beside their references, into build/bench.json
#   make soak    long runs: 10,000 kills, 480 hours of radio trouble, a thousand lock-years, the fuzzer for longer,
#                fresh examples for property tests
#   make test-postgres
#                every house of tests/hub kept in PostgreSQL; make test keeps one of each kind of question there
#   make audit   asks PyPI and npm whether a locked dependency has a known vulnerability; needs the internet, so no test does it
#   make mutants bugs, one by one in copies of the tree: the year (tests/system/test_a_year.py) has to find each

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# One more than two processors: a quarter of the time a test waits, for a browser, a server of PostgreSQL or a child of its own.
JOBS ?= 3
# What does not need another is done beside it.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=2 --no-print-directory
endif
# A dependency of caldav's would otherwise take the place of urllib3, which others need as it is; so its wheel is not used.
PIP := URLLIB3_NO_OVERRIDE=1 $(BIN)/python -m pip --disable-pip-version-check -q
BESIDE := --no-binary urllib3-future

.PHONY: demo check test test-postgres types tested bench soak audit mutants lock format clean

demo: $(VENV)/.run
	$(BIN)/gatehouse demo $(DEMO)

check: $(VENV)/.dev $(VENV)/corpora/.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy hub drivers integrations web tests
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(JOBS) -m "not peer and not browser and not slow"

test: $(VENV)/.dev $(VENV)/corpora/.done tests/node_modules/.done $(VENV)/.system
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(MAKE) types tested

test-postgres: $(VENV)/.dev $(VENV)/.system
	GATEHOUSE_DATABASE=postgresql $(BIN)/pytest -n $(JOBS) --dist worksteal tests/hub

types: $(VENV)/.dev
	$(BIN)/mypy hub drivers integrations web tests

tested: $(VENV)/.dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal

bench: $(VENV)/.dev tests/node_modules/.done $(VENV)/.system
	$(BIN)/python -m tests.bench

soak: $(VENV)/.dev
	GATEHOUSE_KILLS=10000 GATEHOUSE_SEED=$${GATEHOUSE_SEED:-$$(date +%s)} $(BIN)/pytest tests/system/test_kill.py
	GATEHOUSE_SEEDS=$${GATEHOUSE_SEEDS:-$$(seq -s, 1 40)} $(BIN)/pytest -n $(JOBS) tests/system/test_twelve_hours.py
	GATEHOUSE_YEAR_DAYS=365 GATEHOUSE_SEEDS=$${GATEHOUSE_SEEDS:-$$(seq -s, 1 17)} $(BIN)/pytest -n $(JOBS) tests/system/test_a_year.py
	GATEHOUSE_EXAMPLES=fresh $(BIN)/pytest -n $(JOBS) -m hypothesis
	GATEHOUSE_FUZZ_RUNS=2000000 $(BIN)/pytest -n $(JOBS) tests/drivers/zwave/test_fuzz.py

# In a folder of its own: nothing that it needs is needed here. Names and versions are sent, nothing else; it fails where one is known.
audit: | $(VENV)/bin/python $(VENV)/.system
	$(BIN)/python -m venv build/audit
	build/audit/bin/python -m pip install -q --disable-pip-version-check pip-audit==2.10.1
	build/audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements/dev.txt
	command -v npm >/dev/null || { $(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -y -q nodejs npm; }
	npm audit --prefix tests

mutants: $(VENV)/.dev
	$(BIN)/python -m tests.mutants --jobs $(JOBS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	$(PYTHON) -c "import ensurepip" 2>/dev/null || { $(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -y -q python3-venv; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install $(BESIDE) -r requirements/run.txt
	$(PIP) install --no-deps -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(PIP) install $(BESIDE) -r requirements/dev.txt
	touch $@

# Calendars that others test their readers with: the sources of two libraries, in the versions that are locked, unpacked by
# tests/integrations/ical/test_corpora.py and kept nowhere else.
$(VENV)/corpora/.done: requirements/dev.txt | $(VENV)/.dev
	rm -rf $(@D)
	$(BIN)/python -m pip download -q --disable-pip-version-check --no-deps -d $(@D) \
	  --no-binary icalendar,recurring-ical-events $$(grep -E '^(icalendar|recurring-ical-events)==' requirements/dev.txt)
	touch $@

$(VENV)/.system: | $(VENV)/bin/python
	command -v chromium >/dev/null && command -v gcc >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  $(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -y -q chromium gcc libc6-dev postgresql; }
	touch $@

# After the others' apt-get, which takes no second one beside it.
tests/node_modules/.done: tests/package-lock.json | $(VENV)/.system
	command -v npm >/dev/null || { $(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -y -q nodejs npm; }
	npm ci --prefix tests --no-fund --no-audit
	touch $@

# Locked versions, without any registry's address.
lock: $(VENV)/bin/python
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --python-version 3.11 --no-header --no-emit-index-url pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --no-header --no-emit-index-url --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) tests/node_modules build .mypy_cache .ruff_cache .pytest_cache .hypothesis
