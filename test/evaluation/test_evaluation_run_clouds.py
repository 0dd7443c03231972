from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation import run_clouds
from rgbt_perception.evaluation.cloud_points import packed_cloud
from rgbt_perception.evaluation.run_clouds import typical_clouds
from rgbt_perception.evaluation.run_folder import open_run
from rgbt_perception.frames import Mode
from rgbt_perception.geometry.cloud import POINT, POINT_XYZ, POINT_XYZRGB


def test_one_cloud_of_every_mode(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (Mode.FULL,) * 3 + (Mode.RGB_ONLY,) * 3 + (Mode.FULL,)
    plan = synthetic.Plan(modes=modes, cloud=True)
    clouds = typical_clouds(open_run(synthetic.write_run(tmp_path, plan)))
    assert [cloud.mode for cloud in clouds] == [Mode.FULL, Mode.RGB_ONLY]
    for cloud, frame in zip(clouds, (2, 3), strict=True):
        np.testing.assert_array_equal(cloud.points["z"], synthetic.true_depth(plan, frame))
    assert abs(clouds[0].time_s - 0.2) < 1e-6


@pytest.mark.parametrize("point", [POINT_XYZ, POINT_XYZRGB])
def test_clouds_of_fewer_fields(synthetic: ModuleType, tmp_path: Path, point: np.dtype) -> None:
    whole, fewer = (
        typical_clouds(open_run(synthetic.write_run(tmp_path / name, plan)))[0].points
        for name, plan in (
            ("whole", synthetic.Plan(cloud=True)),
            ("fewer", synthetic.Plan(cloud=True, point=point)),
        )
    )
    assert fewer.dtype == POINT
    for name in point.names:
        np.testing.assert_array_equal(fewer[name], whole[name])
    assert np.isnan(fewer["temperature"]).all()
    assert np.isnan(fewer["confidence"]).all()
    # The report offers no colours that nothing stands behind.
    packed = packed_cloud(fewer, 1000)
    assert packed is not None
    assert not packed.confidence
    assert not packed.heat
    assert not fewer["label"].any()


def test_a_cloud_of_another_layout_is_named(
    synthetic: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_clouds, "_LAYOUTS", {16: POINT_XYZRGB, 28: POINT})
    plan = synthetic.Plan(cloud=True, point=POINT_XYZ)
    with pytest.raises(InputError, match="12 bytes a point, expected one of 16, 28"):
        typical_clouds(open_run(synthetic.write_run(tmp_path, plan)))


def test_run_without_clouds(synthetic: ModuleType, tmp_path: Path) -> None:
    assert typical_clouds(open_run(synthetic.write_run(tmp_path))) == []
