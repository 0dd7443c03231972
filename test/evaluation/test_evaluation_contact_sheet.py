from __future__ import annotations

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.colormap import MODE_COLORS
from rgbt_perception.evaluation.contact_sheet import contact_sheet, write_picture
from rgbt_perception.evaluation.moments import Moment, collect_moments
from rgbt_perception.evaluation.run_folder import open_run
from rgbt_perception.frames import Mode


def moment(depth: float = 5.0, **pictures: object) -> Moment:
    return Moment(1.5, Mode.FULL, np.full((30, 40), depth, np.float32), **pictures)


def holds(sheet: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((sheet == np.array(color, np.uint8)).all(axis=-1).sum())


def test_rows_that_nobody_has_are_absent() -> None:
    bare = contact_sheet([moment(), moment()])
    truth = np.full((30, 40), 5.0, np.float32)
    full = contact_sheet(
        [
            moment(
                color=np.zeros((30, 40, 3), np.uint8),
                thermal=np.zeros((30, 40), np.uint16),
                truth=truth,
                confidence=truth / 10,
            ),
            moment(),
        ]
    )
    tile = 30 * 224 // 40
    assert full.shape[0] == bare.shape[0] + 4 * (tile + 6)
    assert full.shape[1] == bare.shape[1]


def test_one_scale_over_the_sheet() -> None:
    sheet = contact_sheet([moment(2.0), moment(20.0), moment(2.0)])
    row = sheet[100]
    first, second, third = (row[112 + i * 230 + 100] for i in range(3))
    assert (first == third).all()
    assert (first != second).any()
    # Near is warm.
    assert first[0] > first[2]
    assert second[2] > second[0]


def test_caption_has_the_colour_of_the_mode() -> None:
    sheet = contact_sheet([Moment(0.0, Mode.RGB_ONLY, np.ones((30, 40), np.float32))])
    assert holds(sheet, MODE_COLORS[Mode.RGB_ONLY]) >= 6 * 224


def test_colours_survive_the_file(tmp_path: Path) -> None:
    red = np.zeros((30, 40, 3), np.uint8)
    red[..., 0] = 250
    sheet = contact_sheet([moment(color=red)])
    assert holds(sheet, (250, 0, 0)) > 10_000
    write_picture(tmp_path / "sheet.png", sheet)
    bgr = cv2.imread(str(tmp_path / "sheet.png"))
    assert holds(bgr, (0, 0, 250)) > 10_000


def test_unwritable_file(tmp_path: Path) -> None:
    with pytest.raises(RgbtError, match="missing"):
        write_picture(tmp_path / "missing" / "sheet.png", np.zeros((2, 2, 3), np.uint8))


def test_moments_have_the_pictures_of_their_time(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (Mode.FULL, Mode.RGB_ONLY, Mode.THERMAL_ONLY, Mode.FULL)
    plan = synthetic.Plan(modes=modes, width=160, height=128)
    run = open_run(synthetic.write_run(tmp_path, plan))
    moments = collect_moments(run, [0, 1, 2, 3])
    assert [m.mode for m in moments] == list(modes)
    assert [m.color is None for m in moments] == [False, False, True, False]
    assert [m.thermal is None for m in moments] == [False, True, False, False]
    # In RGB_ONLY mode there is no thermal truth at the output's stamp.
    assert [m.truth is None for m in moments] == [False, True, False, False]
    for i in (0, 3):
        truth = synthetic.true_depth(plan, i)
        np.testing.assert_array_equal(moments[i].truth, truth)
        np.testing.assert_allclose(moments[i].depth, truth * 1.1, rtol=1e-5)
        near = np.nan_to_num(1.0 / truth)
        counts = (28_000 + 8_000 * near).astype(np.uint16)
        np.testing.assert_array_equal(moments[i].thermal, counts)
        # The box stands where the thermal picture has it: same moment, red channel high.
        color = moments[i].color
        assert color is not None
        assert abs(int(color[60, truth[60].argmin(), 0]) - 210) < 30


def test_moments_without_the_source(synthetic: ModuleType, tmp_path: Path) -> None:
    folder = synthetic.write_run(tmp_path)
    (tmp_path / "source.mcap").unlink()
    moments = collect_moments(open_run(folder), [0, 5])
    assert len(moments) == 2
    assert all(m.color is None and m.thermal is None and m.truth is None for m in moments)
    assert contact_sheet(moments).shape[1] > 0


def test_topics_of_another_name(synthetic: ModuleType, tmp_path: Path) -> None:
    folder = synthetic.write_run(tmp_path)
    text = (folder / "run.json").read_text()
    renamed = text.replace('"pairs"', '"topics": {"thermal/image": "/lwir/raw"}, "pairs"')
    (folder / "run.json").write_text(renamed)
    moments = collect_moments(open_run(folder), [0])
    assert moments[0].thermal is None
    assert moments[0].color is not None
