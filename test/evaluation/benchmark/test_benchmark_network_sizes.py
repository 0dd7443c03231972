"""Networks of other sizes, and with what they are compared."""

from __future__ import annotations

from rgbt_perception.config import EngineConfig, EngineName
from rgbt_perception.engines.choice import model_path
from rgbt_perception.evaluation.benchmark.contestant import Contestant, Kind
from rgbt_perception.evaluation.benchmark.inputs import Sizes
from rgbt_perception.evaluation.benchmark.network_sizes import by_file

SIZES = Sizes((64, 48), (64, 48))


def test_growth_is_that_of_the_files_in_float32():
    """A form in int8 at one size alone would be a bend in the curve."""
    first = Contestant(Kind.OURS, EngineConfig(), "scene", None, SIZES)
    named = by_file(first)
    assert named.engine.depth_model == str(model_path("confidence_depth"))
    assert named.scene_model == str(model_path("scene"))
    assert by_file(named) == named
    none = by_file(Contestant(Kind.OURS, EngineConfig(), "", None, SIZES))
    assert none.scene_model == ""


def test_what_computes_nothing_has_no_files():
    first = Contestant(Kind.OURS, EngineConfig(EngineName.CONSTANT), "any", None, SIZES)
    assert by_file(first) == first
