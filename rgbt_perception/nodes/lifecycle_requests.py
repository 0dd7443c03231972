"""Requests for transitions: those of others, and the node's own when it starts by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.task import Future

from rgbt_perception.errors import RgbtError
from rgbt_perception.nodes.lifecycle_listing import with_shutdown

_SERVICES = (ChangeState, GetState, GetAvailableStates, GetAvailableTransitions)
_SUCCESS = TransitionCallbackReturn.SUCCESS
_CONFIGURE = ("configure", Transition.TRANSITION_CONFIGURE)
# Who asks by number names the state that the node was in.
_SHUTDOWN = (
    "shutdown",
    Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
    Transition.TRANSITION_INACTIVE_SHUTDOWN,
    Transition.TRANSITION_ACTIVE_SHUTDOWN,
)
# The error has no name outside of rclpy's own modules.
_Impossible = RCLError


class LifecycleRequests:
    """Takes the node through its states.

    The node configures in a thread of its own: a runtime may load for minutes, and meanwhile the
    executor answers what others ask of its state and parameters. All else happens in the executor.
    To shut down need not wait for the runtime: what it loads is given up. The state machine of ROS
    has no such transition, so the node first falls back to being unconfigured.

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
        self._ended = self._shutting_down = False
        # In the node's own group everything would wait until the transition is over.
        self._group = ReentrantCallbackGroup()
        for service in node.services:
            if service.srv_type in _SERVICES:
                service.callback_group = self._group
                self._group.add_entity(service)
            if service.srv_type is ChangeState:
                service.callback = self._answering(service.callback)
            elif service.srv_name.endswith("/get_available_transitions"):
                service.callback = with_shutdown(
                    service.callback, self._machine, lambda: self._is_configuring
                )

    def autostart(self) -> None:
        """Configure and activate as soon as the executor runs."""
        # From the executor, so that everybody sees the transitions as if they were asked for.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._starter = self._node.create_timer(0.0, self._start, self._group, clock=steady)

    @property
    def gives_up(self) -> bool:
        """Whether nobody wants any more what is being loaded."""
        return self._ended or self._shutting_down

    def close(self) -> None:
        """Wait for the thread, which is to look at ``gives_up``."""
        self._ended = True
        if self._thread is not None:
            self._thread.join()

    async def _start(self) -> None:
        node = self._node
        node.destroy_timer(self._starter)
        try:
            outcome = await self._beside(node.trigger_configure)
            if self._shutting_down:
                return
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
                if asked in _SHUTDOWN and self._is_configuring:
                    response.success = await self._shut_down() == _SUCCESS
                    return response
                if request.transition.label:
                    # rclpy itself would say "no" without a word.
                    self._machine.get_transition_by_label(request.transition.label)
                if asked in _CONFIGURE:
                    return await self._beside(lambda: change(request, response))
                return change(request, response)
            except _Impossible as error:
                self._refuse(asked, error)
                response.success = False
                return response

        return answer

    def _refuse(self, asked: str | int, error: Exception) -> None:
        state = self._machine.current_state[1]
        line = f"request refused: transition {asked} while {state}"
        if self._is_configuring:
            line += "; only shutdown is possible before that ends"
        self._node.get_logger().warning(f"{line} ({' '.join(str(error).split())})")

    @property
    def _machine(self) -> Any:
        return self._node._state_machine

    @property
    def _is_configuring(self) -> bool:
        return self._outcome is not None and not self._outcome.done()

    async def _shut_down(self) -> Any:
        """Shut down as soon as what is being loaded has been given up."""
        self._shutting_down = True
        with suppress(_Impossible):
            # Fails where configuring was refused; that is told where it was asked for.
            await self._outcome  # type: ignore[misc]
        outcome = None
        try:
            outcome = self._node.trigger_shutdown()
        finally:
            self._shutting_down = outcome == _SUCCESS
        return outcome

    async def _beside(self, step: Callable[[], Any]) -> Any:
        """Take a step in the thread; the executor goes on until it is done."""
        if self._is_configuring:
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
        return self._node.context.ok() and not self._ended
