# make demo: edit a real photo.  make test: the whole suite.  make notebooks: run them again and keep the new outputs.
# make docs: the documentation, into docs/_build/html.
# Each sets up the environment first: the demo what editing needs, the others all of it.
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test docs notebooks install clean

install: $(VENV)/all

# The files made, core and all are written last, so that an installation that broke off starts again.
$(VENV)/made:
	$(PYTHON) -c 'import sys; sys.exit("Python >= 3.10 is needed; found %d.%d: use make PYTHON=python3.x" % sys.version_info[:2] if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $(VENV)
	touch $@

# pip would compile one file at a time, packages' own tests as well; some packages hold files that no Python can compile.
COMPILE = $(VENV)/bin/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib >/dev/null || true

$(VENV)/core: pyproject.toml | $(VENV)/made
	@echo 'installing PyTorch and what else an edit needs: some minutes, about 5 GB ...'
	$(VENV)/bin/python -m pip install --disable-pip-version-check --no-compile --editable .
	$(COMPILE)
	touch $@

$(VENV)/all: pyproject.toml | $(VENV)/made
	@echo 'installing all that editing, training, evaluation and tests need: some minutes, about 6 GB ...'
	$(VENV)/bin/python -m pip install --disable-pip-version-check --no-compile --editable '.[dev]'
	$(COMPILE)
	touch $(VENV)/core $@

demo: $(VENV)/core
	$(VENV)/bin/realistic-editing demo

# Threads of several processes would only wait for each other; and each process that a test starts would compile our files. One worker
# more than cores: tests in a browser, and of what is started as a process, wait for half of their time.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 4))')
test: $(VENV)/all
	$(VENV)/bin/python -m ruff check .
	PYTHONDONTWRITEBYTECODE= OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

docs: $(VENV)/all
	$(VENV)/bin/python -m sphinx -q -W --keep-going docs docs/_build/html
	@echo docs/_build/html/index.html

notebooks: $(VENV)/all
	$(VENV)/bin/python scripts/run_notebooks.py

clean:
	rm -rf $(VENV) build dist outputs docs/_build
