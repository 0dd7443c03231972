"""Names, QoS and who reaches whom, as ROS 2 has them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.config import Config, with_values
from rgbt_perception.errors import UsageError
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.interfaces import (
    COMPRESSED_IMAGE,
    INPUT_TYPES,
    Qos,
    check_remaps,
    image_topic,
    input_qos,
    input_topics,
    output_qos,
    output_topics,
    resolve,
)
from rgbt_perception.outputs import TOPICS, offered_topics
from rgbt_perception.session import Stream

IMAGE = "sensor_msgs/msg/Image"


@pytest.mark.parametrize(
    ("name", "namespace", "expected"),
    [
        ("rgb/image", "/", "/rgb/image"),
        ("rgb/image", "", "/rgb/image"),
        ("rgb/image", "/front", "/front/rgb/image"),
        ("rgb/image", "front/left/", "/front/left/rgb/image"),
        ("~/status", "/", "/perception/status"),
        ("~/status", "/front", "/front/perception/status"),
        ("/tf_static", "/front", "/tf_static"),
    ],
)
def test_full_names(name, namespace, expected):
    assert resolve(name, namespace) == expected


def test_remaps_are_compared_in_full():
    for before in ("rgb/image", "/front/rgb/image"):
        assert resolve("rgb/image", "/front", remaps={before: "/cam/raw"}) == "/cam/raw"
    assert resolve("rgb/image", "/front", remaps={"/rgb/image": "/cam/raw"}) == "/front/rgb/image"
    assert resolve("rgb/image", "/front", remaps={"rgb/image": "cam"}) == "/front/cam"
    assert resolve("~/status", remaps={"~/status": "status"}) == "/status"
    assert resolve("rgb/image", remaps={"rgb/image": "~/own"}) == "/perception/own"


@pytest.mark.parametrize("name", ["", "a b", "//a", "a//b", "a/", "1a", "~a", "~", "/", "a-b", "ü"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UsageError, match=r"topic .*expected letters"):
        resolve(name)
    with pytest.raises(UsageError, match=r"topic .*expected letters"):
        resolve("rgb/image", remaps={"rgb/image": name})


@settings(deadline=None)
@given(st.text(alphabet="ab_1/~", max_size=40))
def test_any_text_gives_an_absolute_name_or_an_error(name):
    try:
        full = resolve(name, "/x")
    except UsageError:
        return
    assert full.startswith("/")
    assert "//" not in full
    assert "~" not in full


def test_two_rigs_share_nothing_but_tf():
    left, right = (input_topics(f"/{side}") for side in ("left", "right"))
    assert {left[s] for s in Stream} & {right[s] for s in Stream} == {"/tf_static"}
    outputs = set(output_topics("/left").values())
    assert outputs.isdisjoint(output_topics("/right").values())
    assert outputs == {f"/left/perception/{topic}" for topic in offered_topics(scene=True)}
    without = set(output_topics("/left", scene=False).values())
    assert without == {f"/left/perception/{topic}" for topic in TOPICS}
    assert set(INPUT_TYPES) == set(Stream)


def test_another_name_for_what_is_not_offered_is_refused():
    remaps = {"rgb/image": "/cam", "~/fused/image": "/fused"}
    check_remaps(remaps, "/left", scene=True)
    check_remaps({"rgb/image": "/cam", "~/points": "/cloud"}, "/left", scene=False)
    for source in ("~/fused/image", "/left/perception/semantic/image"):
        with pytest.raises(UsageError, match=rf"--remap {source}: not offered .* scene\.model"):
            check_remaps({source: "/fused"}, "/left", scene=False)


def test_qos_of_inputs_and_outputs():
    table = input_qos(Config().qos)
    assert table[Stream.RGB_IMAGE] == table[Stream.THERMAL_INFO] == Qos(False, False, 5)
    assert table[Stream.TF_STATIC].transient_local
    assert table[Stream.TF_STATIC].reliable
    values = {"qos.thermal_image": "reliable", "qos.depth": 9}
    table = input_qos(with_values(Config(), values).qos)
    assert table[Stream.THERMAL_IMAGE] == Qos(True, False, 9)
    assert table[Stream.RGB_IMAGE] == Qos(False, False, 9)
    assert output_qos("depth/image") == Qos(True, False, 2)
    assert output_qos("semantic/label_info").transient_local


def test_who_reaches_whom():
    """The table of ROS 2: quality of service compatibilities."""
    both = (True, False)
    for offered_r, wanted_r, offered_t, wanted_t in itertools.product(both, both, both, both):
        end = Endpoint("/driver", IMAGE, offered_r, offered_t)
        reaches = end.reaches(Qos(wanted_r, wanted_t))
        assert reaches == ((offered_r or not wanted_r) and (offered_t or not wanted_t))


@pytest.mark.parametrize(
    ("transport", "published", "compressed"),
    [
        ("auto", set(), False),
        ("auto", {"/c"}, False),
        ("auto", {"/c/compressed"}, True),
        ("auto", {"/c", "/c/compressed"}, False),
        ("raw", {"/c/compressed"}, False),
        ("compressed", {"/c"}, True),
    ],
)
def test_which_pictures_are_taken(transport, published, compressed):
    config = with_values(Config(), {"host.thermal_transport": transport})
    expected = ("/c/compressed", COMPRESSED_IMAGE) if compressed else ("/c", IMAGE)
    assert image_topic(config, Stream.THERMAL_IMAGE, "/c", published) == expected
    other = image_topic(config, Stream.RGB_IMAGE, "/c", {"/c"})
    assert other == ("/c", IMAGE)
