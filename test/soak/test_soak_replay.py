"""Replay of a long recording: memory and disk do not grow with its length."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import re, sys
from pathlib import Path
from rgbt_perception.config import Config
from rgbt_perception.replay import ReplayOptions, replay
replay(Path(sys.argv[1]), Path(sys.argv[2]), Config(), ReplayOptions())
# Not getrusage: its peak is inherited from the parent process.
status = Path("/proc/self/status").read_text()
print("peak_mb", int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024)
"""


def peak_mb(bag, out):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(bag), str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    match = re.search(r"peak_mb ([\d.]+)", done.stdout)
    assert match
    return float(match[1])


def test_memory_does_not_grow_with_the_recording(recording_maker, tmp_path, capsys):
    recording_maker.rgb_size, recording_maker.thermal_size = (640, 480), (320, 256)
    peaks = {}
    for count in (60, 600):
        recording_maker.count = count
        bag = recording_maker(f"{count}.mcap")
        peaks[count] = peak_mb(bag, tmp_path / str(count))
        run = json.loads((tmp_path / str(count) / "run.json").read_text())
        assert run["outputs"] == count
    with capsys.disabled():
        print(f"\nreplay, peak memory: {peaks}")
    assert peaks[600] < peaks[60] + 25
