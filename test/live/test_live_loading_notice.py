from __future__ import annotations

from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.interfaces import DIAGNOSTICS, DIAGNOSTICS_QOS, DIAGNOSTICS_TYPE
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.live import loading_notice
from rgbt_perception.live.loading_notice import LoadingNotice


def test_a_host_that_loads_is_seen_in_the_diagnostics(node, network, until, monkeypatch):
    monkeypatch.setattr(loading_notice, "_FOUND_S", 30.0)  # on whatever is left of the machine
    messages = []
    node.reader(DIAGNOSTICS, DIAGNOSTICS_TYPE, DIAGNOSTICS_QOS, lambda t, m, a: messages.append(m))
    finding = Finding(Level.OK, "pipeline", "still loading", {"done": "40%"})
    with LoadingNotice(network, "/front") as notice:
        # Nobody knows of it yet, and still this one arrives.
        notice(finding)
        until(lambda: messages)
        until(lambda: "/front/perception" in node.nodes())
    status = messages[0].status[0]
    assert (status.name, status.message) == ("front/perception: pipeline", "still loading")
    assert [(item.key, item.value) for item in status.values] == [("done", "40%")]
    until(lambda: "/front/perception" not in node.nodes())


def test_without_news_nothing_is_joined(network, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("joined the graph")

    monkeypatch.setattr("rgbt_perception.live.loading_notice.DdsNode", refuse)
    with LoadingNotice(network, "/front"):
        pass
