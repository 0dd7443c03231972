"""Live metrics of the perception against true depth and labels, printed and as diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

from rgbt_perception.config import Reference
from rgbt_perception.evaluation.evaluate import write_metrics
from rgbt_perception.evaluation.ground_truth import SCENE_TOPIC
from rgbt_perception.evaluation.live_assessment import Assessment, assess
from rgbt_perception.evaluation.live_metrics import LiveMetrics
from rgbt_perception.evaluation.scene_table import label_table
from rgbt_perception.evaluation.table import notes, text_table
from rgbt_perception.hosting.interfaces import DIAGNOSTICS, DIAGNOSTICS_QOS, Qos
from rgbt_perception.nodes.program import run
from rgbt_perception.nodes.qos import overridable, profile
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.nodes.settings import declared
from rgbt_perception.outputs import offered_topics
from rgbt_perception.parameter import parameter

NODE = "evaluation"
# Short names as in a run's folder, with the topics below the perception's name.
_OUTPUTS = {"depth": "depth/image", "confidence": "confidence/image", "status": "status"}
_ESTIMATES = {name: f"debug/depth/{name}" for name in ("rgb", "thermal", "ungated")}
_LABELS = {"labels": "semantic/image"}
_STREAM = Qos(reliable=True, transient_local=False, depth=10)
# The truth comes from whoever has it: this matches all that is offered.
_TRUTH = Qos(reliable=False, transient_local=False, depth=10)
_LATCHED = Qos(reliable=True, transient_local=True, depth=1)
_SETTLE_S = 0.05


@dataclass(frozen=True)
class EvaluationSettings:
    """The one list of this node's parameters."""

    perception: str = parameter("perception", "node whose outputs are scored", read_only=True)
    reference: Reference = parameter(
        Reference.THERMAL, "camera whose view the outputs share", read_only=True
    )
    out: str = parameter(
        "", "folder for metrics.json, written at the end; empty = none", read_only=True
    )
    estimates: bool = parameter(
        True, "also score each camera's own depth, on the same pixels", read_only=True
    )
    labels: bool = parameter(
        True, "also score the labels, which the perception computes then", read_only=True
    )
    window: int = parameter(
        30, "frames in the running means of the diagnostics", low=1, high=10000, read_only=True
    )
    print_period_s: float = parameter(
        5.0, "time between two lines in the log", unit="s", low=0.1, high=3600.0, read_only=True
    )
    warn_abs_rel: float = parameter(
        0.0, "a higher running mean of abs_rel is a warning, 0 = never", low=0.0, high=100.0
    )


class EvaluationNode(Node):
    """Listens to the outputs and to the truth; both meet by their stamps."""

    def __init__(self) -> None:
        """Declare the parameters and subscribe.

        Raises:
            InputError: a parameter is not usable.
        """
        super().__init__(NODE)
        self.settings = declared(self, EvaluationSettings)
        self.metrics = LiveMetrics(self.settings.window, self.settings.estimates)
        outputs = _OUTPUTS | (_ESTIMATES if self.settings.estimates else {})
        if self.settings.labels:
            outputs |= _LABELS
            labels = f"ground_truth/{self.settings.reference.value}/labels/image"
            self._listen(Image, labels, self.metrics.take_label_truth, _TRUTH)
            compressed = f"{labels}/compressed"
            self._listen(CompressedImage, compressed, self.metrics.take_label_truth, _TRUTH)
        topics = offered_topics(scene=True)
        for name, topic in outputs.items():
            kind = message_class(topics[topic])
            self._listen(kind, f"{self.settings.perception}/{topic}", partial(self._output, name))
        truth = f"ground_truth/{self.settings.reference.value}/depth/image"
        self._listen(Image, truth, self.metrics.take_truth, _TRUTH)
        self._listen(CompressedImage, f"{truth}/compressedDepth", self.metrics.take_truth, _TRUTH)
        self._listen(String, SCENE_TOPIC.lstrip("/"), self.metrics.take_scene, _LATCHED)
        self._names = {
            "output": self.resolve_topic_name(f"{self.settings.perception}/depth/image"),
            "truth": self.resolve_topic_name(truth),
        }
        self._diagnostics = self.create_publisher(
            DiagnosticArray, DIAGNOSTICS, profile(DIAGNOSTICS_QOS)
        )
        # Not the node's clock: simulated time may stand still, and that is worth telling.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_SETTLE_S, self._settle, clock=steady)
        self.create_timer(1.0, self._diagnose, clock=steady)
        self.create_timer(self.settings.print_period_s, self._tell, clock=steady)

    def finish(self) -> None:
        """Score what is left, print the table, write the report.

        Raises:
            RgbtError: the report cannot be written.
        """
        self.metrics.finish()
        report = self.metrics.report()
        if self.metrics.scored:
            print(
                "\n".join(filter(None, (text_table(report), label_table(report), *notes(report))))
            )
        else:
            print(f"nothing was scored: {self._assess().message}")
        if self.settings.out:
            print(f"report: {write_metrics(Path(self.settings.out), report)}", flush=True)

    def _listen(
        self, kind: Any, topic: str, callback: Callable[[Any], None], qos: Qos = _STREAM
    ) -> None:
        self.create_subscription(
            kind, topic, callback, profile(qos), qos_overriding_options=overridable()
        )

    def _output(self, name: str, message: Any) -> None:
        self.metrics.take_output(name, message, time.monotonic_ns())

    def _settle(self) -> None:
        # One at a time: messages that arrive meanwhile come first.
        self.metrics.settle(time.monotonic_ns())

    def _diagnose(self) -> None:
        found = self._assess(float(self.get_parameter("warn_abs_rel").value))
        status = DiagnosticStatus(
            level=bytes([found.level]),
            name=f"{self.get_fully_qualified_name()}: depth",
            message=found.message,
            hardware_id=self.settings.perception,
            values=[KeyValue(key=key, value=value) for key, value in found.values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def _assess(self, warn_abs_rel: float = 0.0) -> Assessment:
        now_ns = time.monotonic_ns()
        return assess(self.metrics, now_ns, **self._names, warn_abs_rel=warn_abs_rel)

    def _tell(self) -> None:
        found = self._assess()
        self.get_logger().info(
            f"{self.metrics.scored} of {self.metrics.score.frames} frames scored; {found.message}"
        )


def main(args: Sequence[str] | None = None) -> int:
    """Run until the node is stopped.

    Returns:
        Exit code: 0 done, 1 a parameter or the report failed.
    """
    return run(NODE, args, EvaluationNode, end=_finished)


def _finished(node: EvaluationNode) -> int:
    node.finish()
    return 0
