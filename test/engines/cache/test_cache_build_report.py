"""How a build goes is told, also while the builder itself says nothing."""

from __future__ import annotations

import logging
import time

from rgbt_perception.engines.cache.build_report import BuildReport, progress_line


def test_shares_never_go_back_and_stay_within_their_part():
    told = []
    with BuildReport("building", lambda what, share: told.append((what, share))) as report:
        part = report.part(0.2, 0.6)
        for share in (0.0, 0.5, 0.1, float("nan"), -1.0, 2.0):
            part("timing", share)
        report.waiting("waiting for somebody")
    assert [what for what, _ in told] == ["building"] * 6 + ["waiting for somebody"]
    assert [round(share, 3) for _, share in told] == [0.2, 0.4, 0.4, 0.4, 0.4, 0.6, 0.0]


def test_a_silent_builder_is_told_of_too(caplog):
    told = []
    with (
        caplog.at_level(logging.INFO),
        BuildReport("building engine m", lambda *words: told.append(words), 0.02) as report,
    ):
        report.part(0.0, 1.0)("timing kernels", 0.4)
        end = time.monotonic() + 5
        while len(told) < 3 and time.monotonic() < end:
            time.sleep(0.01)
    assert set(told) == {("building engine m", 0.4)}
    assert len(told) >= 3
    assert "building engine m: 40% (timing kernels), 0 s so far" in caplog.text
    assert progress_line("waiting", 0.0) == "waiting"


def test_a_closed_terminal_does_not_end_a_build():
    calls = []

    def closed(what, share):
        calls.append(share)
        raise BrokenPipeError

    with BuildReport("building", closed) as report:
        part = report.part(0.0, 1.0)
        part("timing", 0.1)
        part("timing", 0.2)
    assert calls == [0.1]
