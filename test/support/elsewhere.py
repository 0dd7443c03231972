"""Calls in a thread of their own, for what leaves something behind in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


def elsewhere(function, *args, **options):
    """Call it in a thread that ends.

    What OpenVINO computes in int8 or bf16 on a processor with AMX leaves that unit's registers in
    use in the calling thread: the kernel then finds no room for them on pytest's small signal
    stack, and the next Ctrl-C of any test would kill the process.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args, **options).result()
