"""Compiles ONNX to "plans" without a GPU: slowly, with progress, and failing where told to."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np

from rgbt_perception.engines.cache.cached_engine import Compiler
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.plan_builder import PlanTarget
from rgbt_perception.errors import RgbtError

TARGET = PlanTarget("fake 10.0", "Fake GPU", "8.7")
_HEAD = b"fake plan\n"


def write_model(path: Path, gain: float = 2.0) -> Path:
    """A network of one layer: y = gain * x."""
    from onnx import TensorProto, helper, save

    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "gain"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 4, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 4, 8])],
        [helper.make_tensor("gain", TensorProto.FLOAT, [], [gain])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    save(model, path)
    return path


class FakeBuilder:
    """See ``PlanBuilder``. Writes a line to ``journal`` for every build."""

    def __init__(self, journal: Path, target: PlanTarget = TARGET) -> None:
        self.journal, self.runs_on = journal, target
        self.seconds = 0.0
        self.steps = 10
        self.size = 1000
        self.error = 0.0
        self.failure = ""
        self.dies_at = -1

    def target(self) -> PlanTarget:
        return self.runs_on

    def build(self, onnx, precision, progress):
        with self.journal.open("a") as file:
            file.write(f"{os.getpid()} {precision.value}\n")
        for step in range(self.steps):
            progress("timing kernels", step / self.steps)
            time.sleep(self.seconds / self.steps)
            if step == self.dies_at:
                os.kill(os.getpid(), 9)
        if self.failure:
            raise RgbtError(self.failure)
        head = {"target": [*vars(self.runs_on).values()], "error": self.error, "onnx": len(onnx)}
        return _HEAD + json.dumps(head).encode() + b"\n" + onnx + b"." * self.size


class FakeEngine:
    """See ``Engine``: what the ONNX file says, and the plan's error."""

    def __init__(self, plan: bytes, folder: Path, target: PlanTarget) -> None:
        if not plan.startswith(_HEAD):
            raise RgbtError("fake runtime: no plan")
        head, _, rest = plan.removeprefix(_HEAD).partition(b"\n")
        self.facts = json.loads(head)
        if self.facts["target"] != [*vars(target).values()]:
            raise AssertionError("a plan of another target was loaded")
        path = folder / f"{os.getpid()}.onnx"
        path.write_bytes(rest[: self.facts["onnx"]])
        self._engine = OnnxRuntimeEngine(path, 1)
        path.unlink()
        self.name, self.model, self.digest = "fake", self._engine.model, self._engine.digest
        self.metadata, self.inputs = self._engine.metadata, self._engine.inputs
        self.outputs = self._engine.outputs

    def run(self, inputs, outputs):
        results = self._engine.run(inputs, outputs)
        return {name: values + np.float32(self.facts["error"]) for name, values in results.items()}


def make_compiler(builder: FakeBuilder) -> Compiler:
    """What a runtime brings."""
    folder = builder.journal.parent
    return Compiler(
        builder,
        lambda onnx, precision: onnx,
        lambda plan: FakeEngine(plan, folder, builder.runs_on),
    )


def builds(journal: Path) -> int:
    """How often something was built."""
    return len(journal.read_text().splitlines()) if journal.exists() else 0
