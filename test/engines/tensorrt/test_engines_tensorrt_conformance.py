"""Every call and argument that is used exists in every version, asked of the real bindings.

The bindings load without a GPU beside stubs of the libraries that they belong to. They are
NVIDIA's, not ours to hand on: `make tensorrt-wheels` fetches them, RGBT_TENSORRT_WHEELS names the
folder. TensorRT 8.6 has no wheel that a current Python loads; for it there is only the fake.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from binding_signatures import (
    CLASSES,
    FOLDER,
    differences,
    documented,
    enumeration_members,
    function_differences,
    members,
)

ROOT = Path(__file__).parents[3]
WHEELS = Path(os.environ.get("RGBT_TENSORRT_WHEELS", ROOT / ".venv" / "tensorrt-wheels"))
TENSORRT = ["10.0.1", "10.16.1.11", "11.4.0.106"]
CUDA = ["12.9", "13.5"]
# What the bindings look for when they are loaded.
SYMBOLS = [
    "createInferBuilder_INTERNAL",
    "createInferRuntime_INTERNAL",
    "createInferRefitter_INTERNAL",
    "createNvOnnxParser_INTERNAL",
    "createNvOnnxParserRefitter_INTERNAL",
    "getNvOnnxParserVersion",
    "getPluginRegistry",
    "getBuilderPluginRegistry",
    "initLibNvInferPlugins",
]
LIBRARIES = ["libnvinfer", "libnvinfer_plugin", "libnvonnxparser"]


def unpack(name: str, version: str, folder: Path) -> None:
    """One wheel of this Python into a folder; skips where there is none."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    tag = f"-{python}-" if name != "cuda_pathfinder" else "-py3-"
    machine = sysconfig.get_platform().rpartition("-")[2]
    fitting = [
        path
        for path in WHEELS.glob(f"{name}-{version}*.whl")
        if tag in path.name and ("any" in path.name or machine in path.name)
    ]
    if not fitting:
        pytest.skip(f"no wheel {name} {version} of {python} in {WHEELS}: make tensorrt-wheels")
    with zipfile.ZipFile(fitting[0]) as archive:
        archive.extractall(folder)


def stub_libraries(major: str, folder: Path) -> None:
    """Libraries that have the symbols and can nothing."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the stub of TensorRT's libraries")
    source = folder / "stub.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in SYMBOLS))
    first = folder / f"{LIBRARIES[0]}.so.{major}"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(first), str(source)], check=True)
    for name in LIBRARIES[1:]:
        shutil.copy(first, folder / f"{name}.so.{major}")


def compared(kind: str, folder: Path) -> list[str]:
    """Differences that another Python finds, into which the bindings are loaded."""
    paths = [folder, ROOT, ROOT / "test" / "support"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "LD_LIBRARY_PATH": str(folder),
    }
    script = ROOT / "test" / "support" / "binding_signatures.py"
    done = subprocess.run(
        [sys.executable, str(script), kind],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    *found, last = done.stdout.splitlines() or [""]
    assert (last, done.returncode) == (f"compared {kind}", 0), done.stderr
    return found


@pytest.mark.parametrize("version", TENSORRT)
def test_what_is_used_of_tensorrt_is_there(version, tmp_path):
    unpack("tensorrt_cu12_bindings", version, tmp_path)
    stub_libraries(version.partition(".")[0], tmp_path)
    assert compared("tensorrt", tmp_path) == []


@pytest.mark.parametrize("version", CUDA)
def test_what_is_used_of_cuda_is_there(version, tmp_path):
    unpack("cuda_bindings", version, tmp_path)
    unpack("cuda_pathfinder", "", tmp_path)
    assert compared("cuda", tmp_path) == []


# The list of what is used is true, with and without the bindings.


def test_everything_listed_is_used():
    files = [path for path in FOLDER.glob("*.py") if path.name != "protocols.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for name, protocol in CLASSES.items():
        for member in members(protocol):
            # An overridden method is defined, all others are called.
            used = re.search(rf"\.{member}\b|def {member}\(", text)
            assert used, f"{name}.{member} is listed and not used"


def test_enumerations_are_found_where_they_are_used():
    used = enumeration_members(FOLDER.glob("*.py"))
    assert {
        ("TensorIOMode", "INPUT"),
        ("MemoryPoolType", "WORKSPACE"),
        ("BuilderFlag", "TF32"),
        ("cudaMemcpyKind", "cudaMemcpyHostToDevice"),
        ("cudaError_t", "cudaErrorNoDevice"),
    } <= used


def test_a_difference_is_found():
    class Context:
        def set_tensor_address(self):
            """set_tensor_address(self: IExecutionContext, tensor: str, memory: int) -> bool"""

        def execute_async_v3(self):
            """execute_async_v3(self: IExecutionContext, stream_handle: int) -> None"""

    assert differences("IExecutionContext", Context) == [
        "IExecutionContext.set_tensor_address(name, memory): it is (tensor, memory) -> bool",
        "IExecutionContext.execute_async_v3(stream_handle): it is (stream_handle) -> None",
    ]
    gone = differences("IExecutionContext", SimpleNamespace())
    assert gone == [
        "IExecutionContext.set_tensor_address: missing",
        "IExecutionContext.execute_async_v3: missing",
    ]


def test_signatures_are_read_as_both_generators_write_them():
    pybind = (
        "parse(*args, **kwargs)\nOverloaded function.\n\n"
        "1. parse(self: trt.OnnxParser, model: buffer, path: str = None) -> bool\n\n"
        "2. parse(self: trt.OnnxParser, flags: List[Dict[str, int]] = <F.A: 1>) -> None\n"
    )
    assert list(documented(pybind, "parse")) == [
        ([("model", False), ("path", True)], "bool"),
        ([("flags", True)], "None"),
    ]
    cython = "copy(dst, src, size_t count, kind: cudaMemcpyKind, stream)\nCopies."
    names = ["dst", "src", "count", "kind", "stream"]
    assert list(documented(cython, "copy")) == [([(name, False) for name in names], "")]

    def ours(self, model): ...

    theirs = SimpleNamespace(__doc__=pybind, __name__="parse")
    assert function_differences("parse", ours, theirs, typed=False) == []
