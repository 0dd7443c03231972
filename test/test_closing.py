from __future__ import annotations

import pytest

from rgbt_perception.closing import Closing


class Door(Closing):
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_it_is_closed_at_the_end_of_the_block_and_after_an_exception() -> None:
    with Door() as door:
        assert not door.closed
    assert door.closed == 1
    with pytest.raises(ZeroDivisionError), door:
        raise ZeroDivisionError
    assert door.closed == 2
