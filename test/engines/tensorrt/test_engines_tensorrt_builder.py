"""What a build asks of each version, and what it says when it fails."""

from __future__ import annotations

import sys
import types

import pytest

pytest.importorskip("onnx")
import onnx
from fake_cuda import FakeCuda
from fake_tensorrt import fake_tensorrt, plan_header
from onnx import TensorProto
from small_network import small_network

from rgbt_perception.engines.plan_builder import PlanTarget, Precision
from rgbt_perception.engines.tensorrt import cuda, versions
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda, load_cuda
from rgbt_perception.errors import RgbtError

VERSIONS = ["8.6.1", "10.0.1", "10.16.1.11", "11.4.0.106"]
NETWORK = small_network()


def builder(version="10.16.1.11", **faults):
    driver = FakeCuda()
    return TensorRtBuilder(fake_tensorrt(version, driver, **faults), Cuda(driver))


def build(version, network=NETWORK, precision=Precision.FP32, **faults):
    return builder(version, **faults).build(network, precision, lambda what, share: None)


def half_network() -> bytes:
    """The small network's weights in half precision, with casts around."""
    model = onnx.load_model_from_string(NETWORK)
    weight = next(item for item in model.graph.initializer if item.name == "weight")
    half = onnx.numpy_helper.to_array(weight).astype("float16")
    weight.CopyFrom(onnx.numpy_helper.from_array(half, "weight"))
    conv = model.graph.node[0]
    conv.input[0] = "picture_half"
    before = onnx.helper.make_node("Cast", ["picture"], ["picture_half"], to=TensorProto.FLOAT16)
    conv.output[0] = "wide_half"
    after = onnx.helper.make_node("Cast", ["wide_half"], ["wide"], to=TensorProto.FLOAT)
    model.graph.node.insert(0, before)
    model.graph.node.insert(2, after)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_the_target_names_everything_that_a_plan_depends_on():
    assert builder().target() == PlanTarget("tensorrt 10.16.1.11", "Fake GPU", "8.7")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("precision", Precision)
def test_every_precision_is_built_by_every_version(version, precision):
    network = NETWORK if precision is Precision.FP32 else half_network()
    header = plan_header(build(version, network, precision))
    assert "TF32" not in header["flags"]
    assert header["workspace"] == 1 << 30
    assert header["strong"] == (not version.startswith("8"))
    if version.startswith("8") and precision is not Precision.FP32:
        expected = [
            "FP16",
            *["INT8"] * (precision is Precision.INT8),
            "PREFER_PRECISION_CONSTRAINTS",
        ]
        assert header["flags"] == expected
        # All but the convolution and the cast before it.
        assert header["marked"] == 5
    else:
        assert header["flags"] == []
        assert header["marked"] == 0


def test_progress_goes_up_to_the_end_and_8_6_says_that_it_cannot_tell():
    told = []
    for version in ("10.0.1", "8.6.1"):
        told.clear()
        maker = builder(version)
        maker.build(NETWORK, Precision.FP32, lambda what, share: told.append((what, share)))
        shares = [share for _, share in told]
        assert shares == sorted(shares)
        assert told[-1] == ("built", 1.0)
        if version == "10.0.1":
            # A quarter of a phase that is one of two steps.
            assert ("Timing", 0.125) in told
        else:
            assert "without news" in told[-2][0]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_build_knows_what_the_last_one_timed(version):
    maker = builder(version)
    known = []
    for _ in range(3):
        plan = maker.build(NETWORK, Precision.FP32, lambda what, share: None)
        known.append(plan_header(plan)["timed"].count("kernel"))
    assert known == [0, 1, 2]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_failed_build_gives_the_reason_in_one_line(version):
    with pytest.raises(RgbtError) as caught:
        build(version, build_fault="Could not find any implementation\nfor node conv.")
    assert str(caught.value) == (
        f"tensorrt {version}: the build failed (Could not find any implementation for node conv.)"
    )


def test_a_file_that_cannot_be_read_and_a_library_that_makes_nothing():
    with pytest.raises(RgbtError, match=r"ONNX file cannot be read \(node 0: Failed to parse"):
        build("10.0.1", b"no model")
    with pytest.raises(RgbtError, match=r"builder cannot be made \(CUDA initialization failure"):
        build("10.0.1", no_library=True)


# Loading


def test_versions_that_are_not_known_are_named(monkeypatch):
    for version, known in (
        ("8.5.3", False),
        ("8.6.0", True),
        ("11.4.0.106", True),
        ("12.0", False),
    ):
        monkeypatch.setitem(sys.modules, "tensorrt", types.SimpleNamespace(__version__=version))
        if known:
            assert versions.load_tensorrt().__version__ == version
        else:
            with pytest.raises(RgbtError, match=f"version {version}, expected 8.6, 10 or 11"):
                versions.load_tensorrt()


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (None, r"engine tensorrt: not installed; expected the package tensorrt of JetPack"),
        ("import tensorrt_bindings_that_are_missing", "cannot be loaded .*No module named"),
        ("raise ImportError('libnvinfer.so.10: cannot open')", r"library .*libnvinfer\.so\.10"),
        ("raise OSError('libcudart.so.12:\\n no such file')", r"libcudart\.so\.12: no such file"),
    ],
)
def test_a_module_that_cannot_be_loaded(monkeypatch, tmp_path, code, line):
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    if code is None:
        # As an import that finds nothing, also where there is one.
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if "Path" in str(f)])
    else:
        (tmp_path / "tensorrt.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(RgbtError, match=line):
        versions.load_tensorrt()


def test_bindings_that_lack_something_are_installed_all_the_same(monkeypatch, tmp_path):
    """Who is told to install what is there looks in the wrong place."""
    package = tmp_path / "cuda" / "bindings"
    package.mkdir(parents=True)
    (package / "runtime.py").write_text("import of_another_package")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "cuda"]:
        monkeypatch.delitem(sys.modules, name)
    line = r"cuda-bindings cannot be loaded \(No module named 'of_another_package'\)"
    with pytest.raises(RgbtError, match=line):
        load_cuda()


def test_bindings_of_cuda_that_are_missing_or_broken(monkeypatch, tmp_path):
    for name in ("cuda", "cuda.bindings", "cuda.bindings.runtime", "cuda.cudart"):
        monkeypatch.setitem(sys.modules, name, None)
    # Who has no GPU is not told to install them.
    monkeypatch.setattr(cuda, "has_driver", lambda: False)
    with pytest.raises(RgbtError, match="GPU: no NVIDIA driver is installed"):
        load_cuda()
    monkeypatch.setattr(cuda, "has_driver", lambda: True)
    with pytest.raises(RgbtError, match="cuda-bindings is not installed; expected `pip install"):
        load_cuda()
    old = types.ModuleType("cuda.cudart")
    monkeypatch.setitem(sys.modules, "cuda", types.ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.cudart", old)
    assert load_cuda() is old
