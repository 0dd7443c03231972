"""The page in a real browser."""

from __future__ import annotations

import numpy as np
import pytest
from browser import Browser, browser

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from rgbt_perception.frames import Mode
from rgbt_perception.live.view.gallery import KINDS, Gallery
from rgbt_perception.live.view.server import ViewServer
from rgbt_perception.live.view.state import Problem, StreamState, ViewState
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import image_message

PROGRAM = browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Chromium")

STATE = ViewState(
    title="/front/perception, DDS domain 7",
    mode=Mode.THERMAL_ONLY,
    reasons=("rgb_lost",),
    result_hz=9.9,
    streams=(
        StreamState(
            "rgb/image", "/a/rather/long/name/of/an/rgb/image/compressed", 7, 0, 3.0, "jpeg"
        ),
        StreamState("thermal/image", "/thermal/image", 93, 9.96, 0.02, "640x512 mono16"),
    ),
    stages={"sensing": (1.0, 2.0, 3.0), "total": (4.0, 5.0, 66.6)},
    counters={"pairs": 5, "dropped rgb": 2},
    outputs={"/front/perception/depth/image": 1},
    problems=(Problem("warn", "/rgb/image: nothing comes any more since 3 s <b>"),),
    engine="confidence_depth, onnxruntime",
)
HEIGHTS = "[...document.querySelectorAll('tr')].map((row) => row.offsetHeight)"
LOADED = """
[...document.querySelectorAll('figure > div > img')].every((i) => !i.hidden && i.naturalWidth > 0)
"""


def pictures(gallery):
    ramp = np.tile(np.linspace(0, 1, 160, dtype=np.float32), (128, 1))
    color = np.zeros((120, 160, 3), np.uint8)
    color[..., 0] = 220
    arrays = {
        "rgb": (color, "rgb8"),
        "thermal": ((29000 + 2000 * ramp).astype(np.uint16), "mono16"),
        "depth": (1 + 40 * ramp, "32FC1"),
        "confidence": (ramp, "32FC1"),
        "fused": (np.stack([(255 * ramp).astype(np.uint8)] * 3, axis=-1), "rgb8"),
        "labels": (np.where(ramp[..., None] < 0.5, np.uint8([0, 0, 250]), color[:1, :1]), "rgb8"),
    }
    for kind, (array, encoding) in arrays.items():
        gallery.show(kind, image_message(RosbagsFactory(), array, encoding, 1, "frame"))


def panel(page, kind):
    """The middle row of a picture as it is on the screen, B G R."""
    box = page.value(
        f"(() => {{ const b = document.querySelector('[data-picture={kind}] div > img')"
        ".getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })()"
    )
    return [round(edge) for edge in box]


def test_everything_is_on_the_page_on_a_desk_and_on_a_phone(tmp_path):
    gallery = Gallery()
    pictures(gallery)
    server = ViewServer(gallery, lambda: STATE, 0)
    server.start()
    with Browser(PROGRAM) as page:
        for name, width, height in (("desk", 1280, 2000), ("phone", 390, 2600)):
            page.open(server.url, width, height)
            page.wait("document.readyState === 'complete' && " + LOADED)
            text = page.value("document.body.innerText")
            for expected in (
                *("/front/perception, DDS domain 7", "THERMAL_ONLY", "rgb_lost", "9.9 results/s"),
                *("nothing comes any more since 3 s <b>", "/thermal/image", "10.0", "66.6"),
                *("dropped rgb", "/front/perception/depth/image", "20 m", "640x512 mono16"),
            ):
                assert expected in text, name
            assert "native code" not in text
            # The camera that is lost: its last picture is marked as old.
            lost = "document.querySelector('[data-picture=rgb]').classList.contains('old')"
            assert page.value(lost)
            assert page.value("document.documentElement.scrollWidth") <= width
            # No column so narrow that a name stands on its head.
            assert max(page.value(HEIGHTS)) < 120
            shot = page.photograph(tmp_path / f"{name}.png")
            assert shot.shape == (height, width, 3)
            # Where this takes seconds the pictures are pale: nothing newer has come.
            for kind in KINDS:
                left, top, right, bottom = panel(page, kind)
                assert right - left > 150
                row = shot[(top + bottom) // 2, left:right].astype(int)
                if kind == "rgb":
                    blue, green, red = row[len(row) // 2]
                    assert red - max(blue, green) > 50
                else:
                    # All others change from left to right.
                    assert abs(row[len(row) // 5] - row[-len(row) // 5]).max() > 20
        assert page.complaints == []
        # The host goes: the page says so and does not show old pictures as if they were new.
        server.stop()
        page.wait("document.body.innerText.includes('NO CONNECTION')")
        page.wait(f"document.querySelectorAll('figure.old').length === {len(KINDS)}")
