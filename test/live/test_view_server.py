from __future__ import annotations

import http.client
import json
import socket
from contextlib import suppress

import cv2
import numpy as np
import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import Mode
from rgbt_perception.live.view.gallery import Gallery
from rgbt_perception.live.view.server import ViewServer
from rgbt_perception.live.view.state import Problem, StreamState, ViewState
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import compressed_image_message, image_message

FACTORY = RosbagsFactory()


def message(array, encoding):
    return image_message(FACTORY, array, encoding, 1, "thermal_optical_frame")


def state(**changes):
    values = {
        "title": "/perception, DDS domain 0",
        "mode": Mode.THERMAL_ONLY,
        "reasons": ("rgb_lost",),
        "result_hz": 9.9,
        "streams": (StreamState("rgb/image", "/cam/image", 7, 0.0, None, "64x48 rgb8"),),
        "stages": {"total": (float("nan"), 2.0, 3.0)},
        "counters": {"pairs": 5},
    }
    return ViewState(**(values | changes))


@pytest.fixture
def gallery():
    return Gallery()


@pytest.fixture
def serve(gallery):
    started = []

    def start(**changes):
        server = ViewServer(gallery, lambda: state(**changes), 0)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


def get(server, path, host=None, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path, headers={} if host is None else {"Host": host})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def picture(server, kind):
    answer, body = get(server, f"/picture/{kind}?n=1")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)


def test_listens_on_this_machine_only(serve):
    server = serve()
    assert server.url == f"http://127.0.0.1:{server.port}/"
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {"127.0.0.1", "::1"}:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, server.port)) != 0


def test_refuses_to_be_asked_by_another_name(serve):
    server = serve()
    assert get(server, "/state", host=f"localhost:{server.port}")[0].status == 200
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1"):
        answer, body = get(server, "/state", host=host)
        assert answer.status == 403
        assert b"THERMAL" not in body


def test_refuses_the_pages_of_other_sites(serve):
    server = serve()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
        connection.request("GET", "/state", headers={"Sec-Fetch-Site": site})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    connection.close()


def test_the_page_loads_only_what_the_server_has(serve):
    server = serve()
    for path in ("/", "/page.css", "/page.js"):
        answer, body = get(server, path)
        assert answer.status == 200
        assert b"//" not in body.replace(b"// ", b"")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/nothing", "/picture/other", "/../server.py", "/page/page.html", "/picture/rgb"):
        assert get(server, path)[0].status == 404
    assert get(server, "/state", method="POST")[0].status == 501
    assert get(server, "/", method="HEAD")[1] == b""


def test_state_as_json(serve, gallery):
    gallery.show("depth", message(np.full((8, 10), 3.0, np.float32), "32FC1"))
    server = serve(problems=(Problem("error", "no <thermal>"),))
    picture(server, "depth")
    tree = json.loads(get(server, "/state")[1])
    assert (tree["mode"], tree["reasons"]) == ("THERMAL_ONLY", ["rgb_lost"])
    assert tree["streams"][0]["age_s"] is None
    assert tree["stages"]["total"] == [None, 2.0, 3.0]
    assert tree["problems"] == [{"level": "error", "text": "no <thermal>"}]
    others = ("rgb", "thermal", "confidence", "fused", "labels")
    assert tree["pictures"] == {"depth": 1, **dict.fromkeys(others, 0)}
    assert tree["notes"] == {"depth": "10x8 32FC1"}
    assert [depth for depth, _ in tree["depth_ticks"]] == [3.0, 5.0]


def test_pictures_in_colours(serve, gallery):
    server = serve()
    red = np.zeros((480, 1280, 3), np.uint8)
    red[..., 0] = 200
    gallery.show("rgb", message(red, "rgb8"))
    shown = picture(server, "rgb")
    assert shown.shape == (240, 640, 3)
    assert abs(shown[100, 100] - (200, 0, 0)).max() < 6
    counts = np.tile(np.linspace(29000, 31000, 64).astype(np.uint16), (48, 1))
    gallery.show("thermal", message(counts, "mono16"))
    shown = picture(server, "thermal")
    assert shown[24, 2].mean() < 25
    assert shown[24, 61].mean() > 230
    depth = np.tile(np.linspace(1.0, 50.0, 64, dtype=np.float32), (48, 1))
    depth[:8] = np.nan
    gallery.show("depth", message(depth, "32FC1"))
    near, far = picture(server, "depth")[40, [1, 62]]
    assert near[0] > near[2] + 60
    assert far[2] > far[0] + 60
    gallery.show("confidence", message(np.zeros((48, 64), np.float32), "32FC1"))
    assert picture(server, "confidence")[24, 32].mean() < 80
    gallery.show("fused", message(red, "rgb8"))
    assert abs(picture(server, "fused")[100, 100] - (200, 0, 0)).max() < 6
    red[:, 1::2] = 0
    gallery.show("labels", message(red, "rgb8"))
    # Of two classes one, never what lies between them.
    assert np.median(picture(server, "labels")[..., 0]) in (*range(8), *range(194, 206))
    png = compressed_image_message(FACTORY, counts, "png", 1, "thermal_optical_frame")
    gallery.show("thermal", png)
    assert picture(server, "thermal")[24, 61].mean() > 230


def test_a_picture_that_cannot_be_drawn_is_named(serve, gallery):
    server = serve()
    broken = message(np.zeros((8, 10, 3), np.uint8), "rgb8")
    broken.data = broken.data[:-5]
    gallery.show("rgb", broken)
    assert get(server, "/picture/rgb")[0].status == 404
    (problem,) = json.loads(get(server, "/state")[1])["problems"]
    assert "rgb8" in problem["text"] or "235" in problem["text"]
    gallery.show("rgb", message(np.zeros((8, 10, 3), np.uint8), "rgb8"))
    picture(server, "rgb")
    assert json.loads(get(server, "/state")[1])["problems"] == []


def test_nothing_is_drawn_or_watched_without_a_browser(monkeypatch):
    now = [100.0]
    gallery = Gallery(clock=lambda: now[0])
    drawn = []
    monkeypatch.setattr(
        "rgbt_perception.live.view.gallery.color_picture", lambda m: drawn.append(m) or m
    )
    for _ in range(5):
        gallery.show("rgb", object())
    assert drawn == []
    assert not gallery.watched
    gallery.look()
    assert gallery.watched
    now[0] += 1.9
    assert gallery.watched
    now[0] += 0.2
    assert not gallery.watched


def test_one_drawing_serves_all_browsers(serve, gallery, monkeypatch):
    from rgbt_perception.live.view import gallery as module

    drawn = []
    original = module.color_picture
    monkeypatch.setattr(module, "color_picture", lambda m: drawn.append(m) or original(m))
    server = serve()
    gallery.show("rgb", message(np.zeros((8, 10, 3), np.uint8), "rgb8"))
    for _ in range(3):
        picture(server, "rgb")
    assert len(drawn) == 1


def test_depth_colours_do_not_jump_with_every_picture(gallery):
    def limits(near, far):
        depth = np.linspace(near, far, 3200, dtype=np.float32).reshape(40, 80)
        gallery.show("depth", message(depth, "32FC1"))
        gallery.jpeg("depth")
        return gallery.scale.near_m, gallery.scale.far_m

    wide = limits(1.0, 48.0)
    assert limits(6.0, 9.0) == wide
    for _ in range(40):
        narrow = limits(6.0, 9.0)
    assert narrow[1] < wide[1]


def test_a_taken_port_is_one_clear_line(serve, gallery):
    server = serve()
    with pytest.raises(RgbtError, match=rf"--port {server.port}.*expected another"):
        ViewServer(gallery, state, server.port)


def test_stops_while_a_browser_keeps_its_connection(serve):
    server = serve()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/state")
    connection.getresponse().read()
    connection.auto_open = 0
    server.stop()
    server.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0
    with suppress(OSError):
        connection.request("GET", "/state")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
