"""The file of pictures that engines are compared on, and what is said of wrong arguments."""

from __future__ import annotations

import pytest

from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation import parity_pictures
from rgbt_perception.evaluation.parity_pictures import main
from rgbt_perception.frames import Mode


def line(capsys):
    found = capsys.readouterr().err.splitlines()
    assert len(found) == 1
    return found[0]


def test_wrong_arguments_are_one_line(recording_maker, tmp_path, capsys):
    bag, out = str(recording_maker()), str(tmp_path / "out.npz")
    assert main([]) == 2
    assert line(capsys) == "parity_pictures: Missing argument 'DAY'."
    assert main([str(tmp_path / "none.mcap"), out]) == 2
    assert "none.mcap' does not exist" in line(capsys)
    assert main([bag, str(tmp_path / "out.zip")]) == 2
    assert line(capsys).endswith("out.zip: expected a name that ends in .npz")
    assert main([bag, str(tmp_path / "nowhere" / "out.npz")]) == 1
    assert "no such folder" in line(capsys)
    assert main([bag, out, "more"]) == 2
    assert "more" in line(capsys)


def test_a_recording_that_is_too_short_is_named(recording_maker, monkeypatch):
    monkeypatch.setattr(parity_pictures, "make_engine", lambda config: ConstantEngine())
    bag = recording_maker()
    with pytest.raises(InputError, match=r"recording\.mcap: results: 5, expected more than 9"):
        parity_pictures._moments(bag, (9,), ())
    with pytest.raises(InputError, match=r"no result in mode RGB_ONLY"):
        parity_pictures._moments(bag, (1,), (Mode.RGB_ONLY,))
    (moment,) = parity_pictures._moments(bag, (1,), ())
    assert set(moment) == {"depth", "scene"}
    assert set(moment["depth"]) == set(ConstantEngine().inputs)
