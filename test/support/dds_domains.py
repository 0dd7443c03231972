"""DDS domains of the tests: those that may run at the same time have none in common."""

from __future__ import annotations

import os
import re

_WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % 2
_WIDTH = 11


def domain_of(group: int, number: int) -> int:
    """A domain from 1 to 88: of one of four groups, in this of two workers."""
    return 1 + (2 * group + _WORKER) * _WIDTH + number % _WIDTH
