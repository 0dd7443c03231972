from __future__ import annotations

import pytest

from rgbt_perception.errors import UsageError
from rgbt_perception.frames import Modality
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.simulation.dropout import Dropout, parse_dropout


def test_reads_camera_and_times():
    dropout = parse_dropout("thermal:1.5-2")
    assert dropout == Dropout(Modality.THERMAL, 1.5, 2.0)
    assert dropout.covers(Modality.THERMAL, 1.5)
    assert not dropout.covers(Modality.THERMAL, 2.0)
    assert not dropout.covers(Modality.RGB, 1.7)


@pytest.mark.parametrize("text", ["rgb", "depth:1-2", "rgb:2-1", "rgb:1-1", "rgb:a-b"])
def test_says_what_it_expected(text):
    with pytest.raises(UsageError, match="CAMERA:FROM-TO"):
        parse_dropout(text)


def test_the_camera_is_silent_and_its_truth_goes_on(tmp_path):
    pytest.importorskip("mujoco")
    from rgbt_perception.simulation.conditions import Light, SceneName, Weather
    from rgbt_perception.simulation.recorder import record_scenario
    from rgbt_perception.simulation.scenario import Scenario

    path = tmp_path / "dropout.mcap"
    scenario = Scenario(
        SceneName.STREET,
        Light.DAY,
        Weather.CLEAR,
        0.6,
        10.0,
        800_003,
        (48, 32),
        (48, 32),
        dropouts=(Dropout(Modality.RGB, 0.15, 0.35),),
    )
    record_scenario(scenario, path)
    with RecordingReader(path) as reader:
        counts = {name: info.count for name, info in reader.topics.items()}
    assert counts["/rgb/image"] == 4
    assert counts["/rgb/camera_info"] == counts["/ground_truth/rgb/depth/image"] == 6
    assert counts["/thermal/image"] == 6
