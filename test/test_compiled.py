"""Loops compiled by Numba."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from rgbt_perception.compiled import compiled_loop, compiles, prepared, without_loops

# Not by leaving the module: what collects launch tests, on ROS, would leave its folder too.
pytestmark = pytest.mark.skipif(find_spec("numba") is None, reason="needs the extra [cpu]")


def doubled(source, result):
    for index in range(len(source)):
        result[index] = 2 * source[index]


def test_a_loop_does_what_its_source_says_for_every_type():
    loop = compiled_loop(doubled)
    for dtype in (np.float32, np.uint8):
        source = np.arange(5, dtype=dtype)
        result = np.zeros_like(source)
        loop(source, result)
        assert result.tolist() == [0, 2, 4, 6, 8]
    assert loop.plain is doubled


def test_two_threads_may_meet_at_the_first_call():
    loop = compiled_loop(doubled)
    results = [np.zeros(3) for _ in range(2)]
    threads = [threading.Thread(target=loop, args=(np.ones(3), result)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.tolist() for result in results] == [[2, 2, 2]] * 2


def test_numbas_switch_leaves_the_plain_way():
    code = "from rgbt_perception.compiled import compiles; print(compiles())"
    for value, expected in (("0", "True"), ("1", "False")):
        environment = os.environ | {"NUMBA_DISABLE_JIT": value}
        said = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert said.stdout.strip() == expected, said.stderr
    assert compiles()


def test_one_thread_can_go_without_loops():
    elsewhere = []
    with without_loops():
        assert not compiles()
        thread = threading.Thread(target=lambda: elsewhere.append(compiles()))
        thread.start()
        thread.join()
    assert compiles()
    assert elsewhere == [True]


def test_arrays_of_any_kind_are_prepared_alike():
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert prepared(picture) is picture
    stored = np.frombuffer(picture.tobytes(), np.uint8).reshape(3, 4)
    for other in (picture[:, ::2], stored, picture.T):
        ready = prepared(other)
        assert ready.flags.c_contiguous
        assert ready.flags.writeable
        np.testing.assert_array_equal(ready, other)


def test_it_runs_where_nothing_can_be_written(tmp_path: Path):
    module = tmp_path / "loops.py"
    module.write_text(
        "from rgbt_perception.compiled import compiled_loop\n"
        "@compiled_loop\n"
        "def first(result):\n"
        "    result[0] = 3\n"
    )
    # A file where a folder has to be: not even root can write there.
    blocked = tmp_path / "__pycache__"
    blocked.touch()
    code = "import numpy, loops; a = numpy.zeros(1); loops.first(a); print(a)"
    environment = os.environ | {"HOME": str(module), "XDG_CACHE_HOME": str(module)}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(Path.cwd())])
    environment.pop("NUMBA_CACHE_DIR", None)
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert said.stdout.strip() == "[3.]", said.stderr


def test_a_numba_that_does_not_load_leaves_the_plain_way(tmp_path: Path):
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 2.2 or less')")
    code = "from rgbt_perception.compiled import compiles; print(compiles())"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())])}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert said.stdout.strip() == "False"
    assert "Numba needs NumPy 2.2 or less" in said.stderr


@pytest.mark.parametrize("damage", [b"", bytes(100)])
def test_damaged_code_is_compiled_anew(tmp_path: Path, damage):
    (tmp_path / "loops.py").write_text(
        "from rgbt_perception.compiled import compiled_loop\n"
        "@compiled_loop\n"
        "def first(result):\n"
        "    result[0] += 3\n"
    )
    code = "import numpy, loops; a = numpy.zeros(1); loops.first(a); print(a)"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(Path.cwd())])

    def run():
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )

    assert run().stdout.strip() == "[3.]"
    for kept in (tmp_path / "kept").rglob("*.nb?"):
        kept.write_bytes(damage)
    again = run()
    assert again.stdout.strip() == "[3.]"
    assert "compiled anew" in again.stderr
