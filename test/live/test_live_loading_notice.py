from __future__ import annotations

from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.interfaces import DIAGNOSTICS, DIAGNOSTICS_QOS, DIAGNOSTICS_TYPE
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.live.loading_notice import LoadingNotice


def test_a_host_that_loads_is_seen_in_the_diagnostics(node, network, until):
    messages = []
    node.reader(DIAGNOSTICS, DIAGNOSTICS_TYPE, DIAGNOSTICS_QOS, lambda t, m, a: messages.append(m))
    finding = Finding(Level.OK, "pipeline", "still loading", {"done": "40%"})
    with LoadingNotice(network, "/front") as notice:

        def seen():
            notice(finding)
            return messages

        until(seen)
        assert "/front/perception" in node.nodes()
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
