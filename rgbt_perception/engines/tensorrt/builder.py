"""Compiles ONNX to TensorRT plans."""

from __future__ import annotations

from rgbt_perception.engines.plan_builder import PlanTarget, Precision, Progress
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.messages import make_logger
from rgbt_perception.engines.tensorrt.protocols import IHostMemory, OnnxParser, TensorRt
from rgbt_perception.engines.tensorrt.versions import (
    apply_precision,
    load_tensorrt,
    network_flags,
    report_progress,
)
from rgbt_perception.errors import RgbtError

# Left to itself a build takes what the GPU has, which on a Jetson is the memory of everything.
_WORKSPACE_BYTES = 1 << 30
# Later errors follow from the first ones.
_REASONS = 2


class TensorRtBuilder:
    """See ``PlanBuilder``. Kernels that one build has timed the next one does not time again."""

    def __init__(self, trt: TensorRt | None = None, cuda: Cuda | None = None) -> None:
        """Find TensorRT and the GPU.

        Args:
            trt: the module; imported when not given.
            cuda: the GPU; opened when not given.

        Raises:
            RgbtError: runtime, driver or GPU is missing.
        """
        # In this order: who has no GPU need not install TensorRT.
        self._cuda = Cuda() if cuda is None else cuda
        self._trt = load_tensorrt() if trt is None else trt
        self._timings = b""

    def target(self) -> PlanTarget:
        """See ``PlanBuilder.target``."""
        cuda = self._cuda
        return PlanTarget(f"tensorrt {self._trt.__version__}", cuda.gpu, cuda.compute_capability)

    def build(self, onnx: bytes, precision: Precision, progress: Progress) -> bytes:
        """See ``PlanBuilder.build``."""
        trt = self._trt
        self._cuda.use()
        logger, complaints = make_logger(trt)

        def failure(what: str, reason: str | None = None) -> RgbtError:
            return RgbtError(f"tensorrt {trt.__version__}: {what} ({reason or complaints.first()})")

        progress("reading the network", 0.0)
        trt.init_libnvinfer_plugins(logger, "")
        try:
            builder = trt.Builder(logger)
        except TypeError:  # the library made none
            raise failure("the builder cannot be made") from None
        network = builder.create_network(network_flags(trt))
        config = builder.create_builder_config()
        if network is None or config is None:
            raise failure("the builder cannot be used")
        parser = trt.OnnxParser(network, logger)
        if not parser.parse(onnx):
            raise failure("the ONNX file cannot be read", _reasons(parser))
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE_BYTES)
        apply_precision(trt, config, network, precision)
        if not report_progress(trt, config, progress):
            progress("building, without news until it is done", 0.0)
        timings = config.create_timing_cache(self._timings)
        if timings is not None:
            config.set_timing_cache(timings, False)
        complaints.clear()
        plan = builder.build_serialized_network(network, config)
        if plan is None or not plan.nbytes:
            raise failure("the build failed")
        if timings is not None:
            self._timings = _content(timings.serialize())
        progress("built", 1.0)
        return _content(plan)


def _content(memory: IHostMemory) -> bytes:
    return bytes(memoryview(memory))  # type: ignore[arg-type]  # it is a buffer as well


def _reasons(parser: OnnxParser) -> str | None:
    """What the parser says, in one line; None when it says nothing."""
    errors = [parser.get_error(index) for index in range(min(parser.num_errors, _REASONS))]
    texts = (f"node {error.node()}: {' '.join(error.desc().split())}" for error in errors)
    return "; ".join(texts)[:400] or None
