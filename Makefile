PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
# Training has an environment of its own: it needs no test tools, and the versions with which the results were recorded.
RECORDED = $(VENV)-recorded

.PHONY: article docs paper reproduce test test-all test-arm64

# Train LeNet-5 and lay its error curves over Figure 5; a stopped run continues where it was. Then one line says whether it is,
# bit for bit, the run of this seed in the record.
reproduce: $(RECORDED)/.installed
	$(RECORDED)/bin/lenet1998 train --out reproduction --resume
	$(RECORDED)/bin/lenet1998 check experiments/results/fig5_error_curves.json --with reproduction || test $$? -eq 1

# Every experiment with one queue, then the numbers of README and docs/ and the report; a stopped one continues where it was.
# `make paper ARGS=--quick` is a trial of all in minutes, `make paper ARGS=--check` compares what is recorded with this machine, `ARGS=--plot-only` redraws.
paper: $(RECORDED)/.installed
	$(RECORDED)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[fast,baselines,hdf5]"
	$(RECORDED)/bin/python -m experiments.paper --resume --jobs 2 $(ARGS)

# The article: docs/article.pdf, by pdflatex and bibtex, which must be there (Debian: texlive-latex-extra), its page, and
# ARTIFACT.md. Its figures need MNIST; `ARGS=--no-figures` takes them as they are.
article: $(RECORDED)/.installed
	$(RECORDED)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[fast,article]"
	$(RECORDED)/bin/python -m experiments.article $(ARGS)

# `test` is the inner ring, `test-all` both (CONTRIBUTING.md).
test-all: RING = --all
test test-all: $(STAMP)
	$(BIN)/python -m tests $(RING)

# The recorded bits on arm64, emulated; as root, because it fetches Debian's packages.
test-arm64:
	tests/kernels/arm64.sh .arm64

# The site, in docs/_build: pages, API, and the notebooks with their outputs, which are run for it. It stops at a link that
# leads nowhere and at a notebook that fails. Its tools take 300 MB, in an environment of their own.
docs: $(VENV)-docs/.installed
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet
	@echo docs/_build/index.html

$(VENV)-docs/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)-docs
	$(VENV)-docs/bin/python -m pip install --quiet --editable ".[docs]"
	touch $@

$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[fast,test]"
	touch $@

$(RECORDED)/.installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(RECORDED)
	$(RECORDED)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[fast]"
	touch $@
