from __future__ import annotations

import signal
import threading

import pytest

from rgbt_perception.recording.interrupt import uninterrupted


def test_ctrl_c_takes_effect_after_the_block():
    steps = []

    def work() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            steps.append("rest of the block")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["rest of the block"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_exceptions_pass_and_restore_the_handler():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="x"), uninterrupted():
        raise ValueError("x")
    assert signal.getsignal(signal.SIGINT) is before


def test_works_in_other_threads():
    done = []

    def work() -> None:
        with uninterrupted():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
