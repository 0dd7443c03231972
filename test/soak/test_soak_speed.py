"""What is claimed of speed: printed by `rgbt benchmark`, checked here."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

from rgbt_perception.cli.main import main

pytestmark = pytest.mark.slow


def test_engine_against_torch_and_the_share_outside_it(tmp_path, capsys):
    file = tmp_path / "benchmark.json"
    assert main(["benchmark", "--pairs", "100", "--json", str(file)]) == 0
    with capsys.disabled():
        print("\n" + capsys.readouterr().out)
    result = json.loads(file.read_text())
    assert result["ratios"]["torch_eager"] >= 2.0
    assert result["outside_engine"] <= 0.25
