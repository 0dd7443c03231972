"""Have the C library keep memory that was freed, for the next picture."""

from __future__ import annotations

import ctypes
import sys

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_MB = 1 << 20


def keep_freed_memory() -> None:
    """Let what one picture needed serve the next one; call it before there are threads.

    glibc gives large blocks back to the system when they are freed. Every picture then gets pages
    that the system has to find and to clear first, which takes several times as long as writing to
    pages that are there. Elsewhere than with glibc this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    # 32 MB is the most that glibc takes; a cloud of a VGA picture has 9.
    mallopt(_M_MMAP_THRESHOLD, 32 * _MB)
    mallopt(_M_TRIM_THRESHOLD, 512 * _MB)
    mallopt(_M_TOP_PAD, 8 * _MB)
    # Otherwise each thread has a heap of its own, in pieces that come and go as a whole.
    mallopt(_M_ARENA_MAX, 1)
