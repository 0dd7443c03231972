import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from ros_bench import RELIABLE

from rgbt_perception.frames import Mode

QUICK = {"host.status_period_s": 0.1}


def said(rig, name, *words):
    """Whether a problem of a part was told with all these words."""
    return any(
        s.level > b"\0" and all(word in s.message for word in words)
        for s in rig.statuses(f"perception: {name}")
    )


def keys(rig):
    return {value.key for value in rig.statuses("pipeline")[-1].values}


def test_all_well_is_said_with_rates_latencies_and_the_engine(bench):
    rig = bench(QUICK)
    rig.listen_diagnostics()
    rig.ready("depth/image")
    rig.feed_until(lambda: len(rig.got["depth/image"]) > 10)
    rig.feed_until(lambda: "engine" in keys(rig))
    values = {v.key: v.value for v in rig.statuses("pipeline")[-1].values}
    assert values["mode"] in ("FULL", "DEGRADED")
    assert values["engine"].startswith("constant")
    assert "p99" in values["depth_engine_ms"]
    assert float(values["rate_hz"]) > 0
    for name in ("rgb/image", "thermal/image", "rgb/camera_info", "tf_static"):
        assert rig.statuses(name)[-1].level == b"\0", name
    assert rig.statuses("rgb/image")[-1].hardware_id


def test_incompatible_qos_is_named_with_both_ends(bench, capfd):
    rig = bench({**QUICK, "qos.rgb_image": "reliable"})
    rig.listen_diagnostics()
    rig.listen("status")
    rig.extrinsics()
    rig.advertise()
    rig.start()
    rig.until(lambda: said(rig, "rgb/image", "/rgb/image", "best effort", "reliable", "/cameras"))
    time.sleep(1.0)
    lines = [
        line
        for line in capfd.readouterr().err.splitlines()
        if "/rgb/image: incompatible QoS" in line
    ]
    assert len(lines) == 1


def test_missing_topic_is_named_with_what_is_wanted_and_since_when(bench):
    rig = bench(QUICK)
    rig.listen_diagnostics()
    rig.ready("status", cameras=("thermal",))
    rig.feed_until(
        lambda: said(
            rig, "rgb/image", "/rgb/image", "no publisher", "sensor_msgs/msg/Image", "for"
        ),
        cameras=("thermal",),
    )


def test_wrong_type_is_named(bench):
    rig = bench(QUICK)
    rig.listen_diagnostics()
    rig.publisher("rgb/image", "std_msgs/msg/String")
    rig.start()
    rig.until(lambda: said(rig, "rgb/image", "std_msgs/msg/String", "sensor_msgs/msg/Image"))


def test_qos_of_a_stream_can_be_overridden_as_everywhere_in_ros(bench):
    name = "qos_overrides./rgb/image.subscription.reliability"
    rig = bench({name: "reliable"})
    rig.publisher("rgb/image", "sensor_msgs/msg/Image", RELIABLE)
    rig.start()
    rig.matched()
    (heard,) = rig.node.get_subscriptions_info_by_topic("/rgb/image")
    assert heard.qos_profile.reliability.name == "RELIABLE"
    (other,) = rig.node.get_subscriptions_info_by_topic("/thermal/image")
    assert other.qos_profile.reliability.name == "BEST_EFFORT"


def test_slow_engine_is_told_with_the_number_and_the_threshold(bench):
    rig = bench({**QUICK, "watchdog.warn_ms": 20.0, "watchdog.warn_consecutive": 2})
    rig.listen_diagnostics()
    rig.ready("status")
    engine = rig.perception._pipeline.engine
    run = engine.run
    engine.run = lambda inputs, outputs: (time.sleep(0.03), run(inputs, outputs))[1]
    rig.feed_until(lambda: said(rig, "watchdog", "exceeded 20.0 ms"))
    rig.feed_until(lambda: Mode.DEGRADED in rig.modes)
    assert "late" in rig.got["status"][-1].reasons


def test_inactive_node_says_so(bench):
    rig = bench(QUICK)
    rig.listen_diagnostics()
    rig.until(lambda: rig.statuses("pipeline"))
    assert rig.statuses("pipeline")[-1].message == "not active"
