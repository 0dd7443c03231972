"""The live host gives what replay gives, to the bit."""

from __future__ import annotations

import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from host_outputs import TOPICS, replayed
from live_outputs import lived


@pytest.mark.parametrize("compressed", [False, True])
def test_live_gives_what_replay_gives(recording_maker, tmp_path, network, compressed):
    recording_maker.compressed = compressed
    bag = recording_maker()
    expected = replayed(bag, tmp_path / "out")
    assert len(expected) == 5 * len(TOPICS)
    assert lived(bag, network) == expected
