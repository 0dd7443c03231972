"""Everything that exists only while the node is active."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rclpy._rclpy_pybind11 import RCLError
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.serialization import serialize_message

from rgbt_perception.config import Config
from rgbt_perception.geometry.rig import Rig, load_rig
from rgbt_perception.hosting.delivery import NotSentError, deliver
from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.health import Health
from rgbt_perception.hosting.rehearsal import rehearse, usual_rig
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.nodes.inputs import Inputs
from rgbt_perception.nodes.publishers import Publishers
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.outputs import Output
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.session import Session

# Smaller steps back are for the pairer, which sees them in the stamps.
_JUMP_BACK = Duration(nanoseconds=-100_000_000)


class Activation:
    """Publishers, a running session and the subscriptions that feed it.

    Attributes:
        runner: the session's thread.
        inputs: the subscriptions.
    """

    def __init__(
        self,
        node: Node,
        config: Config,
        pipeline: DepthPipeline,
        rig: Rig | None,
        *,
        fault: Callable[[BaseException], None],
        mismatch: Callable[[str, str], None],
    ) -> None:
        """Advertise, subscribe and start; callbacks wait, since the executor is in here.

        Args:
            node: of the topics.
            config: all parameters.
            pipeline: with its engine loaded and warm.
            rig: replaces what others say of the cameras.
            fault: told of every exception while messages are received or processed.
            mismatch: see ``mismatch_events``.
        """
        self._node = node
        clock = node.get_clock()
        with ExitStack() as undo:
            self._publishers = Publishers(node, scene=pipeline.scene is not None)
            undo.callback(self._publishers.close)
            session = Session(
                config,
                pipeline,
                # A message has left its room when its publish call returns.
                RclpyFactory(reuse=True),
                rig=rig,
                select=lambda index: self._publishers.wanted(),
            )
            rehearse(session, rig or usual_rig(), lambda o: serialize_message(o.message))
            self.runner = Runner(
                session,
                self._publish,
                on_fault=fault,
                stamp=lambda: int(clock.now().nanoseconds),
            )
            undo.callback(self.runner.stop)
            self.inputs = Inputs(node, config, self.runner, fault=fault, mismatch=mismatch)
            undo.callback(self.inputs.close)
            # On a change between system and simulated time as well.
            threshold = JumpThreshold(
                min_forward=None, min_backward=_JUMP_BACK, on_clock_change=True
            )
            jumps = clock.create_jump_callback(threshold, post_callback=self._jumped)
            undo.callback(jumps.unregister)
            self._health = Health(self.runner, time.monotonic_ns())
            self.runner.start()
            # What failed half-way has been taken back; the rest is for `close`.
            self._undo = undo.pop_all()

    def assess(self, now_ns: int) -> list[Finding]:
        """How everything is at steady time ``now_ns``; call it about once a second."""
        self.inputs.follow()
        findings = self._health.assess(self.inputs.topics(), now_ns)
        if self.runner.session.extrinsics_known:
            return findings
        missing = self.inputs.missing_transform(now_ns)
        return [missing if missing and f.name == missing.name else f for f in findings]

    def close(self) -> None:
        """Unsubscribe, stop and take the topics back."""
        self._undo.close()

    def _publish(self, outputs: list[Output]) -> None:
        deliver(outputs, self._send, self.runner.session.statistics)

    def _send(self, output: Output) -> None:
        try:
            self._publishers.publish([output])
        except RCLError as error:
            # The reason is not told: a full queue, most often.
            name = self._node.resolve_topic_name(f"~/{output.topic}")
            said = " ".join(str(error).split())
            raise NotSentError(f"{name}: cannot be published ({said})") from error

    def _jumped(self, jump: object) -> None:
        self.runner.reset()
        self.inputs.clock_jumped()


def configured_rig(config: Config) -> Rig | None:
    """The rig of the file that the parameters name.

    Raises:
        InputError: it cannot be used.
    """
    return load_rig(Path(config.rig)) if config.rig else None
