"""One more thread for pictures, for steps that compute without the interpreter's lock."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def second_thread() -> ThreadPoolExecutor:
    """The process' second computing thread, started when it is first needed."""
    return ThreadPoolExecutor(1, thread_name_prefix="pictures")


if hasattr(os, "register_at_fork"):
    # A forked process has none of its parent's threads.
    os.register_at_fork(after_in_child=second_thread.cache_clear)
