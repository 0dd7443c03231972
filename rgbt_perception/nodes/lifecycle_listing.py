"""Which transitions a node lists as possible, where it takes one that rclpy does not know of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifecycle_msgs.msg import State, Transition, TransitionDescription

Answer = Callable[[Any, Any], Any]


def with_shutdown(answer: Answer, machine: Any, listed: Callable[[], bool]) -> Answer:
    """The callback of GetAvailableTransitions that lists shutdown as well.

    `ros2 lifecycle set` asks a node for nothing that is not listed.

    Args:
        answer: rclpy's callback.
        machine: the node's state machine.
        listed: whether shutdown is to be added now.
    """

    def extended(request: Any, response: Any) -> Any:
        response = answer(request, response)
        if listed():
            number, label = machine.current_state
            shutdown = Transition(id=Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, label="shutdown")
            response.available_transitions.append(
                TransitionDescription(
                    transition=shutdown,
                    start_state=State(id=number, label=label),
                    goal_state=State(id=State.PRIMARY_STATE_FINALIZED, label="finalized"),
                )
            )
        return response

    return extended
