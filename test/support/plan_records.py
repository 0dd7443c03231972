"""A description of a plan, for tests that need one."""

from rgbt_perception.engines.cache.key import PlanKey
from rgbt_perception.engines.cache.record import Figures, PlanRecord
from rgbt_perception.engines.plan_builder import PlanTarget, Precision

RECORD = PlanRecord(
    PlanKey("0" * 64, Precision.FP16, PlanTarget("tensorrt 10.16.1.11", "Orin", "8.7")),
    "confidence_depth",
    {"rgb": (1, 3, 256, 320)},
    "1" * 64,
    1000,
    "2026-01-02T03:04:05+00:00",
    61.5,
    {"depth": Figures("relative", 1e-4, 1e-3, 2e-3, 2e-2)},
)
