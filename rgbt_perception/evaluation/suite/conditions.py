"""Section ``conditions``: the fused depth against each camera alone, in every condition."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rgbt_perception.evaluation.baselines import DepthHistogram
from rgbt_perception.evaluation.metrics import depth_metrics
from rgbt_perception.evaluation.scores import ESTIMATES
from rgbt_perception.evaluation.suite.averages import OVERALL, ByCondition, averaged
from rgbt_perception.evaluation.suite.checks import Check, worst
from rgbt_perception.evaluation.suite.scenes import SeenPair, same_pixels
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table, number, share
from rgbt_perception.pipeline import DepthPipeline

_MEASURES = ("abs_rel", "rmse")
WORST_RATIO = 1.02
MEAN_RATIO, MEAN_GOAL = 0.95, 0.90
LEAST_COVERAGE = 0.98
BASELINE_RATIO = 0.80
_NOTE = (
    "abs_rel, rmse in metres; all estimates on the same pixels, those where the truth is in range "
    "and every estimate known. better: the smaller abs_rel of rgb and thermal, chosen in each "
    "condition; means give every condition the same weight, so that the mean of better is that "
    "of a system which always knew which camera to take."
)
_BASELINE_NOTE = (
    "abs_rel of the one depth and of the one depth for each row that fit the truth of all of a "
    "scene's recordings best, on the same pixels: oracles that never look at a picture."
)


class ConditionsSection:
    """See the module."""

    def __init__(self) -> None:
        self._errors = ByCondition()
        self._coverage = ByCondition()
        self._baselines: dict[str, DepthHistogram] = {}

    def add(self, seen: Sequence[SeenPair], pipeline: DepthPipeline) -> None:
        """See ``Section.add``; the pairs' own results are enough."""
        for item in seen:
            scored = int(np.count_nonzero(item.scored))
            if scored:
                answered = np.count_nonzero(item.scored & np.isfinite(item.perception.depth))
                self._coverage.add(item.condition, {"coverage": int(answered) / scored})
            mask = same_pixels(item.scored, list(item.estimates.values()))
            if not mask.any():
                continue
            truth = item.truth[mask]
            values: dict[str, float] = {}
            for name in ESTIMATES:
                metrics = depth_metrics(item.estimates[name][mask], truth)
                values |= {f"{measure}/{name}": metrics[measure] for measure in _MEASURES}
            self._errors.add(item.condition, values)
            scene, height = item.condition.split("/")[0], len(mask)
            self._baselines.setdefault(scene, DepthHistogram(height)).add(item.truth, mask)

    def result(self) -> SectionResult:
        """See ``Section.result``."""
        errors, coverage = self._errors.conditions(), self._coverage.conditions()
        conditions = {key: with_better(values | coverage[key]) for key, values in errors.items()}
        means = {key: _ratios(values) for key, values in averaged(conditions).items()}
        frames = self._errors.frames()
        rows = [_row(key, str(frames[key]), values) for key, values in conditions.items()]
        rows += [_row(f"mean, {key}", "", values) for key, values in means.items()]
        baselines = {key: fitted.abs_rel() for key, fitted in sorted(self._baselines.items())}
        flat = [
            (key, *map(number, (means[key]["abs_rel/fused"], found["constant"], found["row"])))
            for key, found in baselines.items()
        ]
        return SectionResult(
            {"conditions": conditions, "means": means, "frames": frames, "baselines": baselines},
            [
                Table("Depth by condition", _COLUMNS, rows, _NOTE),
                Table("Without pictures", _FLAT_COLUMNS, flat, _BASELINE_NOTE),
            ],
            [*_checks(conditions, means), *_baseline_checks(means, baselines)],
        )


def with_better(values: Mapping[str, float]) -> dict[str, float]:
    """Values of a condition with the better camera's errors and the fused depth's ratios to them.

    Args:
        values: ``<measure>/<estimate>`` for abs_rel and rmse of fused, rgb and thermal.
    """
    better = {
        f"{measure}/better": min(values[f"{measure}/rgb"], values[f"{measure}/thermal"])
        for measure in _MEASURES
    }
    return _ratios({**values, **better})


def _ratios(values: Mapping[str, float]) -> dict[str, float]:
    """The ratios of these errors, also where they are means: not a mean of ratios."""
    ratios = {
        f"{measure}/ratio": values[f"{measure}/fused"] / values[f"{measure}/better"]
        for measure in _MEASURES
    }
    return {**values, **ratios}


def _checks(
    conditions: Mapping[str, Mapping[str, float]], means: Mapping[str, Mapping[str, float]]
) -> list[Check]:
    ratio, where = worst({key: values["abs_rel/ratio"] for key, values in conditions.items()})
    covered, bare = worst({key: values["coverage"] for key, values in conditions.items()}, False)
    checks = [
        Check("abs_rel of fused / better camera, every condition", ratio, WORST_RATIO, where=where)
    ]
    for key, values in means.items():
        checks += [
            Check(
                f"abs_rel of fused / better camera, mean of {key}",
                values["abs_rel/ratio"],
                MEAN_RATIO,
                goal=MEAN_GOAL,
            ),
            Check(f"rmse of fused / better camera, mean of {key}", values["rmse/ratio"], 1.0),
        ]
    if OVERALL in means:
        overall = means[OVERALL]
        gate = overall["abs_rel/fused"] / overall["abs_rel/ungated"]
        checks.append(Check("abs_rel of gated / ungated, mean of all", gate, 1.0))
    name = "coverage of the fused depth, every condition"
    return [*checks, Check(name, covered, LEAST_COVERAGE, at_most=False, where=bare)]


def _baseline_checks(
    means: Mapping[str, Mapping[str, float]], baselines: Mapping[str, Mapping[str, float]]
) -> list[Check]:
    return [
        Check(
            f"abs_rel of fused / best depth without pictures, mean of {key}",
            # Truth of one depth everywhere is known without pictures.
            means[key]["abs_rel/fused"] / best if best > 0 else math.inf,
            BASELINE_RATIO,
        )
        for key, best in ((key, min(found.values())) for key, found in baselines.items())
    ]


_FLAT_COLUMNS = ("scene", "fused", "best constant", "best by row")
_COLUMNS = (
    "condition",
    "frames",
    *(f"{measure} {name}" for measure in _MEASURES for name in (*ESTIMATES, "better", "ratio")),
    "coverage",
)


def _row(name: str, frames: str, values: Mapping[str, float]) -> tuple[str, ...]:
    cells = [
        number(values[f"{measure}/{column}"], 2 if measure == "rmse" and column != "ratio" else 3)
        for measure in _MEASURES
        for column in (*ESTIMATES, "better", "ratio")
    ]
    return (name, frames, *cells, share(values["coverage"]))
