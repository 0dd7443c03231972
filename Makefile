# `make demo` and `make test` are all a newcomer needs; both make their own virtual environment.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The environment is kept while these files are unchanged.
STAMP := $(shell cat constraints.txt setup.py | cksum | cut -d' ' -f1)

.PHONY: demo test ros-test soak accuracy segmentation gpu-check tensorrt-wheels check format sample pictures clean

demo: $(VENV)/.demo-$(STAMP)
	$(BIN)/rgbt demo --out out/demo

# A file's tests run in one process: what they share, as a trained network, is made once.
test: check
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.test-$(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# colcon builds and the tests on a real ROS 2; says so and does nothing where there is none.
ros-test:
	.ci/ros

# Each part in a process of its own, so that one that fails or is killed leaves the others to run.
soak: $(VENV)/.test-$(STAMP)
	@failed=; for part in test/soak/test_*.py; do \
	  echo "== $$part"; \
	  $(BIN)/python -m pytest -m slow -rfEs $$part || failed="$$failed $$part"; \
	done; \
	if [ -n "$$failed" ]; then echo "soak: failed:$$failed" >&2; exit 1; fi; \
	echo "soak: all passed"

# What the depth must hold, in every condition: out/accuracy/accuracy.md.
accuracy: $(VENV)/.test-$(STAMP)
	$(BIN)/python -m rgbt_perception.evaluation.suite

# What the labels must hold, on the same recordings: out/segmentation/segmentation.md.
segmentation: $(VENV)/.test-$(STAMP)
	$(BIN)/python -m rgbt_perception.evaluation.suite.segmentation_command

# On a machine with an NVIDIA GPU, in under ten minutes: out/gpu-check/gpu_check.json.
gpu-check: $(VENV)/.gpu-$(STAMP)
	$(BIN)/python -m pytest -m gpu -rs test/engines/tensorrt
	$(BIN)/python -m rgbt_perception.evaluation.gpu_check

# The bindings that the engine's calls are compared with, by `make test` from then on. They are
# NVIDIA's, under a licence that is not ours to hand them on with.
WHEELS := $(VENV)/tensorrt-wheels
tensorrt-wheels: $(VENV)/.test-$(STAMP)
	for wheel in tensorrt_cu12_bindings==10.0.1 tensorrt_cu12_bindings==10.16.1.11 \
	  tensorrt_cu12_bindings==11.4.0.106 'cuda-bindings==12.9.*' 'cuda-bindings==13.5.*' \
	  cuda-pathfinder; do \
	  $(BIN)/python -m pip download --quiet --no-deps --only-binary :all: -d $(WHEELS) "$$wheel" \
	    || exit 1; \
	done

format: $(VENV)/.test-$(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.demo-$(STAMP):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed")'
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.test-$(STAMP): $(VENV)/.demo-$(STAMP)
	$(PIP) -e '.[live,cpu,sim,train,test]'
	touch $@

$(VENV)/.gpu-$(STAMP): $(VENV)/.test-$(STAMP)
	$(PIP) -e '.[gpu]' || echo "gpu-check: TensorRT cannot be installed, others are measured"
	touch $@

# The recording that the demo replays: night, smoke, each camera silent once.
sample: $(VENV)/.test-$(STAMP)
	$(BIN)/rgbt simulate --scene street --light night --weather smoke --seed 800411 \
	  --seconds 4.4 --rate 10 --rgb-size 640x480 --thermal-size 320x256 --compressed \
	  --dropout rgb:1.0-1.6 --dropout thermal:2.6-3.2 --out samples/night_smoke.mcap

# The README's pictures of the sample; the report is drawn by Chromium.
pictures: demo
	$(BIN)/python -m rgbt_perception.evaluation.showcase out/demo docs

clean:
	rm -rf $(VENV) out build dist *.egg-info
