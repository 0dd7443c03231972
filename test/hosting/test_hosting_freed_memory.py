"""Memory that was freed serves again instead of coming from the system anew."""

import ctypes
import subprocess
import sys

import pytest

PROGRAM = """
import resource, threading
import numpy as np
from rgbt_perception.hosting.freed_memory import keep_freed_memory

def work():
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        pictures = [np.ones(9_000_000, np.uint8) for _ in range(4)]
        del pictures
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

if {keep}:
    keep_freed_memory()
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def fresh_pages(keep):
    program = PROGRAM.format(keep=keep)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="needs glibc",
)
def test_a_thread_gets_its_memory_back():
    assert fresh_pages(keep=True) < 100 < fresh_pages(keep=False)


def test_elsewhere_nothing_is_done(monkeypatch):
    from rgbt_perception.hosting.freed_memory import keep_freed_memory

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    keep_freed_memory()
