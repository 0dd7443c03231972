"""The words that parameters take as values."""

from __future__ import annotations

from rgbt_perception.parameter import Named


class Reference(Named):
    """The camera whose view the outputs share."""

    THERMAL = "thermal"


class CloudFields(Named):
    """What the points of the cloud have."""

    ALL = "all"
    XYZRGB = "xyzrgb"
    XYZ = "xyz"


class Normalization(Named):
    """How thermal counts become 0 to 1."""

    FIXED = "fixed"
    PERCENTILE = "percentile"
    SHOULDER = "shoulder"
    CLAHE = "clahe"


class EngineName(Named):
    """Which runtime executes the networks."""

    AUTO = "auto"
    TENSORRT = "tensorrt"
    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"
    CONSTANT = "constant"


class EnginePrecision(Named):
    """Of the arithmetic of a compiled network."""

    AUTO = "auto"
    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"


class Reliability(Named):
    """Quality of service of a subscription."""

    BEST_EFFORT = "best_effort"
    RELIABLE = "reliable"


class Transport(Named):
    """Which of a picture's topics is subscribed to."""

    AUTO = "auto"
    RAW = "raw"
    COMPRESSED = "compressed"
