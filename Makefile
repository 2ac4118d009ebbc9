PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: reproduce test

# Train LeNet-5 and lay its error curves over Figure 5; a stopped run continues where it was.
reproduce: $(STAMP)
	$(BIN)/lenet1998 train --out reproduction --resume

# The suite with compiled kernels, then once more with kernels as plain Python, where NumPy checks every index. The second
# run leaves out what never reaches a kernel: data, images, other classifiers, and experiments, all on the NumPy engine.
WITHOUT_KERNELS = --ignore-glob='*/test_data_*' $(foreach what,prepare synthetic sweep deslant classifiers rejection \
	section3 ablation compare experiments teaching figures pretrained distortions fig13 activations show_draw \
	estimator export public report faults fuzz lock section3_networks notebooks wheel,--ignore=tests/test_$(what).py)

# Whole files go to a core, because the tests of a file share what they have compiled.
ALL_CORES = --numprocesses=auto --dist=loadfile

# The first run includes the notebooks, a minute for each cell at most.
test: $(STAMP)
	$(BIN)/python -m pytest $(ALL_CORES) --nbmake --nbmake-timeout=60
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest $(ALL_CORES) $(WITHOUT_KERNELS)

$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[fast,test]"
	touch $@
