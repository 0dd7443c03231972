import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_ms2 import calibration

from rgbt_perception.errors import InputError
from rgbt_perception.recording.ms2_calibration import load_ms2_calibration


def save(path, tree):
    np.save(path, tree, allow_pickle=True)
    return path


def test_points_go_from_colour_through_near_infrared_to_thermal(tmp_path):
    tree = calibration()
    found = load_ms2_calibration(save(tmp_path / "calib.npy", tree))
    np.testing.assert_array_equal(found.rgb_K, tree["K_rgbL"])
    np.testing.assert_array_equal(found.thermal_K, tree["K_thrL"])
    point_nir = np.array([[0.7], [-0.4], [9.0]])  # metres
    rgb = tree["R_nir2rgb"] @ point_nir + tree["T_nir2rgb"] / 1000
    thermal = tree["R_nir2thr"] @ point_nir + tree["T_nir2thr"] / 1000
    moved = found.thermal_T_rgb @ np.vstack([rgb, [[1.0]]])
    np.testing.assert_allclose(moved[:3], thermal, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"K_thrL": None}, ["K_thrL", "missing", "K_rgbL"]),
        ({"K_rgbL": np.eye(4)}, ["K_rgbL", "3 x 3"]),
        ({"T_nir2thr": np.array([1.0, np.nan, 0.0])}, ["T_nir2thr", "3 finite numbers"]),
        ({"R_nir2rgb": 2 * np.eye(3)}, ["R_nir2rgb", "rotation"]),
        ({"R_nir2thr": np.diag([1.0, 1.0, -1.0])}, ["R_nir2thr", "rotation"]),
        ({"T_nir2rgb": np.array(["a", "b", "c"])}, ["T_nir2rgb", "numbers"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, words):
    tree = {key: value for key, value in {**calibration(), **change}.items() if value is not None}
    with pytest.raises(InputError) as error:
        load_ms2_calibration(save(tmp_path / "calib.npy", tree))
    for word in ["calib.npy", *words]:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [np.zeros(3), [1, 2], None], ids=["array", "list", "none"])
def test_not_a_dictionary(tmp_path, content):
    with pytest.raises(InputError, match="dictionary"):
        load_ms2_calibration(save(tmp_path / "calib.npy", content))


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"calib\.npy: No such file"):
        load_ms2_calibration(tmp_path / "calib.npy")


class _Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_program_in_the_file_is_not_run(tmp_path):
    trap = tmp_path / "trap"
    path = save(tmp_path / "calib.npy", {"K_rgbL": _Evil(trap)})
    with pytest.raises(InputError, match="mkdir"):
        load_ms2_calibration(path)
    assert not trap.exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_way_in_which_numpy_writes_arrays(tmp_path, protocol):
    path = tmp_path / "calib.npy"
    holder = np.empty((), dtype=object)
    holder[()] = calibration()
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        pickle.dump(holder, file, protocol=protocol)
    assert load_ms2_calibration(path).rgb_K[0, 0] == 80.0


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_give_one_line_or_a_calibration(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "calib.npy"
    raw = bytearray(save(path, calibration()).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    line = ""
    try:
        load_ms2_calibration(path)
    except InputError as error:
        line = str(error)
    assert "\n" not in line
