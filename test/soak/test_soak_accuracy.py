"""The shipped weights on seeds that were never trained on, tuned on or looked at."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("mujoco")

from rgbt_perception.evaluation.suite.__main__ import main

pytestmark = pytest.mark.slow


def test_the_depth_holds_what_is_promised(tmp_path, pytestconfig, capsys):
    # Beside those of `make accuracy`, so that neither renders what the other has left.
    data = pytestconfig.rootpath / "out" / "accuracy" / "data"
    with capsys.disabled():
        print()
        code = main(["--data", str(data), "--out", str(tmp_path)])
    checks = json.loads((tmp_path / "accuracy.json").read_text())["checks"]
    assert [check["name"] for check in checks if not check["passed"]] == []
    assert code == 0
