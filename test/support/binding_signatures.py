"""Whether what we use of a binding, written down as protocols, is what the binding has.

``python binding_signatures.py tensorrt|cuda`` compares the one that can be imported and exercises
the code that is specific to versions; every line that it prints is a difference.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any, get_type_hints

import rgbt_perception.engines.tensorrt as package
from rgbt_perception.engines.tensorrt import protocols

FOLDER = Path(package.__file__).parent
CLASSES = {
    name: value
    for name, value in vars(protocols).items()
    if inspect.isclass(value) and value.__module__ == protocols.__name__ and name[0] != "_"
}
# Types of results that both sides write alike.
_PLAIN_TYPES = {bool: "bool", int: "int", str: "str"}


def members(protocol: type) -> dict[str, Any]:
    """What a protocol asks for: functions and properties by name."""
    own = {name: value for name, value in vars(protocol).items() if not name.startswith("_")}
    return {
        name: value
        for name, value in own.items()
        if inspect.isfunction(value) or isinstance(value, property)
    }


def parameters(function: Any) -> list[str]:
    """Names of a function's parameters, without self."""
    return [name for name in inspect.signature(function).parameters if name != "self"]


def documented(docstring: str, name: str) -> Iterator[tuple[list[tuple[str, bool]], str]]:
    """Signatures in a docstring of pybind11 or Cython.

    Yields:
        Each overload's parameters, as name and whether it may be left out, and its result's type.
    """
    pattern = rf"^(?:\d+\. )?{name}\((?P<inside>.*)\)(?: -> (?P<result>.+))?$"
    for found in re.finditer(pattern, docstring, re.MULTILINE):
        if found["inside"] == "*args, **kwargs":
            continue
        parts = []
        for part in _split(found["inside"]):
            word = part.partition(":")[0].partition("=")[0].split()[-1]
            if word != "self":
                parts.append((word, "=" in part))
        yield parts, found["result"] or ""


def _split(inside: str) -> list[str]:
    """At the commas that are not within brackets."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter in "([{<") - (letter in ")]}>")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def function_differences(name: str, ours: Any, theirs: Any, typed: bool) -> list[str]:
    """How a function of a binding differs from ours; one matching overload is enough."""
    wanted = parameters(ours)
    seen = []
    for known, result in documented(theirs.__doc__ or "", theirs.__name__):
        names = [word for word, _ in known]
        rest = known[len(wanted) :]
        expected = get_type_hints(ours).get("return") if typed else None
        fits = names[: len(wanted)] == wanted and all(optional for _, optional in rest)
        if fits and _PLAIN_TYPES.get(expected, result) == result:
            return []
        seen.append(f"({', '.join(names)}) -> {result}")
    return [f"{name}({', '.join(wanted)}): it is {' or '.join(seen) or 'not documented'}"]


def differences(protocol: str, theirs: Any) -> list[str]:
    """How a class or module of a binding differs from a protocol."""
    found = []
    for name, ours in members(CLASSES[protocol]).items():
        full = f"{protocol}.{name}"
        real = getattr(theirs, name, None)
        if real is None:
            found.append(f"{full}: missing")
        elif inspect.isclass(real) and inspect.isfunction(ours):
            found += function_differences(full, ours, real.__init__, typed=False)
        elif inspect.isfunction(ours):
            found += function_differences(full, ours, real, typed=protocol != "CudaRuntime")
    return found


def enumeration_members(files: Iterator[Path]) -> set[tuple[str, str]]:
    """Enumeration and member wherever ``trt.X.Y`` or ``runtime.X.Y`` is written."""
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                root = node.value.value
                name = root.id if isinstance(root, ast.Name) else getattr(root, "attr", "")
                if name.strip("_") in ("trt", "runtime"):
                    found.add((node.value.attr, node.attr))
    return found


def compare_tensorrt() -> Iterator[str]:
    """The imported TensorRT against all protocols; then the code that differs by version."""
    import tensorrt_bindings as trt

    sys.modules["tensorrt"] = trt
    for name in CLASSES:
        if name == "TensorRt":
            yield from differences(name, trt)
        elif name != "CudaRuntime":
            real = getattr(trt, name, None)
            yield from [f"{name}: missing"] if real is None else differences(name, real)
    everywhere = (path for path in FOLDER.glob("*.py") if path.name != "versions.py")
    for enumeration, member in sorted(enumeration_members(everywhere)):
        if hasattr(trt, enumeration) and not hasattr(getattr(trt, enumeration), member):
            yield f"{enumeration}.{member}: missing"
    yield from _exercise(trt)
    yield from _fake_differences(trt)


def _fake_differences(trt: Any) -> Iterator[str]:
    """What the played TensorRT has and the real one of that version has not, or otherwise."""
    from fake_tensorrt import fake_tensorrt

    for name, played in vars(fake_tensorrt(trt.__version__)).items():
        real = getattr(trt, name, None)
        if real is None:
            yield f"fake {name}: not in the real one"
        elif inspect.isclass(played) and issubclass(played, IntEnum):
            for member in played:
                if int(getattr(real, member.name, -1)) != member:
                    yield f"fake {name}.{member.name} = {int(member)}: otherwise in the real one"
        elif inspect.isclass(played):
            for member in vars(played):
                if member[0] != "_" and not hasattr(real, member):
                    yield f"fake {name}.{member}: not in the real one"


def compare_cuda() -> Iterator[str]:
    """The imported CUDA bindings; then what they say without a GPU."""
    from rgbt_perception.engines.tensorrt.cuda import Cuda, load_cuda
    from rgbt_perception.errors import RgbtError

    runtime = load_cuda()
    yield from differences("CudaRuntime", runtime)
    for enumeration, member in sorted(enumeration_members(FOLDER.glob("*.py"))):
        if enumeration.startswith("cuda") and not hasattr(getattr(runtime, enumeration), member):
            yield f"{enumeration}.{member}: missing"
    _, devices = runtime.cudaGetDeviceCount()
    try:
        Cuda(runtime)
    except RgbtError as error:
        if devices or not str(error).startswith("GPU: ") or "\n" in str(error):
            yield f"without a GPU: {error}"
    else:
        if not devices:
            yield "without a GPU: no error"


class _Config:
    """Takes what a builder's configuration takes."""

    def __init__(self) -> None:
        self.flags: list[str] = []
        self.progress_monitor: Any = None

    def set_flag(self, flag: Any) -> None:
        self.flags.append("+" + flag.name)

    def clear_flag(self, flag: Any) -> None:
        self.flags.append("-" + flag.name)


def _exercise(trt: Any) -> Iterator[str]:
    """All that depends on the version, with the real module as far as it goes without a GPU."""
    from fake_cuda import FakeCuda

    from rgbt_perception.engines.plan_builder import Precision
    from rgbt_perception.engines.tensorrt import versions
    from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
    from rgbt_perception.engines.tensorrt.cuda import Cuda
    from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
    from rgbt_perception.errors import RgbtError

    if versions.load_tensorrt() is not trt:
        yield "load_tensorrt: another module"
    strong = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    if versions.network_flags(trt) != strong:
        yield f"network_flags: {versions.network_flags(trt)}"
    for precision in Precision:
        config = _Config()
        versions.apply_precision(trt, config, None, precision)
        if config.flags != ["-TF32"]:
            yield f"apply_precision {precision.value}: {config.flags}"
    shares = []
    if not versions.report_progress(trt, config, lambda what, share: shares.append(share)):
        yield "report_progress: not possible"
    monitor = config.progress_monitor
    if not isinstance(monitor, trt.IProgressMonitor):
        yield "report_progress: no IProgressMonitor"
    base = trt.IProgressMonitor
    for name in ("phase_start", "step_complete", "phase_finish"):
        real = getattr(base, name)
        yield from function_differences(name, getattr(type(monitor), name), real, typed=False)
    monitor.phase_start("whole", None, 4)
    if monitor.step_complete("whole", 1) is not True or shares != [0.0, 0.5]:
        yield f"progress: {shares}"
    cuda = Cuda(FakeCuda())
    for what, work in {
        "builder cannot be made": lambda: TensorRtBuilder(trt, cuda).build(
            b"", Precision.FP32, lambda what, share: None
        ),
        "runtime cannot be made": lambda: TensorRtEngine(
            b"", ModelCard("m", "", {}, "fp32"), trt, cuda
        ),
    }.items():
        try:
            work()
        except RgbtError as error:
            if what not in str(error) or "\n" in str(error):
                yield f"{what}: {error}"
        else:
            yield f"{what}: no error"


if __name__ == "__main__":
    for line in {"tensorrt": compare_tensorrt, "cuda": compare_cuda}[sys.argv[1]]():
        print(line)
    print(f"compared {sys.argv[1]}")
