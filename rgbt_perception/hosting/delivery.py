"""Outputs on their way out: one that cannot be sent holds up none of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rgbt_perception.errors import RgbtError
from rgbt_perception.outputs import Output
from rgbt_perception.statistics import Statistics


class NotSentError(RgbtError):
    """The middleware did not take a message, such as when a reliable subscriber is too slow."""


def deliver(
    outputs: Iterable[Output], send: Callable[[Output], None], statistics: Statistics
) -> None:
    """Send outputs; what is not taken is counted.

    Args:
        outputs: of one result.
        send: hands one to the middleware.
        statistics: counts.

    Raises:
        Exception: whatever else than ``NotSentError`` the sending raises: a fault.
    """
    for output in outputs:
        try:
            send(output)
        except NotSentError as error:
            statistics.not_sent(output.topic, str(error))
