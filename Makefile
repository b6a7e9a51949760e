# make demo: edit a real photo.  make test: the whole suite.  make notebooks: run them again and keep the new outputs.
# make docs: the documentation, into docs/_build/html.
# Each sets up the environment first.
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test docs notebooks install clean

install: $(VENV)/installed

# Written last, so that an installation that broke off starts again.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python >= 3.10 is needed; found %d.%d: use make PYTHON=python3.x" % sys.version_info[:2] if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $(VENV)
	@echo 'installing PyTorch and what else is needed: some minutes, about 6 GB ...'
	$(VENV)/bin/python -m pip install --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(VENV)/installed
	$(VENV)/bin/realistic-editing demo

test: $(VENV)/installed
	$(VENV)/bin/python -m ruff check .
	OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n auto --maxprocesses=4 --dist loadscope --no-loadscope-reorder   # threads of several processes only wait for each other

docs: $(VENV)/installed
	$(VENV)/bin/python -m sphinx -q -W --keep-going docs docs/_build/html
	@echo docs/_build/html/index.html

notebooks: $(VENV)/installed
	$(VENV)/bin/python scripts/run_notebooks.py

clean:
	rm -rf $(VENV) build dist outputs docs/_build
