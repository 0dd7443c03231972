"""The perception node: a lifecycle node around a session."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from rgbt_perception.compiled import compiles
from rgbt_perception.config import Config
from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.freed_memory import keep_freed_memory
from rgbt_perception.hosting.interfaces import NODE
from rgbt_perception.hosting.loading import load_pipeline, still_loading
from rgbt_perception.hosting.rehearsal import rehearse, usual_rig
from rgbt_perception.nodes.activation import Activation, configured_rig
from rgbt_perception.nodes.lifecycle_requests import LifecycleRequests
from rgbt_perception.nodes.monitor import Monitor
from rgbt_perception.nodes.parameters import NodeParameters, unknown_parameters
from rgbt_perception.nodes.program import run
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.session import Session

SUCCESS = TransitionCallbackReturn.SUCCESS


class PerceptionNode(LifecycleNode):
    """See the README for topics and parameters.

    Configuring loads and warms the networks, activating advertises and subscribes; deactivating
    and cleaning up take back what these made. With ``autostart`` it does both by itself.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Declare the parameters.

        Args:
            kwargs: as for ``rclpy.node.Node``, e.g. ``namespace``.

        Raises:
            InputError: a parameter of the wrong type or out of range.
        """
        super().__init__(NODE, **kwargs)
        self._requests = LifecycleRequests(self)
        self._pipeline: Any = None
        self._rig: Any = None
        self._active: Activation | None = None
        self._parameters_in_force = NodeParameters(self, self._reconfigure)
        self._monitor = Monitor(self, lambda: self._active, self.config.host.status_period_s)
        for name in unknown_parameters(self, self._parameter_overrides):
            self.get_logger().warning(f"parameter {name}: unknown; it has no effect")
        if self._parameters_in_force.autostart:
            self._requests.autostart()

    @property
    def config(self) -> Config:
        """All parameters as they are now."""
        return self._parameters_in_force.config

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load."""
        return self._transition("configure", self._load)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Advertise and subscribe."""
        return self._transition("activate", self._activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and take the outputs back; the networks stay."""
        return self._transition("deactivate", self._deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the networks."""
        return self._transition("clean up", self._free)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything."""
        return self._transition("shut down", self._free)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that it can be configured again; why it failed stays to be seen."""
        self._free()
        return SUCCESS

    def destroy_node(self) -> None:
        """Free everything and leave the graph."""
        self._requests.close()
        self._free()
        self._monitor.close()
        super().destroy_node()

    def _transition(self, name: str, step: Callable[[], None]) -> TransitionCallbackReturn:
        """Take a step; rclpy itself would swallow an exception without a word."""
        try:
            step()
        except RgbtError as error:
            self.get_logger().error(f"cannot {name}: {error}")
            self._monitor.failed(f"cannot {name}: {error}")
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            if not self.context.ok():
                # A signal shut ROS down under the step: what fails then is no failure.
                return TransitionCallbackReturn.FAILURE
            self.get_logger().error(f"cannot {name}: {error!r}\n{traceback.format_exc()}")
            self._monitor.failed(f"cannot {name}: {error!r}")
            return TransitionCallbackReturn.ERROR
        self._monitor.failed("")
        self.get_logger().info(f"{name}: done")
        return SUCCESS

    def _load(self) -> None:
        config = self.config
        self.get_logger().info(f"loading {config.engine.depth_model} …")
        self._rig = configured_rig(config)
        self._pipeline = load_pipeline(config, self._goes_on, self._monitor.loading)
        engine = self._pipeline.engine
        self.get_logger().info(f"loaded {engine.model} ({engine.digest[:12]}) with {engine.name}")
        scene = self._pipeline.scene
        self.get_logger().info(
            "no scene network (scene.model): fused picture and labels are not offered"
            if scene is None
            else f"loaded {scene.engine.model} ({scene.engine.digest[:12]})"
        )
        if compiles():
            # Loops are compiled here, beside the executor, rather than while it activates.
            rehearse(Session(config, self._pipeline, RclpyFactory()), self._rig or usual_rig())

    def _goes_on(self) -> bool:
        return self.context.ok() and not self._requests.gives_up

    def _activate(self) -> None:
        self._pipeline.config = self.config.output
        self._active = Activation(
            self,
            self.config,
            self._pipeline,
            self._rig,
            fault=self._monitor.fault,
            mismatch=self._monitor.mismatch,
        )

    def _deactivate(self) -> None:
        active, self._active = self._active, None
        if active is not None:
            active.close()

    def _free(self) -> None:
        self._deactivate()
        self._pipeline = self._rig = None

    def _reconfigure(self, config: Config) -> None:
        if self._active is not None:
            self._active.runner.reconfigure(config)
        self._monitor.every(config.host.status_period_s)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; the exit code."""
    keep_freed_memory()
    code = run(NODE, args, PerceptionNode, end=_left)
    if still_loading():
        # The runtime cannot be stopped in the middle, and Python would wait for it for ever.
        sys.stderr.flush()
        os._exit(code)
    return code


def _left(node: PerceptionNode) -> int:
    node.destroy_node()
    return 0


if __name__ == "__main__":
    sys.exit(main())
