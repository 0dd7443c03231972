from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("torch")

from rgbt_perception.training import recordings
from rgbt_perception.training.recipe import DataConfig, RecordingsConfig
from rgbt_perception.training.recordings import recording_specs, render_missing

GROUP = RecordingsConfig(first_seed=100, count=48, seconds=0.4, rate=2.5)
DATA = DataConfig(GROUP, GROUP, rgb_sizes=((64, 48), (64, 32)), thermal_sizes=((64, 64),))


def test_conditions_and_sizes_are_spread_evenly():
    specs = list(recording_specs(DATA, GROUP))
    assert [spec.seed for spec in specs] == list(range(100, 148))
    conditions = Counter((spec.scene, spec.light, spec.weather) for spec in specs)
    assert len(conditions) == 24
    assert set(conditions.values()) == {2}
    for size in DATA.rgb_sizes:
        assert sum(spec.rgb_size == size for spec in specs) == 24
    assert len({spec.file_name for spec in specs}) == 48


def test_finished_recordings_are_kept(tmp_path, monkeypatch):
    specs = list(recording_specs(DATA, GROUP))[:3]
    (tmp_path / specs[1].file_name).write_text("finished before")
    rendered: list[Path] = []

    def render(missing, processes):
        for index, (_, path) in enumerate(missing, start=1):
            rendered.append(path)
            path.write_text("new")
            yield index

    monkeypatch.setattr(recordings, "_rendered", render)
    steps: list[tuple[int, int]] = []
    paths = render_missing(specs, tmp_path, 2, lambda done, total: steps.append((done, total)))
    assert [path.name for path in paths] == [spec.file_name for spec in specs]
    assert rendered == [paths[0], paths[2]]
    assert paths[1].read_text() == "finished before"
    assert steps == [(2, 3), (3, 3)]


def test_a_recording_is_simulated(tmp_path):
    pytest.importorskip("mujoco")
    from rgbt_perception.training.pair_cache import cache_recording, open_cached

    specs = list(recording_specs(DATA, RecordingsConfig(7, 1, 0.4, 2.5)))
    (path,) = render_missing(specs, tmp_path, processes=1)
    cached = open_cached(cache_recording(path, 64, 64))
    assert len(cached) == 1
    assert cached.condition == "street/day/clear"
    assert cached.rgb.shape[1:3] == (48, 64)
    assert not list(tmp_path.glob("partial-*"))
