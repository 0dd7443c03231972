"""Section ``one_camera``: the fused depth while a camera is silent, beside the other one alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rgbt_perception.evaluation.metrics import depth_metrics
from rgbt_perception.evaluation.suite.averages import ByCondition, averaged
from rgbt_perception.evaluation.suite.scenes import DEPTH_WANTED, SeenPair, same_pixels
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table, number, share
from rgbt_perception.frames import Modality
from rgbt_perception.pipeline import DepthPipeline

_NOTE = (
    "fused: the pipeline's depth without that camera's pictures, as `rgbt replay --drop` computes "
    "it. coarse: the other camera's own network, from the run with both cameras. Both are scored "
    "on the same pixels, those where the truth is in range and both are known; coverage is the "
    "fused depth's share of the truth in range. Without the thermal camera the picture is up to "
    "18 ms from the truth, as the cameras run free."
)


class OneCameraSection:
    """See the module."""

    def __init__(self) -> None:
        self._errors = {camera: ByCondition() for camera in Modality}
        self._coverage = {camera: ByCondition() for camera in Modality}

    def add(self, seen: Sequence[SeenPair], pipeline: DepthPipeline) -> None:
        """See ``Section.add``."""
        for item in seen:
            scored = int(np.count_nonzero(item.scored))
            for lost in Modality:
                fused = pipeline.process(item.without(lost), DEPTH_WANTED).depth
                if scored:
                    answered = int(np.count_nonzero(item.scored & np.isfinite(fused)))
                    self._coverage[lost].add(item.condition, {"coverage": answered / scored})
                coarse = item.estimates[lost.other.value]
                mask = same_pixels(item.scored, [fused, coarse])
                if mask.any():
                    truth = item.truth[mask]
                    values = {
                        "fused": depth_metrics(fused[mask], truth)["abs_rel"],
                        "coarse": depth_metrics(coarse[mask], truth)["abs_rel"],
                    }
                    self._errors[lost].add(item.condition, values)

    def result(self) -> SectionResult:
        """See ``Section.result``."""
        values, tables = {}, []
        for lost in Modality:
            coverage = self._coverage[lost].conditions()
            errors = self._errors[lost].conditions()
            conditions = {key: errors[key] | coverage[key] for key in errors}
            means = averaged(conditions)
            for measured in (*conditions.values(), *means.values()):
                measured["ratio"] = measured["fused"] / measured["coarse"]
            values[f"without_{lost.value}"] = {"conditions": conditions, "means": means}
            rows = [_row(key, measured) for key, measured in conditions.items()]
            rows += [_row(f"mean, {key}", measured) for key, measured in means.items()]
            coarse = f"coarse {lost.other.value}"
            columns = ("condition", "abs_rel fused", f"abs_rel {coarse}", "ratio", "coverage")
            note = _NOTE if lost is Modality.THERMAL else ""
            tables.append(Table(f"Without the {lost.value} camera", columns, rows, note))
        return SectionResult(values, tables)


def _row(name: str, values: dict[str, float]) -> tuple[str, ...]:
    cells = (number(values[key]) for key in ("fused", "coarse", "ratio"))
    return (name, *cells, share(values["coverage"]))
