"""Tests that run with NumPy alone and with compiled loops."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest


@contextlib.contextmanager
def compiling(wanted: bool, *modules: str) -> Iterator[None]:
    """Let modules of ``rgbt_perception`` run their compiled loops, or not."""
    with contextlib.ExitStack() as patches:
        for module in modules:
            name = f"rgbt_perception.{module}.compiles"
            patches.enter_context(mock.patch(name, return_value=wanted))
        yield


def both_ways(*modules: str) -> Callable[..., Any]:
    """A fixture that runs every test of a file twice: without and with these modules' loops."""

    @pytest.fixture(autouse=True, scope="module", params=["plain", "compiled"])
    def way(request: pytest.FixtureRequest) -> Iterator[str]:
        if request.param == "compiled":
            pytest.importorskip("numba", reason="needs the extra [cpu]")
        with compiling(request.param == "compiled", *modules):
            yield request.param

    return way
