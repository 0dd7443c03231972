"""Requests for transitions: those of others, and the node's own when it starts by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.task import Future

from rgbt_perception.errors import RgbtError

_SERVICES = (ChangeState, GetState, GetAvailableStates, GetAvailableTransitions)
_SUCCESS = TransitionCallbackReturn.SUCCESS
# The error has no name outside of rclpy's own modules.
_Impossible = RCLError


class LifecycleRequests:
    """Takes the node through its states.

    The node configures in a thread of its own: a runtime may load for minutes, and meanwhile the
    executor answers what others ask of its state and parameters. All else happens in the executor.

    A request that the present state does not allow is answered with "no", as by rclcpp, and told
    in the log. rclpy lets the error through: it would end the executor, and whoever asked (to
    activate an active node) would wait for an answer for ever.
    """

    def __init__(self, node: LifecycleNode) -> None:
        """Take over the services of ``node``."""
        self._node = node
        self._thread: threading.Thread | None = None
        # Of the thread's step; done a little before the thread is.
        self._outcome: Future | None = None
        self._starter: Any = None
        self.ended = False
        # In the node's own group everything would wait until the transition is over.
        self._group = ReentrantCallbackGroup()
        for service in node.services:
            if service.srv_type in _SERVICES:
                service.callback_group = self._group
                self._group.add_entity(service)
            if service.srv_type is ChangeState:
                service.callback = self._answering(service.callback)

    def autostart(self) -> None:
        """Configure and activate as soon as the executor runs."""
        # From the executor, so that everybody sees the transitions as if they were asked for.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._starter = self._node.create_timer(0.0, self._start, self._group, clock=steady)

    def close(self) -> None:
        """Wait for the thread, which is to look at ``ended``."""
        self.ended = True
        if self._thread is not None:
            self._thread.join()

    async def _start(self) -> None:
        node = self._node
        node.destroy_timer(self._starter)
        try:
            outcome = await self._beside(node.trigger_configure)
            if outcome == _SUCCESS:
                outcome = node.trigger_activate()
        except _Impossible:
            node.get_logger().warning("autostart: somebody else has begun to start this node")
            return
        # Interrupted is no failure.
        if outcome != _SUCCESS and node.context.ok():
            raise RgbtError("autostart failed")

    def _answering(self, change: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        async def answer(request: Any, response: Any) -> Any:
            asked = request.transition.label or request.transition.id
            try:
                if asked in ("configure", Transition.TRANSITION_CONFIGURE):
                    return await self._beside(lambda: change(request, response))
                return change(request, response)
            except _Impossible as error:
                reason = " ".join(str(error).split())
                self._node.get_logger().warning(f"request refused: transition {asked} ({reason})")
                response.success = False
                return response

        return answer

    async def _beside(self, step: Callable[[], Any]) -> Any:
        """Take a step in the thread; the executor goes on until it is done."""
        if self._outcome is not None and not self._outcome.done():
            return step()  # which is refused: there is a transition already
        future = self._outcome = Future(executor=self._node.executor)
        # A future alone does not wake the executor.
        future.add_done_callback(lambda done: None)
        self._thread = threading.Thread(
            target=self._take, args=(step, future), name="transition", daemon=True
        )
        self._thread.start()
        return await future

    def _take(self, step: Callable[[], Any], future: Future) -> None:
        try:
            try:
                outcome = step()
            except Exception as error:
                if self._is_awaited:
                    future.set_exception(error)
            else:
                future.set_result(outcome)
        except Exception:
            if self._is_awaited:
                raise

    @property
    def _is_awaited(self) -> bool:
        """Whether anybody takes the outcome: a signal shuts ROS down under whatever is at work."""
        return self._node.context.ok() and not self.ended
