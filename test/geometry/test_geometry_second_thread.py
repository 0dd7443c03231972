from __future__ import annotations

import os
import threading

import pytest

from rgbt_perception.geometry.second_thread import second_thread


def test_is_one_thread_beside_the_caller():
    threads = {second_thread().submit(threading.get_ident).result() for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_one_of_its_own():
    second_thread().submit(int).result()
    child = os.fork()
    if child == 0:
        os._exit(second_thread().submit(int).result(timeout=5))
    assert os.waitpid(child, 0)[1] == 0
