"""What a suite writes: a JSON file and a page of Markdown."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.suite.checks import Check, all_passed
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table


def checks_of(results: Mapping[str, SectionResult]) -> list[Check]:
    """All checks, in the order of the sections."""
    return [check for result in results.values() for check in result.checks]


def check_table(checks: list[Check]) -> Table:
    """Name, measured, wanted and verdict of each."""
    passed = sum(check.passed for check in checks)
    return Table(
        f"Checks: {passed} of {len(checks)} passed",
        ("check", "measured", "wanted", "verdict"),
        [check.cells for check in checks],
    )


def write_results(
    folder: Path,
    about: Mapping[str, Any],
    results: Mapping[str, SectionResult],
    name: str = "accuracy",
) -> list[Path]:
    """Write both files.

    Args:
        folder: made if it is not there.
        about: model, recordings and machine.
        results: by section.
        name: of the files; capitalised it is the page's heading.

    Returns:
        Their paths.

    Raises:
        RgbtError: they cannot be written.
    """
    checks = checks_of(results)
    tree = {
        **about,
        "passed": all_passed(checks),
        "checks": [check.tree() for check in checks],
        "sections": {name: result.values for name, result in results.items()},
    }
    files = {
        f"{name}.json": json.dumps(_finite(tree), indent=2, allow_nan=False) + "\n",
        f"{name}.md": _markdown(name.capitalize(), about, results, checks),
    }
    paths = []
    for file, text in files.items():
        path = folder / file
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise RgbtError(f"{path}: {error.strerror}") from None
        paths.append(path)
    return paths


def _markdown(
    title: str,
    about: Mapping[str, Any],
    results: Mapping[str, SectionResult],
    checks: list[Check],
) -> str:
    parts = [f"# {title}", "Against simulated ground truth."]
    parts.append("\n".join(f"- {name}: {_plain(value)}" for name, value in about.items()))
    parts.append(check_table(checks).markdown())
    for name, result in results.items():
        if len(results) > 1:
            parts.append(f"## {name}")
        parts += [table.markdown() for table in result.tables]
    return "\n\n".join(parts) + "\n"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _finite(tree: Any) -> Any:
    """The same with null for numbers that JSON does not know."""
    if isinstance(tree, Mapping):
        return {str(key): _finite(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_finite(value) for value in tree]
    if isinstance(tree, float) and not math.isfinite(tree):
        return None
    return tree
