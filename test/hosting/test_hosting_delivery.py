"""What the middleware does not take is counted and told of; the rest goes out."""

from __future__ import annotations

import pytest
from live_rig import INFO_STREAMS, MS, START, Published, info, make_session, picture, transforms

from rgbt_perception.frames import Mode
from rgbt_perception.hosting.delivery import NotSentError, deliver
from rgbt_perception.hosting.output_health import OutputHealth
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.hosting.throttle import ProblemLog
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.outputs import STATUS, Output
from rgbt_perception.sensing.match import Match
from rgbt_perception.session import Stream
from rgbt_perception.statistics import Statistics

S = 1_000_000_000


def outputs(*topics):
    return [Output(topic, STATUS, None, 1) for topic in topics]


def test_one_that_is_not_taken_holds_up_none_of_the_others():
    sent, statistics = [], Statistics()

    def send(output):
        if output.topic == "points":
            raise NotSentError("/p/points: too slow")
        sent.append(output.topic)

    for _ in range(2):
        deliver(outputs("depth/image", "points", "status"), send, statistics)
    assert sent == ["depth/image", "status"] * 2
    snapshot = statistics.snapshot()
    assert snapshot.unsent == {"points": 2}
    assert snapshot.unsent_line == "/p/points: too slow"


def test_any_other_exception_is_a_fault():
    def send(output):
        raise ZeroDivisionError

    statistics = Statistics()
    with pytest.raises(ZeroDivisionError):
        deliver(outputs("status"), send, statistics)
    assert statistics.snapshot().unsent == {}


def test_a_loss_is_warned_of_once_until_it_is_over():
    statistics, health = Statistics(), OutputHealth()
    warnings, news = [], []
    log = ProblemLog(warnings.append, news.append)

    def look(seconds):
        finding = health.assess(statistics.snapshot(), seconds * S)
        log.report([finding], seconds * S)
        return finding

    assert (look(0).level, look(0).message) == (Level.OK, "all sent")
    for seconds in range(1, 5):
        statistics.not_sent("points", "/p/points: too slow")
        found = look(seconds)
    assert found.level is Level.WARN
    assert found.message == "/p/points: too slow; 4 messages not sent so far; for 3.0 s"
    assert found.values == {"unsent": "4", "unsent points": "4"}
    assert len(warnings) == 1
    assert look(5).level is Level.WARN
    found = look(6)
    assert (found.level, found.message) == (Level.OK, "4 messages were not sent")
    assert len(news) == 1


def test_the_status_says_so_for_two_seconds_and_the_mode_stays():
    session, _ = make_session()
    published, now_ns, taken = Published(), 0, True

    def send(output):
        if output.topic == "depth/image" and not taken:
            raise NotSentError("/p/depth/image: too slow")
        published([output])

    runner = Runner(
        session,
        lambda given: deliver(given, send, session.statistics),
        on_fault=lambda fault: pytest.fail(str(fault)),
        clock=lambda: now_ns,
    )
    for name, stream in INFO_STREAMS.items():
        session.take(stream, info(name))
    session.take(Stream.TF_STATIC, transforms())
    for ms in range(0, 3000, 100):
        now_ns, taken, stamp = ms * MS, ms != 300, START + ms * MS
        match = Match(picture("rgb", ms), stamp, picture("thermal", ms), stamp)
        runner._process(match, now_ns)
    assert set(published.modes()) == {Mode.FULL}
    reasons = [list(status.message.reasons) for status in published.of("status")]
    assert reasons == [["unsent"] if 300 < ms < 2300 else [] for ms in range(0, 3000, 100)]
    assert len(published.depths()) == 29
    assert session.statistics.snapshot().unsent == {"depth/image": 1}
