"""TensorRT without a GPU: as each version has it, and refusing what that version refuses.

A plan is the ONNX file with a header; executing it runs ONNX Runtime on the fake GPU's memory, so
that results can be compared with ONNX Runtime's own.
"""

from __future__ import annotations

import json
from enum import Enum, IntEnum
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
from fake_cuda import FakeCuda

_MAGIC = b"fake plan\n"
_TYPES = {
    onnx.TensorProto.FLOAT: "FLOAT",
    onnx.TensorProto.FLOAT16: "HALF",
    onnx.TensorProto.INT8: "INT8",
    onnx.TensorProto.INT32: "INT32",
    onnx.TensorProto.BOOL: "BOOL",
    onnx.TensorProto.UINT8: "UINT8",
    onnx.TensorProto.INT64: "INT64",
}
_ARRAYS = {"FLOAT": np.float32, "HALF": np.float16, "UINT8": np.uint8, "INT64": np.int64}
_sessions: dict[bytes, onnxruntime.InferenceSession] = {}


def _session(content: bytes) -> onnxruntime.InferenceSession:
    if content not in _sessions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        _sessions[content] = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
    return _sessions[content]


def fake_tensorrt(
    version: str = "10.16.1.11",
    cuda: FakeCuda | None = None,
    build_fault: str = "",
    execute_fault: str = "",
    recording_fault: str = "",
    no_context: bool = False,
    no_library: bool = False,
):
    """The module ``tensorrt`` of a version.

    Args:
        version: whose names, numbers and refusals are taken; 8.6, 10 or 11.
        cuda: whose memory it works on.
        build_fault, execute_fault: makes that fail, with this line in the log.
        recording_fault: likewise of an execution that is recorded.
        no_context: there is no memory to execute in.
        no_library: nothing can be made, as with a driver that does not fit.
    """
    major = int(version.split(".")[0])
    gpu = FakeCuda() if cuda is None else cuda

    class Severity(Enum):
        INTERNAL_ERROR = 0
        ERROR = 1
        WARNING = 2
        INFO = 3

    class ILogger:
        def __init__(self):
            self._made = True

        def log(self, severity, msg):
            # As the bindings say of a function that C++ calls and Python has to override.
            raise RuntimeError('Tried to call pure virtual function "nvinfer1::ILogger::log"')

    def take_logger(logger):
        if not isinstance(logger, ILogger) or not getattr(logger, "_made", False):
            raise TypeError("ILogger.__init__() must be called when overriding __init__")
        if no_library:
            logger.log(Severity.ERROR, "CUDA initialization failure with error: 35")
            raise TypeError("pybind11::init(): factory function returned nullptr")
        return logger

    data_types = {"FLOAT": 0, "HALF": 1, "INT8": 2, "INT32": 3, "BOOL": 4, "UINT8": 5}
    if major > 8:
        data_types |= {"BF16": 7, "INT64": 8}
    DataType = IntEnum("DataType", data_types)
    TensorIOMode = IntEnum("TensorIOMode", ["NONE", "INPUT", "OUTPUT"], start=0)
    MemoryPoolType = IntEnum("MemoryPoolType", ["WORKSPACE", "DLA_MANAGED_SRAM"], start=0)
    flags = {
        8: {"EXPLICIT_BATCH": 0},
        10: {"EXPLICIT_BATCH": 0, "STRONGLY_TYPED": 1},
        11: {"STRONGLY_TYPED": 0},
    }[major]
    NetworkDefinitionCreationFlag = IntEnum("NetworkDefinitionCreationFlag", flags)
    builder_flags = {"TF32": 6, "REFIT": 4}
    if major < 11:
        builder_flags |= {"FP16": 0, "INT8": 1, "PREFER_PRECISION_CONSTRAINTS": 10}
    BuilderFlag = IntEnum("BuilderFlag", builder_flags)

    class ILayer:
        __slots__ = ("_outputs", *["precision"] * (major < 11))

        def __init__(self, outputs):
            self._outputs = [SimpleNamespace(dtype=dtype) for dtype in outputs]

        @property
        def num_outputs(self):
            return len(self._outputs)

        def get_output(self, index):
            return self._outputs[index]

    class INetworkDefinition:
        def __init__(self, flags):
            def has(name):
                bit = getattr(NetworkDefinitionCreationFlag, name, None)
                return bit is not None and bool(flags >> int(bit) & 1)

            self.explicit = major > 8 or has("EXPLICIT_BATCH")
            self.strong = major > 10 or has("STRONGLY_TYPED")
            self.content = b""
            self.layers = []

        @property
        def num_layers(self):
            return len(self.layers)

        def get_layer(self, index):
            return self.layers[index]

    class ParserError:
        def __init__(self, text):
            self._text = text

        def desc(self):
            return self._text

        def node(self):
            return 0

    class OnnxParser:
        def __init__(self, network, logger):
            self._network, self._logger, self._errors = network, take_logger(logger), []

        @property
        def num_errors(self):
            return len(self._errors)

        def get_error(self, index):
            return self._errors[index]

        def parse(self, model):
            text = ""
            try:
                parsed = onnx.load_model_from_string(bytes(model))
                onnx.checker.check_model(parsed)
            except Exception:
                text = "Failed to parse the ONNX model."
            else:
                if not self._network.explicit:
                    text = "This version of the parser only supports explicit batch networks."
                for value in parsed.graph.input:
                    if value.type.tensor_type.elem_type not in _TYPES:
                        text = f"Unsupported element type of input {value.name}."
            if text:
                self._errors.append(ParserError(text))
                return False
            self._network.content = bytes(model)
            inferred = onnx.shape_inference.infer_shapes(parsed).graph
            kinds = {
                value.name: value.type.tensor_type.elem_type
                for value in (*inferred.value_info, *inferred.output)
            }
            for node in parsed.graph.node:
                names = [_TYPES.get(kinds.get(name, 1), "FLOAT") for name in node.output]
                known = [DataType[name] for name in names if name in DataType.__members__]
                self._network.layers.append(ILayer(known))
            return True

    class IHostMemory(bytearray):
        @property
        def nbytes(self):
            return len(self)

    class ITimingCache:
        def __init__(self, content):
            self._content = content

        def serialize(self):
            return IHostMemory(self._content)

    class IBuilderConfig:
        # As in the bindings: an attribute that is misspelt is an error.
        __slots__ = ("_flags", "_limits", "_timings", *["progress_monitor"] * (major > 8))

        def __init__(self):
            self._flags, self._limits, self._timings = {BuilderFlag.TF32}, {}, None
            if major > 8:
                self.progress_monitor = None

        def set_memory_pool_limit(self, pool, pool_size):
            self._limits[MemoryPoolType(pool)] = int(pool_size)

        def set_flag(self, flag):
            self._flags.add(BuilderFlag(flag))

        def create_timing_cache(self, serialized_timing_cache):
            return ITimingCache(bytes(serialized_timing_cache))

        def set_timing_cache(self, cache, ignore_mismatch):
            assert ignore_mismatch is False
            self._timings = cache
            return True

        def clear_flag(self, flag):
            self._flags.discard(BuilderFlag(flag))

    class Builder:
        def __init__(self, logger):
            self._logger = take_logger(logger)

        def create_network(self, flags=0):
            return INetworkDefinition(flags)

        def create_builder_config(self):
            return IBuilderConfig()

        def build_serialized_network(self, network, config):
            problem = build_fault
            reduced = {name for name in ("FP16", "INT8") if name in BuilderFlag.__members__}
            asked = {flag.name for flag in config._flags} & reduced
            parsed = onnx.load_model_from_string(network.content)
            half = any(item.data_type == 10 for item in parsed.graph.initializer)
            if network.strong and asked:
                problem = f"{asked} cannot be set in a strongly typed network"
            if not network.strong and half and "FP16" not in asked:
                problem = "a float16 network needs the flag FP16"
            if problem:
                self._logger.log(Severity.ERROR, problem)
                return None
            monitor = getattr(config, "progress_monitor", None)
            if monitor is not None:
                monitor.phase_start("Building Engine", None, 2)
                monitor.phase_start("Timing", "Building Engine", 4)
                for step in range(4):
                    monitor.step_complete("Timing", step)
                monitor.phase_finish("Timing")
                for step in range(2):
                    monitor.step_complete("Building Engine", step)
                monitor.phase_finish("Building Engine")
            marked = sum(hasattr(layer, "precision") for layer in network.layers)
            timed = config._timings._content if config._timings else b""
            if config._timings:
                config._timings._content = timed + b"kernel,"
            header = {
                "version": version,
                "timed": timed.decode(),
                "flags": sorted(flag.name for flag in config._flags),
                "workspace": config._limits.get(MemoryPoolType.WORKSPACE),
                "marked": marked,
                "strong": network.strong,
            }
            return IHostMemory(_MAGIC + json.dumps(header).encode() + b"\n" + network.content)

    class IExecutionContext:
        def __init__(self, engine, logger):
            self._engine, self._logger = engine, logger
            self._addresses: dict[str, int] = {}
            self._ran = False

        def set_tensor_address(self, name, memory):
            if name not in self._engine._tensors:
                self._logger.log(Severity.ERROR, f"no tensor {name}")
                return False
            self._addresses[name] = int(memory)
            return True

        def execute_async_v3(self, stream_handle):
            for name in self._engine._tensors:
                if not self._addresses.get(name):
                    self._logger.log(Severity.ERROR, f"Address is not set for tensor {name}.")
                    return False
            if execute_fault:
                self._logger.log(Severity.ERROR, execute_fault)
                return False
            stream = gpu.streams[stream_handle]
            if stream.recording is not None and recording_fault:
                self._logger.log(Severity.ERROR, recording_fault)
                return False
            if stream.recording is not None and not self._ran:
                stream.broken = True
            self._ran = True
            addresses = dict(self._addresses)
            gpu.enqueue(stream_handle, lambda: self._execute(addresses))
            return True

        def _execute(self, addresses):
            def array(name):
                _, dtype, shape = self._engine._tensors[name]
                dtype = np.dtype(_ARRAYS[dtype.name])
                size = dtype.itemsize * int(np.prod(shape))
                memory = gpu.bytes_at(addresses[name], size)
                return np.frombuffer(memory, dtype, count=size // dtype.itemsize).reshape(shape)

            tensors = self._engine._tensors
            inputs = {n: array(n).copy() for n, t in tensors.items() if t[0] is TensorIOMode.INPUT}
            names = [n for n in tensors if n not in inputs]
            results = _session(self._engine._content).run(names, inputs)
            for name, values in zip(names, results, strict=True):
                array(name)[...] = values

    class ICudaEngine:
        def __init__(self, content, logger):
            self._content, self._logger = content, logger
            graph = onnx.load_model_from_string(content).graph
            self._tensors = {}
            modes = ((TensorIOMode.INPUT, graph.input), (TensorIOMode.OUTPUT, graph.output))
            for mode, values in modes:
                for value in values:
                    kind = value.type.tensor_type
                    shape = [d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim]
                    dtype = DataType[_TYPES[kind.elem_type]]
                    self._tensors[value.name] = (mode, dtype, tuple(shape))

        @property
        def num_io_tensors(self):
            return len(self._tensors)

        def get_tensor_name(self, index):
            return list(self._tensors)[index]

        def get_tensor_mode(self, name):
            return self._tensors[name][0]

        def get_tensor_dtype(self, name):
            return self._tensors[name][1]

        def get_tensor_shape(self, name):
            return self._tensors[name][2]

        def create_execution_context(self):
            if no_context:
                self._logger.log(Severity.ERROR, "out of memory")
                return None
            return IExecutionContext(self, self._logger)

    class Runtime:
        def __init__(self, logger):
            self._logger = take_logger(logger)

        def deserialize_cuda_engine(self, serialized_engine):
            plan = bytes(serialized_engine)
            header = plan.removeprefix(_MAGIC).partition(b"\n")[0]
            if not plan.startswith(_MAGIC) or json.loads(header)["version"] != version:
                self._logger.log(Severity.ERROR, "Version tag does not match.\nSee the log.")
                return None
            content = plan[len(_MAGIC) + len(header) + 1 :]
            try:
                _session(content)
            except Exception:
                self._logger.log(Severity.ERROR, "Serialized engine is damaged.")
                return None
            return ICudaEngine(content, self._logger)

    def init_libnvinfer_plugins(logger, namespace):
        assert isinstance(logger, ILogger)
        return True

    module = SimpleNamespace(
        __version__=version,
        BuilderFlag=BuilderFlag,
        DataType=DataType,
        MemoryPoolType=MemoryPoolType,
        NetworkDefinitionCreationFlag=NetworkDefinitionCreationFlag,
        TensorIOMode=TensorIOMode,
        ILogger=ILogger,
        Runtime=Runtime,
        Builder=Builder,
        OnnxParser=OnnxParser,
        init_libnvinfer_plugins=init_libnvinfer_plugins,
    )
    if major > 8:

        class IProgressMonitor:
            def __init__(self):
                pass

        module.IProgressMonitor = IProgressMonitor
    return module


def plan_header(plan: bytes) -> dict:
    """What a fake plan was built with."""
    return json.loads(plan.removeprefix(_MAGIC).partition(b"\n")[0])
