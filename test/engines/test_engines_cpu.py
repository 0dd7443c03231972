"""Which runtime a CPU gets."""

from __future__ import annotations

import importlib.util
import logging

import pytest

from rgbt_perception.engines import cpu
from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.cpu import cpu_engine, prefers_openvino
from rgbt_perception.errors import RgbtError


@pytest.fixture
def installed(monkeypatch):
    """Makes OpenVINO seem to be there, or not."""

    def say(there):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if there else None)

    return say


def test_openvino_where_it_wins_and_is_there(installed, monkeypatch):
    installed(True)
    assert prefers_openvino(2)
    assert not prefers_openvino(1)
    monkeypatch.setattr(cpu, "cores", lambda: 8)
    assert prefers_openvino(0)
    monkeypatch.setattr(cpu, "cores", lambda: 1)
    assert not prefers_openvino(0)
    installed(False)
    assert not prefers_openvino(2)


def test_onnxruntime_steps_in_when_openvino_does_not_load(installed, monkeypatch, caplog):
    installed(True)

    def fails(path, threads):
        raise RgbtError("engine openvino: no such instruction set")

    monkeypatch.setattr(cpu, "OpenVinoEngine", fails)
    with caplog.at_level(logging.WARNING):
        engine = cpu_engine(model_path("confidence_depth"), threads=2)
    assert engine.name.startswith("onnxruntime")
    assert "no such instruction set; trying onnxruntime" in caplog.text


def test_what_is_no_model_stays_an_error(tmp_path, caplog):
    with pytest.raises(RgbtError, match=r"none\.onnx: No such file"):
        cpu_engine(tmp_path / "none.onnx", threads=1)
