# Each target first does the set-up that it needs: a virtual environment in the clone, and what pip puts there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test drills check bench setup clean

demo: .venv/.demo
	$(BIN)/modelyard demo

test: .venv/.dev .venv/.judges .venv/.browser
	$(BIN)/python -m pytest tests --ignore=tests/e2e -m "not drill" -p no:logging --numprocesses 4 --dist loadfile
	$(BIN)/python -m pytest tests/e2e -m "not drill" --numprocesses 3 --dist loadfile --no-loadscope-reorder

# The long tests: every kind of workload in use, operations on them, and what is killed at any moment.
drills: .venv/.dev .venv/.browser
	$(BIN)/python -m pytest tests -m drill --numprocesses 3 --dist loadfile --no-loadscope-reorder -rP -p no:logging

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.bench .venv/.peers
	$(BIN)/python -m tests.bench

setup: .venv/.dev

# torch first and by itself: named as a dependency of something else, pip would take the newest build with CUDA.
.venv/.demo .venv/.dev .venv/.bench: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[$(subst .,,$(suffix $@))]'
	$(BIN)/python -m infra.engines.terraform.download
	touch $@

# The servers that ours is measured against, in an environment of their own: BentoML pins old versions of libraries.
.venv/.peers: tests/bench/peers.txt
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/python -m pip install --quiet torch==2.13.0
	.venv/peers/bin/python -m pip install --quiet --requirement $<
	touch $@

# Debian's headless Chromium, for the pages; without root, and where there is none the tests of the pages are skipped.
.venv/.browser: .venv/.dev
	$(BIN)/python -m tests.browser.fetch
	touch $@

# In an environment of their own: checkov pins old versions of libraries that the kit uses.
.venv/.judges: tests/judges/requirements.txt
	$(PYTHON) -m venv .venv/judges
	.venv/judges/bin/python -m pip install --quiet --requirement $<
	touch $@

# What was deployed to an account stays known: its state, in .modelyard/environments, is not removed.
clean:
	-[ ! -x $(BIN)/modelyard ] || $(BIN)/modelyard local down
	rm -rf .venv .modelyard/artifacts .modelyard/requirements .modelyard/demo .modelyard/local
