"""Requests for transitions that the present state does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy._rclpy_pybind11 import RCLError
from rclpy.lifecycle import LifecycleNode

# The error has no name outside of rclpy's own modules.
ImpossibleTransition = RCLError


def refuse_impossible(node: LifecycleNode) -> None:
    """Answer such a request with "no", as rclcpp does, and say so in the log.

    rclpy lets the error through: it would end the executor, and whoever asked (to activate an
    active node) would wait for an answer for ever.
    """
    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = _answering(node, service.callback)


def _answering(node: LifecycleNode, change: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def answer(request: Any, response: Any) -> Any:
        try:
            return change(request, response)
        except ImpossibleTransition as error:
            asked = request.transition.label or request.transition.id
            reason = " ".join(str(error).split())
            node.get_logger().warning(f"request refused: transition {asked} ({reason})")
            response.success = False
            return response

    return answer
